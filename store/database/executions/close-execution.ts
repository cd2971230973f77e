import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database';
import { recordLetters } from '../dead-letters/record-letters';
import { OPEN_JOB_STATES } from '../jobs/job';
import { jobColumns, toJob } from '../jobs/job-row';
import { endExecution } from './end-execution';
import type { CancelResult, CloseRequest, CloseResult } from './execution';
import { isDrained } from './migrate-execution';
import { stopOpenNodes } from './finish-execution';
import { isOpenStatus, recordEvent, VisibleChanges, type LockedExecution } from './write-context';

/** Ends an execution whose Temporal run ended without saying so (terminated, cancelled, timed out by an operator); releases its hold. */
export async function closeFromTemporal(database: Database, request: CloseRequest): Promise<CloseResult> {
  return database.queries.transaction().execute(async (transaction) => {
    const execution = await lockIfHeldBy(transaction, request);
    if (execution === undefined) return { closed: false, openJobs: [] };
    const changes = new VisibleChanges();
    changes.status = request.status;
    await stopOpenNodes({ transaction, execution, changes }, request.status === 'CANCELLED');
    await recordLetters(transaction, execution, request.status);
    await endExecution(transaction, request);
    await recordEvent(transaction, request.executionId, changes.toEvent());
    const rows = await transaction
      .selectFrom('jobs')
      .select(jobColumns)
      .where('execution_id', '=', request.executionId)
      .where('state', 'in', OPEN_JOB_STATES)
      .execute();
    return { closed: true, openJobs: rows.map(toJob) };
  });
}

/**
 * A run that ended before its first write is not in the row yet (`temporal_run_id` null): it may close the execution
 * unless it was replaced. Sets the run, so that a late write of another one is fenced.
 */
async function lockIfHeldBy(
  transaction: DatabaseTransaction,
  request: CloseRequest,
): Promise<LockedExecution | undefined> {
  const { runId } = request;
  const row = await transaction
    .updateTable('executions')
    .set({ temporal_run_id: runId })
    .where('id', '=', request.executionId)
    .where('status', 'in', ['RUNNING', 'WAITING'])
    .where((eb) => eb.or([eb('temporal_run_id', 'is', null), eb('temporal_run_id', '=', runId)]))
    .where(sql<boolean>`coalesce(${runId}::text <> all (past_run_ids), true)`)
    // It has ended so that another one may go on in its place.
    .where((eb) => (request.status === 'FAILED' ? eb.not(isDrained) : eb.lit(true)))
    .returning(['id', 'account_id', 'mode', 'attempt', 'status'])
    .executeTakeFirst();
  return row && { ...row, accountId: row.account_id, isCancelRequested: false };
}

/** Notes that the user wants it cancelled; idempotent. The caller then cancels the Temporal workflow. */
export async function requestCancel(
  database: Database,
  accountId: string,
  executionId: string,
): Promise<CancelResult> {
  return database.queries.transaction().execute(async (transaction) => {
    const requested = await transaction
      .updateTable('executions')
      .set({ cancel_requested_at: sql<Date>`now()` })
      .where('id', '=', executionId)
      .where('account_id', '=', accountId)
      .where('status', 'in', ['RUNNING', 'WAITING'])
      .where('cancel_requested_at', 'is', null)
      .executeTakeFirst();
    if (requested.numUpdatedRows > 0n) {
      await recordEvent(transaction, executionId, { type: 'cancel_requested', data: {} });
    }
    const row = await transaction
      .selectFrom('executions')
      .select(['status', 'temporal_run_id'])
      .where('id', '=', executionId)
      .where('account_id', '=', accountId)
      .executeTakeFirst();
    if (row === undefined) return { kind: 'not_found' };
    if (!isOpenStatus(row.status)) return { kind: 'ended', status: row.status };
    return { kind: 'requested', status: row.status, temporalRunId: row.temporal_run_id };
  });
}
