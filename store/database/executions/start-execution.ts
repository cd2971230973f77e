import { sql } from 'kysely';
import type { Database, Queries } from '../database';
import type { OpenExecution, PendingStart } from './execution';

/** Temporal has the execution under this run. Harmless when the run wrote first, ended already or was replaced. */
export async function executionStarted(
  database: Database,
  executionId: string,
  runId: string,
): Promise<void> {
  await database.queries
    .updateTable('executions')
    .set({ temporal_run_id: runId, start_requested_at: null })
    .where('id', '=', executionId)
    .where('start_requested_at', 'is not', null)
    .where(sql<boolean>`coalesce(temporal_run_id, ${runId}) = ${runId}`)
    .where(sql<boolean>`${runId} <> all (past_run_ids)`)
    .execute();
}

/**
 * Executions whose start was requested longer ago than `olderThanMs` and of which Temporal may know nothing; oldest first.
 * @param limit at most this many, 100 unless given
 */
export async function pendingStarts(
  database: Database,
  olderThanMs: number,
  limit = 100,
): Promise<readonly PendingStart[]> {
  const rows = await selectPendingStarts(database.queries)
    .where('start_requested_at', '<=', sql<Date>`now() - ${olderThanMs} * interval '1 millisecond'`)
    .orderBy('start_requested_at')
    .limit(limit)
    .execute();
  return rows.map(toPendingStart);
}

/** One execution's pending start, or undefined when there is none: what the API needs right after accept or resume. */
export async function pendingStart(
  database: Database,
  executionId: string,
): Promise<PendingStart | undefined> {
  const row = await selectPendingStarts(database.queries).where('id', '=', executionId).executeTakeFirst();
  return row && toPendingStart(row);
}

/**
 * Executions that have not ended, for the reconciler, in order of their ids.
 * @param afterId the last id of the page before
 * @param limit at most this many, 1000 unless given
 */
export async function openExecutions(
  database: Database,
  afterId = '',
  limit = 1000,
): Promise<readonly OpenExecution[]> {
  const rows = await database.queries
    .selectFrom('executions')
    .select(['id', 'temporal_run_id', 'status'])
    .where('status', 'in', ['RUNNING', 'WAITING'])
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    executionId: row.id,
    temporalRunId: row.temporal_run_id,
    status: row.status === 'WAITING' ? 'WAITING' : 'RUNNING',
  }));
}

function selectPendingStarts(queries: Queries) {
  return queries
    .selectFrom('executions')
    .select([
      'id',
      'account_id',
      'mode',
      'workflow_name',
      'attempt',
      'plan',
      'carried',
      'fail_fast',
      'resubmit_unknown',
      'superseded_run_id',
      'parent_id',
      'priority',
      'cancel_requested_at',
      sql<Date>`start_requested_at`.as('start_requested_at'),
    ])
    .where('start_requested_at', 'is not', null);
}

type PendingStartRow = Awaited<ReturnType<ReturnType<typeof selectPendingStarts>['executeTakeFirstOrThrow']>>;

function toPendingStart(row: PendingStartRow): PendingStart {
  return {
    executionId: row.id,
    accountId: row.account_id,
    mode: row.mode,
    workflowName: row.workflow_name,
    attempt: row.attempt,
    plan: row.plan,
    carried: row.carried,
    failFast: row.fail_fast,
    resubmitUnknown: row.resubmit_unknown,
    supersededRunId: row.superseded_run_id,
    batchId: row.parent_id,
    priority: row.priority,
    startRequestedAt: row.start_requested_at,
    cancelRequestedAt: row.cancel_requested_at,
  };
}
