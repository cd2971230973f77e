import { sql } from 'kysely';
import type { Plan } from '../../../workflows/contract';
import type { DatabaseTransaction } from '../database';
import { allNodes } from '../../../pipeline/pure/all-nodes';
import { toJson } from '../json';

/**
 * Makes the node rows of a plan: PENDING, but COMPLETED where the value is known at the start. Where a row is there, it is brought up to the plan without touching its state.
 * One statement, whatever the number of nodes.
 */
export async function writePlanNodes(
  transaction: DatabaseTransaction,
  executionId: string,
  plan: Plan,
  attempt: number,
): Promise<void> {
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
  await sql`
    insert into execution_nodes
      (execution_id, step, node_id, position, node_type, label, node_key, is_output, run_attempt,
       status, outputs, started_at, completed_at)
    select ${executionId}, node_id, node_id, position, node_type, label, node_key, is_output, ${attempt}::int,
      case when outputs is null then 'PENDING' else 'COMPLETED' end, outputs,
      case when outputs is null then null else now() end, case when outputs is null then null else now() end
    from json_to_recordset(${toJson(rows)}::json)
      as n(node_id text, position int, node_type text, label text, node_key text, is_output boolean, outputs json)
    on conflict (execution_id, step) do update set position = excluded.position, node_type = excluded.node_type,
      label = excluded.label, node_key = excluded.node_key, is_output = excluded.is_output
  `.execute(transaction);
}
