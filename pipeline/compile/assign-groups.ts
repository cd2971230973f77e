import type { ReadGraph } from '../graph';
import { quote } from '../graph-issue';
import { groupsAround, nodePath, type DraftNode, type Findings } from './draft-node';
import { nearest } from './nearest';

/** A step's id may have at most 200 characters; each level adds a number, or a node id. */
export const GROUP_DEPTH_MAX = 4;

/** Puts each node into the group that its `parentId` names; frames on the way are only part of the picture. */
export function assignGroups(
  graph: ReadGraph,
  drafts: ReadonlyMap<string, DraftNode>,
  absentIds: ReadonlySet<string>,
  findings: Findings,
): void {
  for (const draft of drafts.values()) {
    const parentId = skipFrames(draft.posted.parentId, graph);
    if (parentId === undefined) continue;
    const group = drafts.get(parentId);
    if (group && takesMember(group, draft)) draft.group = group;
    else if (group ?? !(absentIds.has(parentId) || graph.faultyIds.has(parentId)))
      reportParent(draft, parentId, group, drafts, findings);
  }
  for (const draft of drafts.values()) if (!isDeepOrRound(draft, findings)) draft.group?.members.push(draft);
  for (const draft of drafts.values()) {
    if (draft.definition.implementation.kind !== 'group' || draft.members.length > 0) continue;
    if (graph.nodes.some(({ parentId, id }) => parentId === draft.id && !drafts.has(id))) continue;
    const message = `"${draft.id}" (${draft.definition.type}) is a group without members.`;
    const fix = `Set parentId to "${draft.id}" on the nodes that it shall run.`;
    findings.add(nodePath(draft.posted), 'group_empty', message, fix);
  }
}

/** What a workflow has in it comes with it. */
function takesMember({ definition, id }: DraftNode, draft: DraftNode): boolean {
  const { implementation } = definition;
  if (implementation.kind !== 'group') return false;
  return !implementation.runsOnce || draft.id.startsWith(`${id}/`);
}

/** Two frames may lie in each other by mistake: each is passed once. */
function skipFrames(parentId: string | undefined, { noteIds, noteParents }: ReadGraph): string | undefined {
  const passed = new Set<string>();
  let current = parentId;
  while (current !== undefined && noteIds.has(current) && !passed.has(current)) {
    passed.add(current);
    current = noteParents.get(current);
  }
  return current !== undefined && noteIds.has(current) ? undefined : current;
}

function reportParent(
  draft: DraftNode,
  parentId: string,
  parent: DraftNode | undefined,
  drafts: ReadonlyMap<string, DraftNode>,
  findings: Findings,
): void {
  const meant = parent ? undefined : nearest(parentId, drafts.keys());
  const message = parent
    ? `"${draft.id}" lies in "${parentId}" (${parent.definition.type}), which is no group.`
    : `"${draft.id}" lies in ${quote(parentId)}, but there is no such node.`;
  const fix = meant
    ? `Did you mean "${meant}"?`
    : 'Remove parentId, or name a group such as control:map or control:refine.';
  findings.add(nodePath(draft.posted, 'parentId'), 'parent_invalid', message, fix);
}

/** Reports and takes it out of its group, so that what follows may walk upwards. */
function isDeepOrRound(draft: DraftNode, findings: Findings): boolean {
  const chain: DraftNode[] = [draft];
  for (let group = draft.group; group; group = group.group) {
    if (chain.includes(group)) {
      const message = `"${draft.id}" lies in itself: ${chain.map(({ id }) => `"${id}"`).join(' in ')} in "${group.id}".`;
      findings.add(nodePath(draft.posted, 'parentId'), 'parent_invalid', message, 'Remove one parentId.');
      draft.group = undefined;
      return true;
    }
    chain.push(group);
  }
  if (groupsAround(draft).length <= GROUP_DEPTH_MAX) return false;
  const message = `"${draft.id}" lies in ${groupsAround(draft).length} groups; ${GROUP_DEPTH_MAX} are allowed.`;
  findings.add(
    nodePath(draft.posted, 'parentId'),
    'group_too_deep',
    message,
    'Take a group out of another one.',
  );
  return false;
}
