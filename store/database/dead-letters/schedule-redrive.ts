import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database';
import type { IdempotencyRepeat, IdempotencyRequest } from '../executions/execution';
import { idempotentTransaction } from '../executions/idempotent-transaction';
import { toJson } from '../json';
import type { RedriveRefusal } from '../tables';
import type { DueRedrive, RedriveSchedule } from './dead-letter';

export type ScheduleResult =
  | { readonly kind: 'scheduled' }
  /** A letter is not open any more: nothing was planned, look again. */
  | { readonly kind: 'changed' }
  | IdempotencyRepeat;

/** Plans a redrive, all of it or nothing: open → redriven, with a time at which the sweeper lets each execution go on. */
export async function scheduleRedrive(
  database: Database,
  schedule: RedriveSchedule,
  idempotency: IdempotencyRequest | undefined,
): Promise<ScheduleResult> {
  return idempotentTransaction<ScheduleResult, { readonly kind: 'changed' }>(
    database,
    schedule.accountId,
    idempotency,
    async (transaction, refuse) => {
      const count = schedule.executions.reduce((sum, { letterIds }) => sum + letterIds.length, 0);
      const planned = count === 0 ? 0 : await planLetters(transaction, schedule);
      return planned === count ? { kind: 'scheduled' } : refuse({ kind: 'changed' });
    },
  );
}

/** @returns how many were open */
async function planLetters(transaction: DatabaseTransaction, schedule: RedriveSchedule): Promise<number> {
  const letters = schedule.executions.flatMap(({ letterIds, delayMs }) =>
    letterIds.map((id) => ({ id, delayMs })),
  );
  // Locked in one order: redrives that overlap, and resumes, would else wait for each other in a ring.
  const { numAffectedRows } = await sql`
    with letters as (
      select id from dead_letters
      where id = any (${letters.map(({ id }) => id)}::text[]) and account_id = ${schedule.accountId} and state = 'open'
      order by id for no key update
    )
    update dead_letters d
    set state = 'redriven', redrive_id = ${schedule.redriveId}, redrive_per_minute = ${schedule.perMinute ?? null}::int,
        redrive_due_at = now() + l.delay_ms * interval '1 millisecond', redrive_refusal = null, redriven_at = null
    from letters, unnest(
      ${letters.map(({ id }) => id)}::text[], ${letters.map(({ delayMs }) => Math.round(delayMs))}::bigint[]
    ) as l(id, delay_ms)
    where d.id = letters.id and d.id = l.id
  `.execute(transaction);
  return Number(numAffectedRows);
}

/**
 * Executions whose redrive is due, longest due first, at most `limit`. After an outage of ours a throttled redrive does
 * not make up for lost time: no more than its number per minute go on within any minute.
 */
export async function dueRedrives(database: Database, limit: number): Promise<readonly DueRedrive[]> {
  const { rows } = await sql<DueRedrive>`
    with due as (
      select redrive_id, execution_id, account_id, mode, redrive_per_minute, min(redrive_due_at) as due_at,
        row_number() over (partition by redrive_id order by min(redrive_due_at), execution_id) as place
      from dead_letters where redrive_due_at <= now()
      group by redrive_id, execution_id, account_id, mode, redrive_per_minute
    )
    select redrive_id as "redriveId", execution_id as "executionId", account_id as "accountId", mode
    from due
    where redrive_per_minute is null or place + (
      select count(distinct begun.execution_id) from dead_letters begun
      where begun.redrive_id = due.redrive_id and begun.redriven_at > now() - interval '1 minute'
    ) <= redrive_per_minute
    order by due_at, execution_id
    limit ${limit}
  `.execute(database.queries);
  return rows;
}

/** A planned redrive that cannot begin: its letters are open again and say why. */
export async function refuseRedrive(
  database: Database,
  due: Pick<DueRedrive, 'redriveId' | 'executionId'>,
  refusal: RedriveRefusal,
): Promise<void> {
  await database.queries
    .updateTable('dead_letters')
    .set({ state: 'open', redrive_due_at: null, redrive_refusal: toJson(refusal) })
    .where('execution_id', '=', due.executionId)
    .where('redrive_id', '=', due.redriveId)
    .where('redrive_due_at', 'is not', null)
    .execute();
}
