import { sql } from 'kysely';
import type { Database, DatabaseTransaction, Queries } from '../database';
import type { IdempotencyRepeat, IdempotencyRequest } from '../executions/execution';
import { idempotentTransaction } from '../executions/idempotent-transaction';
import { toJson } from '../json';
import type { Schedule, ScheduleName } from './schedule';

/** Runs inside the transaction: what Temporal refuses is not written. */
export type Apply = (schedule: Schedule) => Promise<void>;

/** @returns undefined for an unknown, foreign or deleted workflow */
export async function createSchedule(
  database: Database,
  schedule: Omit<Schedule, 'createdAt'>,
  idempotency: IdempotencyRequest | undefined,
  apply: Apply,
): Promise<Schedule | IdempotencyRepeat | undefined> {
  const { id, accountId, workflowId, mode, name, spec, run, paused, note } = schedule;
  return idempotentTransaction<Schedule, undefined>(
    database,
    accountId,
    idempotency,
    async (transaction, refuse) => {
      const workflow = await transaction
        .selectFrom('workflows')
        .select('id')
        .where('id', '=', workflowId)
        .where('account_id', '=', accountId)
        .where('deleted_at', 'is', null)
        .executeTakeFirst();
      if (workflow === undefined) return refuse(undefined);
      const names = { id, account_id: accountId, workflow_id: workflowId, mode, name, paused, note };
      await transaction
        .insertInto('schedules')
        .values({ ...names, spec: toJson(spec), run: toJson(run) })
        .execute();
      const made = await selectSchedules(transaction).where('id', '=', id).executeTakeFirstOrThrow();
      await apply(toSchedule(made));
      return toSchedule(made);
    },
  );
}

/** Oldest first. The caller has checked the workflow. */
export async function listSchedules(
  database: Database,
  accountId: string,
  workflowId: string,
): Promise<readonly Schedule[]> {
  const rows = await selectSchedules(database.queries)
    .where('account_id', '=', accountId)
    .where('workflow_id', '=', workflowId)
    .orderBy('id')
    .execute();
  return rows.map(toSchedule);
}

export async function findSchedule(database: Database, name: ScheduleName): Promise<Schedule | undefined> {
  const row = await named(selectSchedules(database.queries), name).executeTakeFirst();
  return row && toSchedule(row);
}

/** @returns undefined when the account's workflow has no such schedule */
export async function changeSchedule(
  database: Database,
  name: ScheduleName,
  changes: Partial<Pick<Schedule, 'name' | 'spec' | 'run' | 'paused' | 'note'>>,
  apply: Apply,
): Promise<Schedule | undefined> {
  return database.queries.transaction().execute(async (transaction) => {
    const schedule = await lock(transaction, name);
    if (schedule === undefined) return undefined;
    const changed = { ...schedule, ...changes };
    await transaction
      .updateTable('schedules')
      .set({
        ...{ name: changed.name, paused: changed.paused, note: changed.note },
        ...{ spec: toJson(changed.spec), run: toJson(changed.run) },
      })
      .where('id', '=', schedule.id)
      .execute();
    await apply(changed);
    return changed;
  });
}

/** What has not been started of it is cancelled. @returns false when the account's workflow has no such schedule */
export async function deleteSchedule(
  database: Database,
  name: ScheduleName,
  remove: (scheduleId: string) => Promise<void>,
): Promise<boolean> {
  return database.queries.transaction().execute(async (transaction) => {
    const schedule = await lock(transaction, name);
    if (schedule === undefined) return false;
    const now = sql<Date>`now()`;
    await transaction
      .updateTable('schedules')
      .set({ deleted_at: now })
      .where('id', '=', schedule.id)
      .execute();
    await transaction
      .updateTable('schedule_fires')
      .set({ state: 'cancelled' })
      .where('schedule_id', '=', schedule.id)
      .where('state', '=', 'pending')
      .execute();
    await remove(schedule.id);
    return true;
  });
}

/** Whether there is one, of any account. */
export async function scheduleExists(database: Database, scheduleId: string): Promise<boolean> {
  const row = await selectSchedules(database.queries).where('id', '=', scheduleId).executeTakeFirst();
  return row !== undefined;
}

async function lock(transaction: DatabaseTransaction, name: ScheduleName): Promise<Schedule | undefined> {
  const row = await named(selectSchedules(transaction), name).forUpdate().executeTakeFirst();
  return row && toSchedule(row);
}

function selectSchedules(queries: Queries) {
  return queries
    .selectFrom('schedules')
    .select([
      ...(['id', 'account_id', 'workflow_id', 'mode', 'name', 'spec', 'run', 'paused', 'note'] as const),
      'created_at',
    ])
    .where('deleted_at', 'is', null);
}

function named(query: ReturnType<typeof selectSchedules>, name: ScheduleName) {
  return query
    .where('id', '=', name.scheduleId)
    .where('account_id', '=', name.accountId)
    .where('workflow_id', '=', name.workflowId);
}

type ScheduleRow = Awaited<ReturnType<ReturnType<typeof selectSchedules>['executeTakeFirstOrThrow']>>;

function toSchedule(row: ScheduleRow): Schedule {
  return {
    id: row.id,
    accountId: row.account_id,
    workflowId: row.workflow_id,
    mode: row.mode,
    name: row.name,
    spec: row.spec,
    run: row.run,
    paused: row.paused,
    note: row.note,
    createdAt: row.created_at,
  };
}
