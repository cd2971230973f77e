import { sql } from 'kysely';
import type { FireInput } from '../../../workflows/contract';
import type { Database } from '../database';
import { toJson } from '../json';
import type { FireRefusal, PendingFire, ScheduleFire } from './schedule';

export type FireProgress =
  /** Not started yet, or its execution has not ended. */
  { readonly kind: 'open' } | { readonly kind: 'ended' };

/** Notes that a time has come; the same time again changes nothing. Of a schedule that is gone nothing is noted. */
export async function recordFire(database: Database, { scheduleId, scheduledAt }: FireInput): Promise<void> {
  await sql`
    insert into schedule_fires (schedule_id, scheduled_at)
    select id, ${scheduledAt}::timestamptz from schedules where id = ${scheduleId} and deleted_at is null
    on conflict do nothing`.execute(database.queries);
}

export async function fireProgress(
  database: Database,
  { scheduleId, scheduledAt }: FireInput,
): Promise<FireProgress> {
  const { rows } = await sql<{ state: string; status: string | null }>`
    select f.state, e.status from schedule_fires f left join executions e on e.id = f.execution_id
    where f.schedule_id = ${scheduleId} and f.scheduled_at = ${scheduledAt}::timestamptz`.execute(
    database.queries,
  );
  const [fire] = rows;
  const isOpen =
    fire?.state === 'pending' ||
    (fire?.state === 'started' && ['RUNNING', 'WAITING'].includes(fire.status ?? ''));
  return { kind: isOpen ? 'open' : 'ended' };
}

/** Another time takes its place: it is not started any more. @returns its execution, if it has one */
export async function cancelFire(
  database: Database,
  { scheduleId, scheduledAt }: FireInput,
): Promise<{ readonly accountId: string; readonly executionId: string } | undefined> {
  const { rows } = await sql<{ account_id: string; execution_id: string | null }>`
    update schedule_fires f set state = case when f.state = 'pending' then 'cancelled' else f.state end
    from schedules s
    where f.schedule_id = ${scheduleId} and f.scheduled_at = ${scheduledAt}::timestamptz and s.id = f.schedule_id
    returning s.account_id, f.execution_id`.execute(database.queries);
  const [fire] = rows;
  if (fire === undefined || fire.execution_id === null) return undefined;
  return { accountId: fire.account_id, executionId: fire.execution_id };
}

/** Times that are to be started, oldest first. */
export async function pendingFires(database: Database): Promise<readonly PendingFire[]> {
  const rows = await database.queries
    .selectFrom('schedule_fires as f')
    .innerJoin('schedules as s', 's.id', 'f.schedule_id')
    .innerJoin('accounts as a', 'a.id', 's.account_id')
    .select(['f.schedule_id', 'f.scheduled_at', 's.account_id', 's.mode', 'a.plan', 's.workflow_id', 's.run'])
    .where('f.state', '=', 'pending')
    .orderBy('f.created_at')
    .limit(100)
    .execute();
  return rows.map((row) => ({
    scheduleId: row.schedule_id,
    scheduledAt: row.scheduled_at,
    accountId: row.account_id,
    mode: row.mode,
    plan: row.plan,
    workflowId: row.workflow_id,
    run: row.run,
  }));
}

/** @returns false when it was cancelled meanwhile; its execution is noted all the same */
export async function fireStarted(
  database: Database,
  fire: Pick<PendingFire, 'scheduleId' | 'scheduledAt'>,
  executionId: string,
): Promise<boolean> {
  const { rows } = await sql<{ was: string }>`
    update schedule_fires set execution_id = ${executionId},
      state = case when state = 'pending' then 'started' else state end
    where schedule_id = ${fire.scheduleId} and scheduled_at = ${fire.scheduledAt}
    returning old.state as was`.execute(database.queries);
  return rows[0]?.was !== 'cancelled';
}

export async function fireRefused(
  database: Database,
  fire: Pick<PendingFire, 'scheduleId' | 'scheduledAt'>,
  refusal: FireRefusal,
): Promise<void> {
  await database.queries
    .updateTable('schedule_fires')
    .set({ state: 'refused', refusal: toJson({ ...refusal }) })
    .where('schedule_id', '=', fire.scheduleId)
    .where('scheduled_at', '=', fire.scheduledAt)
    .where('state', '=', 'pending')
    .execute();
}

/** Newest first, at most `limit`. The caller has checked the schedule. */
export async function listFires(
  database: Database,
  scheduleId: string,
  limit: number,
): Promise<readonly ScheduleFire[]> {
  return database.queries
    .selectFrom('schedule_fires')
    .select(['scheduled_at as scheduledAt', 'state', 'execution_id as executionId', 'refusal'])
    .where('schedule_id', '=', scheduleId)
    .orderBy('scheduled_at', 'desc')
    .limit(limit)
    .execute();
}
