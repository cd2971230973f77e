import type { EdgeName, ValueChange, WorkflowDiff } from '../client/workflow-types';

/** A diff as people read it: `+` added, `-` removed, `~` changed. */
export function describeDiff({ from, to, isEqual, nodes, edges, variables, variants }: WorkflowDiff): string {
  if (isEqual) return `${from} and ${to} run the same`;
  return [
    `${from} → ${to}`,
    ...nodes.added.map(({ id, nodeType }) => `+ node ${id} (${nodeType ?? 'no type'})`),
    ...nodes.removed.map(({ id, nodeType }) => `- node ${id} (${nodeType ?? 'no type'})`),
    ...nodes.changed.flatMap(({ id, changes }) => [`~ node ${id}`, ...changes.map(describeChange)]),
    ...edges.added.map((edge) => `+ edge ${describeEdge(edge)}`),
    ...edges.removed.map((edge) => `- edge ${describeEdge(edge)}`),
    ...(variables.length === 0 ? [] : ['~ variables', ...variables.map(describeChange)]),
    ...(variants.length === 0 ? [] : ['~ variants', ...variants.map(describeChange)]),
  ].join('\n');
}

function describeChange(change: ValueChange): string {
  const side = (key: 'from' | 'to') => (Object.hasOwn(change, key) ? JSON.stringify(change[key]) : 'nothing');
  return `    ${change.path}: ${side('from')} → ${side('to')}`;
}

function describeEdge({ source, sourceHandle, target, targetHandle }: EdgeName): string {
  const end = (node: string, handle: string | null) => (handle === null ? node : `${node}.${handle}`);
  return `${end(source, sourceHandle)} → ${end(target, targetHandle)}`;
}
