import type { NodeInputs, NodeOutputs, PlanBody, PlanInput, PlanNode } from '../../workflows/contract';
import type { NodeKeys } from './compute-keys';
import { sources, type DraftNode } from './draft-node';

const TIMEOUT_SECONDS_LEAST = 600;

export interface PlanContext {
  readonly keys: NodeKeys;
  /** What is known of a node's inputs before the run. */
  readonly knownInputs: (draft: DraftNode) => NodeInputs;
  /** What a group gives where nothing has come. */
  readonly defaultsOf: (draft: DraftNode) => NodeOutputs;
}

/** Drafts without faults, of one level, as the plan carries them; groups with their members. */
export function toPlanNodes(drafts: readonly DraftNode[], context: PlanContext): readonly PlanNode[] {
  const ids = new Set(drafts.map(({ id }) => id));
  return drafts.map((draft) => toPlanNode(draft, ids, context));
}

function toPlanNode(draft: DraftNode, siblings: ReadonlySet<string>, context: PlanContext): PlanNode {
  const { id, posted, definition, settings, inputs, config, templates } = draft;
  return {
    id,
    label: posted.label ?? definition.label,
    nodeType: definition.type,
    nodeTypeVersion: definition.version,
    work: workOf(draft),
    inputs,
    config,
    templates,
    dependsOn: siblingsBefore(draft, siblings),
    nodeKey: context.keys.whole.get(id) ?? '',
    onError: settings.onError,
    timeoutSeconds:
      settings.timeoutSeconds ?? Math.max(TIMEOUT_SECONDS_LEAST, definition.expectedSeconds * 10),
    attemptsMax: settings.attemptsMax,
    ...(draft.changes.length > 0 ? { changes: draft.changes } : {}),
    ...(settings.cache ? { cache: settings.cache } : {}),
    ...(definition.implementation.kind === 'group' ? { body: toBody(draft, context) } : {}),
  };
}

function toBody(draft: DraftNode, context: PlanContext): PlanBody {
  const { definition, members, taken, config } = draft;
  const { implementation } = definition;
  const known = { config, inputs: context.knownInputs(draft) };
  const runsOnce = implementation.kind === 'group' && implementation.runsOnce;
  const defaults = context.defaultsOf(draft);
  return {
    nodes: toPlanNodes(members, context),
    inputs: taken,
    captures: captures(draft),
    naming: runsOnce ? 'path' : 'iteration',
    ...(Object.keys(defaults).length > 0 ? { defaults } : {}),
    iterations: implementation.kind === 'group' ? implementation.iterations(known) : { min: 1, max: 1 },
    ...(implementation.kind === 'group' && implementation.isSequence ? { isSequence: true } : {}),
    givenKey: context.keys.given.get(draft.id) ?? '',
  };
}

/** All members at any depth. */
function within(group: DraftNode): readonly DraftNode[] {
  return group.members.flatMap((member) => [member, ...within(member)]);
}

/** Inputs of members, at any depth, that come from outside of the group. */
function captures(group: DraftNode): readonly PlanInput[] {
  const inside = new Set([group.id, ...within(group).map(({ id }) => id)]);
  return within(group).flatMap(({ inputs }) =>
    inputs.filter(({ sourceNodeId }) => !inside.has(sourceNodeId)),
  );
}

/** What lies beside it, in the same group: the rest is there before the group begins. */
function siblingsBefore(draft: DraftNode, siblings: ReadonlySet<string>): readonly string[] {
  const ids = [draft, ...within(draft)].flatMap(sources);
  return [...new Set(ids)].filter((id) => siblings.has(id) && id !== draft.id);
}

function workOf({ definition, work, candidates }: DraftNode): PlanNode['work'] {
  const { implementation } = definition;
  switch (implementation.kind) {
    case 'input':
      return work ?? { kind: 'value', outputs: {} };
    case 'pure': {
      const { kind, function: name, passesReferences } = implementation;
      return { kind, function: name, ...(passesReferences ? { passesReferences } : {}) };
    }
    case 'group':
      return { kind: 'group', control: implementation.control };
    case 'media':
    case 'delay':
    case 'review':
    case 'deliver':
      return { kind: implementation.kind };
    case 'provider':
      return { kind: 'provider', candidates };
  }
}
