import { sql } from 'kysely';
import type { ExecutionFailure } from '../../../workflows/contract';
import type { Queries } from '../database';

/** How a batch stands, as far as it decides what may be opened. */
export interface BatchState {
  readonly itemCount: number;
  readonly allowPartial: boolean;
  readonly failFast: boolean;
  readonly pending: number;
  readonly running: number;
  readonly waiting: number;
  readonly completed: number;
  /** Failed or cancelled. */
  readonly ended: number;
  /** Of those, the ones to be tried again now. */
  readonly due: number;
  /** How often each failed item is tried again by itself. */
  readonly redriveTimes: number;
  /** Until the next of them is, milliseconds; null: none will be. */
  readonly nextInMs: number | null;
  /** Of the first item that waits. */
  readonly waitingFailure: ExecutionFailure | null;
  /** Held by the batch and needed by no job of its own. */
  readonly heldFree: number;
  readonly available: number;
  /** Null: the batch has no budget. */
  readonly budgetLeft: number | null;
}

/**
 * An item that ended badly is due when the batch itself was resumed since, and a failed one also when it may be tried again
 * by itself and has rested for long enough.
 */
export const isDue = sql<boolean>`(
  i.status in ('FAILED', 'CANCELLED') and bi.batch_attempt < e.attempt
  or i.status = 'FAILED' and bi.redrives < b.redrive_times
    and i.completed_at + b.redrive_after_seconds * interval '1 second' <= clock_timestamp()
)`;

const isWaitingForRedrive = sql<boolean>`(
  i.status = 'FAILED' and bi.batch_attempt = e.attempt and bi.redrives < b.redrive_times
)`;

/** Under the lock of the batch's row, which every change of an item's status takes. */
export async function readBatchState(queries: Queries, batchId: string): Promise<BatchState | undefined> {
  const { rows } = await sql<BatchState>`
    with counted as (
      select
        count(*) filter (where i.id is null)::int as pending,
        count(*) filter (where i.status = 'RUNNING')::int as running,
        count(*) filter (where i.status = 'WAITING')::int as waiting,
        count(*) filter (where i.status = 'COMPLETED')::int as completed,
        count(*) filter (where i.status in ('FAILED', 'CANCELLED'))::int as ended,
        count(*) filter (where ${isDue})::int as due,
        extract(epoch from min(i.completed_at + b.redrive_after_seconds * interval '1 second')
          filter (where ${isWaitingForRedrive} and not ${isDue}) - clock_timestamp()) * 1000 as next_in_ms,
        coalesce(sum(case when i.status in ('RUNNING', 'WAITING')
          then greatest(coalesce(i.budget_credits, 0), i.credits_charged) else i.credits_charged end), 0) as committed
      from batch_items bi
      join batches b on b.execution_id = bi.execution_id
      join executions e on e.id = bi.execution_id
      left join executions i on i.id = bi.item_execution_id
      where bi.execution_id = ${batchId}
    )
    select e.item_count as "itemCount", b.allow_partial as "allowPartial", e.fail_fast as "failFast",
      b.redrive_times as "redriveTimes",
      c.pending, c.running, c.waiting, c.completed, c.ended, c.due,
      case when c.next_in_ms is not null then greatest(ceil(c.next_in_ms), 0)::float8 end as "nextInMs",
      (select i.failure from executions i where i.parent_id = e.id and i.status = 'WAITING' and i.failure is not null
        order by i.item_index limit 1) as "waitingFailure",
      (e.credits_held - e.credits_charged - e.credits_released - (
        select coalesce(sum(j.price_reserved), 0) from jobs j where j.execution_id = e.id
          and j.state in ('INTENT', 'SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED')))::bigint as "heldFree",
      coalesce(cb.available, 0) as available,
      case when e.budget_credits is not null
        then greatest(e.budget_credits - e.credits_charged - c.committed, 0)::bigint end as "budgetLeft"
    from executions e
    join batches b on b.execution_id = e.id
    cross join counted c
    left join credit_balances cb on cb.account_id = e.account_id and cb.mode = e.mode
    where e.id = ${batchId}
  `.execute(queries);
  return rows[0];
}
