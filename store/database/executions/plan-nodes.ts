import { sql } from 'kysely';
import type { Plan } from '../../../workflows/contract';
import type { DatabaseTransaction } from '../database';
import { allNodes } from '../../../pipeline/pure/all-nodes';
import { toJson } from '../json';

/** Makes the node rows of a plan, or brings them up to it; see `write_plan_nodes`. One statement, whatever their number. */
export async function writePlanNodes(
  transaction: DatabaseTransaction,
  executionId: string,
  plan: Plan,
  attempt: number,
): Promise<void> {
  await sql`select write_plan_nodes(${executionId}, ${attempt}::int, ${planNodes(plan)}::json)`.execute(
    transaction,
  );
}

/** The rows as `write_plan_nodes` takes them. */
export function planNodes(plan: Plan): string {
  const isTop = new Set(plan.nodes.map((node) => node.id));
  const outputs = new Set(isTop);
  for (const id of plan.nodes.flatMap((node) => node.dependsOn)) outputs.delete(id);
  const rows = allNodes(plan.nodes).map((node, position) => ({
    node_id: node.id,
    position,
    node_type: node.nodeType,
    label: node.label,
    node_key: node.nodeKey,
    is_output: outputs.has(node.id),
    // A member of a group has steps of its own; its row only stands for them.
    outputs: node.work.kind === 'value' && isTop.has(node.id) ? node.work.outputs : null,
  }));
  return toJson(rows);
}
