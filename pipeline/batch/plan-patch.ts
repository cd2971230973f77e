import type { Plan, PlanNode } from '../../workflows/contract';

/** What makes the plan of one item out of that of the first one: for each node that differs, its fields that do. */
export type PlanPatch = readonly PlanNodePatch[];

export type PlanNodePatch = Partial<PlanNode> & Pick<PlanNode, 'id'>;

/** Both are compiled from the same graph, so they have the same nodes in the same order. */
export function diffPlan(base: Plan, plan: Plan): PlanPatch {
  const known = new Map(base.nodes.map((node) => [node.id, node]));
  return plan.nodes.flatMap((node) => {
    const patch = diffNode(known.get(node.id), node);
    return patch ? [patch] : [];
  });
}

export function patchPlan(base: Plan, patch: PlanPatch): Plan {
  const patches = new Map(patch.map((each) => [each.id, each]));
  return { ...base, nodes: base.nodes.map((node) => ({ ...node, ...patches.get(node.id) })) };
}

function diffNode(base: PlanNode | undefined, node: PlanNode): PlanNodePatch | undefined {
  const before: Readonly<Record<string, unknown>> = { ...base };
  const changed = Object.entries(node).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field]),
  );
  return changed.length === 0 ? undefined : { ...Object.fromEntries(changed), id: node.id };
}
