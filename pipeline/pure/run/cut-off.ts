import type { NodeOutputs, PlanInput, PlanNode } from '../../../workflows/contract';

/**
 * Whether a node whose upstreams are all over can get what it needs; if not, it is skipped, and what needs it after it.
 * Called once nothing more can come: a port without a value was not taken, or its node was skipped or failed with
 * `onError: continue`.
 */
export function isCutOff(node: PlanNode, lookup: (nodeId: string) => NodeOutputs | undefined): boolean {
  const brings = ({ sourceNodeId, sourcePort }: PlanInput): boolean =>
    lookup(sourceNodeId)?.[sourcePort] !== undefined;
  const edges = [...node.inputs, ...(node.body?.captures ?? [])];
  if (edges.length > 0 && !edges.some(brings)) return true;
  const isMissing = (input: PlanInput): boolean => {
    if (brings(input) || input.whenMissing === 'none') return false;
    if (input.whenMissing === undefined) return true;
    return !node.inputs.some((other) => other.port === input.port && brings(other));
  };
  return node.inputs.some(isMissing) || node.templates.some(({ parts }) => parts.some(isBlank));

  function isBlank(part: PlanNode['templates'][number]['parts'][number]): boolean {
    return part.kind === 'reference' && lookup(part.nodeId)?.[part.port] === undefined;
  }
}
