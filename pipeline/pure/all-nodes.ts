import type { PlanNode } from '../../workflows/contract';

/** Nodes of a plan with the members of its groups, each group before its members, in posted order. */
export function allNodes(nodes: readonly PlanNode[]): readonly PlanNode[] {
  return nodes.flatMap((node) => [node, ...allNodes(node.body?.nodes ?? [])]);
}
