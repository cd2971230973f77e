import { groupsAround, sources, type DraftNode } from './draft-node';
import { orderNodes } from './find-cycles';

export interface DraftOrder {
  /** What can be known in this order: a group once as what it gives to its members, then as a whole. */
  readonly sorted: readonly { readonly draft: DraftNode; readonly part: 'given' | 'whole' }[];
  /** Node ids, each cycle once. */
  readonly cycles: readonly (readonly string[])[];
}

/**
 * Sorts nodes so that each comes after all that it takes from. A group is two places: where it begins, which its members
 * wait for, and where it ends, which waits for its members.
 */
export function orderDrafts(drafts: ReadonlyMap<string, DraftNode>): DraftOrder {
  const waits = new Map<string, readonly string[]>();
  for (const draft of drafts.values()) {
    const around = new Set(groupsAround(draft).map(({ id }) => id));
    const from = sources(draft).map((id) => (around.has(id) ? begin(id) : id));
    const own = [...from, ...(draft.group ? [begin(draft.group.id)] : [])];
    if (draft.definition.implementation.kind === 'group') {
      waits.set(begin(draft.id), own);
      waits.set(draft.id, [begin(draft.id), ...draft.members.map(({ id }) => id)]);
    } else waits.set(draft.id, own);
  }
  const { sorted, cycles } = orderNodes(waits);
  return {
    sorted: sorted.flatMap((place) => {
      const draft = drafts.get(nodeOf(place));
      return draft ? [{ draft, part: place === draft.id ? ('whole' as const) : ('given' as const) }] : [];
    }),
    cycles: cycles.map((cycle) => [...new Set(cycle.map(nodeOf))]),
  };
}

/** Ids hold no ">". */
function begin(groupId: string): string {
  return `${groupId}>`;
}

function nodeOf(place: string): string {
  return place.endsWith('>') ? place.slice(0, -1) : place;
}
