import { sql } from 'kysely';
import { applyItem, type RunSource } from '../../../pipeline/batch/apply-item';
import type { IteratorPlace } from '../../../pipeline/batch/iterators';
import { patchPlan, type PlanPatch } from '../../../pipeline/batch/plan-patch';
import type { CarriedNode, FailureView, JsonValue, NodeOutputs, Plan } from '../../../workflows/contract';
import type { Database, DatabaseTransaction } from '../database';
import { writePlanNodes } from '../executions/plan-nodes';
import { toJson } from '../json';

/** What all items of a batch have in common. */
export interface ItemBase {
  readonly batchId: string;
  readonly source: RunSource;
  readonly places: readonly IteratorPlace[];
  readonly itemPlan: Plan;
  /** Nodes that ran once, as every item sees them. */
  readonly shared: readonly CarriedNode[];
}

export interface ItemToOpen {
  readonly index: number;
  readonly executionId: string;
  readonly values: readonly JsonValue[];
  readonly patch: PlanPatch;
  readonly quote: object;
  readonly minCredits: number;
  readonly maxCredits: number;
}

export async function readItemBase(transaction: DatabaseTransaction, batchId: string): Promise<ItemBase> {
  const batch = await transaction
    .selectFrom('batches')
    .innerJoin('executions', 'executions.id', 'batches.execution_id')
    .select(['graph', 'trigger_data', 'places', 'item_plan'])
    .where('batches.execution_id', '=', batchId)
    .executeTakeFirstOrThrow();
  const nodes = await transaction
    .selectFrom('execution_nodes')
    .select(['step', 'status', 'outputs', 'error'])
    .where('execution_id', '=', batchId)
    .execute();
  const rows = new Map(nodes.map((node) => [node.step, node]));
  const shared = batch.item_plan.nodes.flatMap(({ id, work }) => {
    const row = work.kind === 'value' ? undefined : rows.get(id);
    return row ? carry(id, row) : [];
  });
  return {
    batchId,
    source: { graph: batch.graph, triggerData: batch.trigger_data },
    ...{ places: batch.places, itemPlan: batch.item_plan, shared },
  };
}

function carry(
  nodeId: string,
  row: { readonly status: string; readonly outputs: NodeOutputs | null; readonly error: FailureView | null },
): CarriedNode[] {
  const { status, outputs, error } = row;
  if (status !== 'COMPLETED' && status !== 'SKIPPED' && status !== 'FAILED') return [];
  return [{ nodeId, status, outputs: outputs ?? {}, ...(error ? { error } : {}) }];
}

/**
 * Makes an item an execution: a copy of the batch's row with its own values and plan, the nodes that ran once finished in it.
 * No start is requested, since the batch's run starts it.
 */
export async function insertItem(
  transaction: DatabaseTransaction,
  base: ItemBase,
  item: ItemToOpen,
  budgetCredits: number | null,
): Promise<void> {
  const { graph, triggerData } = applyItem(base.source, base.places, item.values);
  const plan = patchPlan(base.itemPlan, item.patch);
  await sql`
    insert into executions (id, parent_id, item_index, account_id, mode, workflow_id, workflow_name, version, status,
      graph, trigger_data, plan, carried, quote, quote_min_credits, quote_max_credits, budget_credits, fail_fast, tags,
      priority)
    select ${item.executionId}, id, ${item.index}::int, account_id, mode, workflow_id, workflow_name, version, 'RUNNING',
      ${toJson(graph)}::json, ${toJson(triggerData)}::json, ${toJson(plan)}::json, ${toJson(base.shared)}::json,
      ${toJson(item.quote)}::json, ${item.minCredits}::bigint, ${item.maxCredits}::bigint, ${budgetCredits}::bigint,
      fail_fast, tags, priority
    from executions where id = ${base.batchId}
  `.execute(transaction);
  await writePlanNodes(transaction, item.executionId, plan, 1);
  await copySharedNodes(transaction, base, item.executionId);
}

/**
 * They have cost the batch, not the item. What the item has made by itself stays, and so does what an edit has changed.
 * @returns the steps that are as the batch has them now
 */
export async function copySharedNodes(
  transaction: DatabaseTransaction,
  { batchId, shared }: ItemBase,
  executionId: string,
): Promise<ReadonlySet<string>> {
  if (shared.length === 0) return new Set();
  const { rows } = await sql<{ step: string }>`
    update execution_nodes n
    set status = s.status, outputs = s.outputs, provider = s.provider, model = s.model, error = s.error,
        fallback_from = s.fallback_from, cached = s.cached, started_at = s.started_at, completed_at = s.completed_at
    from execution_nodes s
    where s.execution_id = ${batchId} and s.step = any (${shared.map(({ nodeId }) => nodeId)}::text[])
      and n.execution_id = ${executionId} and n.step = s.step and n.node_key = s.node_key and n.status <> 'COMPLETED'
    returning n.step
  `.execute(transaction);
  return new Set(rows.map(({ step }) => step));
}

/** What the items share, has failed, and is the same in this item: nodes whose failure does not fail the run. */
export async function missingShared(
  { queries }: Database,
  batchId: string,
  executionId: string,
): Promise<readonly MissingShared[]> {
  const { rows } = await sql<{ nodeId: string; nodeKey: string; error: FailureView | null }>`
    select s.step as "nodeId", s.node_key as "nodeKey", s.error
    from execution_nodes n join execution_nodes s on s.step = n.step and s.node_key = n.node_key
    where n.execution_id = ${executionId} and n.status = 'FAILED' and n.step = n.node_id
      and s.execution_id = ${batchId} and s.status = 'FAILED'
  `.execute(queries);
  return rows.map(({ nodeId, nodeKey, error }) => ({
    nodeKey,
    node: { nodeId, status: 'FAILED', outputs: {}, ...(error ? { error } : {}) },
  }));
}

export interface MissingShared {
  readonly nodeKey: string;
  readonly node: CarriedNode;
}
