import type { JsonValue } from '../../workflows/contract';
import { computeNodeKey, type NodeIdentity } from '../node-key';
import { isJsonObject } from '../pure/values';
import { decidingInputs, isInside, type DraftNode } from './draft-node';
import type { DraftOrder } from './order-drafts';

/** Keys of all nodes by id; of a group also of what it gives to its members. */
export interface NodeKeys {
  readonly whole: ReadonlyMap<string, string>;
  readonly given: ReadonlyMap<string, string>;
}

/**
 * A member takes from its group what the group gives: what decides that is in the member's key, and no more, so that a
 * higher threshold leaves the tries valid that were made. The group's own key has those of its members in it.
 */
export function computeKeys({ sorted }: DraftOrder, drafts: ReadonlyMap<string, DraftNode>): NodeKeys {
  const whole = new Map<string, string>();
  const given = new Map<string, string>();
  for (const { draft, part } of sorted) {
    const keyOf = (upstream: string): string => {
      const source = drafts.get(upstream);
      const isGroups = source !== undefined && isInside(draft, source);
      return (isGroups ? given : whole).get(upstream) ?? '';
    };
    if (part === 'given') given.set(draft.id, computeNodeKey(givenIdentity(draft), keyOf));
    else whole.set(draft.id, computeNodeKey(identityOf(draft), keyOf));
  }
  return { whole, given };
}

function identityOf(draft: DraftNode): NodeIdentity {
  const { definition, config, templates, work, settings, members, taken } = draft;
  return {
    nodeType: definition.type,
    nodeTypeVersion: definition.version,
    config,
    templates,
    work,
    providers: settings.providers,
    inputs: decidingInputs(draft),
    changes: draft.changes.map((change, place) => ({ ...change, model: settings.changes[place]?.model })),
    ...(members.length > 0 ? { members: members.map(({ id }) => id), taken } : {}),
  };
}

function givenIdentity(draft: DraftNode): NodeIdentity {
  const { implementation } = draft.definition;
  const fields = implementation.kind === 'group' ? implementation.givenBy : [];
  const chosen = Object.entries(draft.config).filter(([name]) => fields.includes(name));
  const config: JsonValue = Object.fromEntries(chosen);
  const templates = draft.templates.filter(({ path: [name = ''] }) => fields.includes(name));
  const whole = identityOf(draft);
  const { nodeType, nodeTypeVersion, work, providers, inputs, changes } = whole;
  return {
    ...{ nodeType, nodeTypeVersion, work, providers, inputs, changes, templates },
    config: isJsonObject(config) ? config : {},
  };
}
