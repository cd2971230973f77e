import { sql } from 'kysely';
import type { ExecutionFailure, JsonValue, NodeOutputs } from '../../../workflows/contract';
import type { Database, DatabaseTransaction } from '../database';
import { decodeCursor, encodeCursor, InvalidCursorError } from '../executions/cursor';
import type { ItemPage, ItemRow, ItemStatus, UnfinishedItem } from './batch';

interface ItemRecord {
  readonly index: number;
  readonly status: ItemStatus;
  readonly executionId: string | null;
  readonly values: readonly JsonValue[];
  readonly attempt: number | null;
  readonly redrives: number;
  readonly credits: number | null;
  readonly failure: ExecutionFailure | null;
  readonly outputs: Readonly<Record<string, NodeOutputs>> | null;
  readonly openedAt: Date | null;
  readonly completedAt: Date | null;
}

/** One that is not opened when its batch is cancelled never will be, unless the batch is resumed. */
const statusOf = sql<ItemStatus>`coalesce(i.status, case when e.status = 'CANCELLED' then 'CANCELLED' else 'PENDING' end)`;

/**
 * Items of a batch in their order, while it runs as well; undefined when the execution is unknown, foreign or no batch.
 * @param page.limit 1–100, 20 unless given
 * @throws InvalidCursorError when `page.cursor` is not one of ours
 */
export async function listItems(
  database: Database,
  accountId: string,
  batchId: string,
  filters: { readonly status?: ItemStatus },
  page: { readonly cursor?: string; readonly limit?: number } = {},
): Promise<ItemPage | undefined> {
  const limit = Math.min(Math.max(page.limit ?? 20, 1), 100);
  const after = page.cursor === undefined ? -1 : indexOf(page.cursor);
  const batch = await database.queries
    .selectFrom('batches')
    .innerJoin('executions', 'executions.id', 'batches.execution_id')
    .select('places')
    .where('executions.id', '=', batchId)
    .where('executions.account_id', '=', accountId)
    .executeTakeFirst();
  if (batch === undefined) return undefined;
  const { rows } = await sql<ItemRecord>`
    select bi.item_index as index, ${statusOf} as status, i.id as "executionId", bi.item_values as values, i.attempt,
      bi.redrives, i.credits_charged as credits, i.failure, i.created_at as "openedAt", i.completed_at as "completedAt",
      (select json_object_agg(n.step, coalesce(n.outputs, '{}'::json) order by n.position) from execution_nodes n
        where n.execution_id = i.id and n.is_output and n.status = 'COMPLETED') as outputs
    from batch_items bi
    join executions e on e.id = bi.execution_id
    left join executions i on i.id = bi.item_execution_id
    where bi.execution_id = ${batchId} and bi.item_index > ${after}::int
      and (${filters.status ?? null}::text is null or ${statusOf} = ${filters.status ?? null})
    order by bi.item_index limit ${limit + 1}
  `.execute(database.queries);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    places: batch.places,
    items: shown.map(toItemRow),
    nextCursor: rows.length > limit && last ? encodeCursor(`itm_${last.index}`) : null,
  };
}

function indexOf(cursor: string): number {
  const index = /^itm_(\d{1,6})$/.exec(decodeCursor(cursor))?.[1];
  if (index === undefined) throw new InvalidCursorError();
  return Number(index);
}

function toItemRow({ attempt, credits, outputs, ...row }: ItemRecord): ItemRow {
  return { ...row, attempt: attempt ?? 0, credits: credits ?? 0, outputs: outputs ?? {} };
}

/** Items that are not done, in order, with what is kept of them. */
export async function unfinishedItems(
  database: Database,
  batchId: string,
): Promise<readonly UnfinishedItem[]> {
  const { rows } = await sql<UnfinishedItem>`
    select bi.item_index as index, bi.item_execution_id as "executionId", ${statusOf} as status, bi.quote,
      coalesce((select array_agg(n.node_id) from execution_nodes n
        where n.execution_id = i.id and n.step = n.node_id and n.status = 'COMPLETED'), '{}') as "completedNodes",
      coalesce((select sum(n.credits) from execution_nodes n
        where n.execution_id = i.id and n.status = 'COMPLETED'), 0)::bigint as credits,
      coalesce(i.credits_charged, 0) as charged, i.failure
    from batch_items bi
    join executions e on e.id = bi.execution_id
    left join executions i on i.id = bi.item_execution_id
    where bi.execution_id = ${batchId} and i.status is distinct from 'COMPLETED'
    order by bi.item_index
  `.execute(database.queries);
  return rows;
}

/** A batch that waits is resumed: what has failed meanwhile runs again as well. */
export async function reviveItems(transaction: DatabaseTransaction, batchId: string): Promise<void> {
  await sql`
    update batch_items bi set batch_attempt = 0
    from executions i
    where bi.execution_id = ${batchId} and i.id = bi.item_execution_id and i.status in ('FAILED', 'CANCELLED')
  `.execute(transaction);
}

/** Marks a cancel at all items that are open; the batch's run cancels those that it has started, the sweeper the rest. */
export async function cancelItems(database: Database, batchId: string): Promise<void> {
  await sql`
    update executions set cancel_requested_at = now()
    where parent_id = ${batchId} and status in ('RUNNING', 'WAITING') and cancel_requested_at is null
  `.execute(database.queries);
}
