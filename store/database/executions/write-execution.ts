import { sql, type RawBuilder } from 'kysely';
import type { Mode } from '../../../workflows/contract';
import { callFunction, scopeFields } from '../call-function';
import type { Database, DatabaseTransaction } from '../database';
import { jobWriter } from '../jobs/job-writer';
import type { ExecutionStatus } from '../tables';
import type { WriteScope } from './execution';
import type { ExecutionWriter } from './execution-writer';
import { finishExecution } from './finish-execution';
import { drainExecution } from './migrate-execution';
import { continueExecution, pauseExecution } from './pause-execution';
import { openReview } from '../reviews/open-review';
import { updateNodes } from './update-nodes';
import { recordEvent, VisibleChanges, type WriteContext } from './write-context';

/**
 * Runs `work` in one transaction under the lock of the execution row, after the fence has let the scope's Temporal run
 * through. When something visible changed, raises `revision` by one, appends one event and notifies the listeners; all
 * of that commits with the work or not at all. Keep `work` short and free of other I/O: it holds the lock.
 *
 * @throws FenceError another Temporal run holds the execution
 * @throws ExecutionNotFoundError
 */
export async function writeExecution<T>(
  database: Database,
  scope: WriteScope,
  work: (writer: ExecutionWriter) => Promise<T>,
): Promise<T> {
  const passFence = sql<LockedRow>`
    select account_id, mode, attempt, status, is_cancel_requested
    from lock_execution(${scopeFields(scope)})`;
  return writeLocked(database, scope, work, passFence);
}

/**
 * As {@link writeExecution}, for whoever settles what was left behind and is no run of the execution: no fence. It may
 * move jobs only, and must ask `execution.status` first whether they are a run's again.
 */
export async function settleExecution<T>(
  database: Database,
  executionId: string,
  work: (writer: ExecutionWriter) => Promise<T>,
): Promise<T> {
  const lock = sql<LockedRow>`
    select account_id, mode, attempt, status, cancel_requested_at is not null as is_cancel_requested
    from executions where id = ${executionId} for no key update`;
  return writeLocked(database, { executionId, runId: '' }, work, lock);
}

async function writeLocked<T>(
  database: Database,
  scope: WriteScope,
  work: (writer: ExecutionWriter) => Promise<T>,
  lock: RawBuilder<LockedRow>,
): Promise<T> {
  return database.queries.transaction().execute(async (transaction) => {
    const context = await openContext(transaction, scope, lock);
    const result = await work(createWriter(context));
    if (!context.changes.isEmpty)
      await recordEvent(transaction, scope.executionId, context.changes.toEvent());
    return result;
  });
}

function createWriter(context: WriteContext): ExecutionWriter {
  return {
    execution: context.execution,
    updateNodes: (changes) => updateNodes(context, changes),
    pause: (change) => pauseExecution(context, change),
    drain: (nodes) => drainExecution(context, nodes),
    goOn: () => continueExecution(context),
    openReview: (request) => openReview(context, request),
    finish: (change) => finishExecution(context, change),
    ...jobWriter(context),
  };
}

async function openContext(
  transaction: DatabaseTransaction,
  scope: WriteScope,
  lock: RawBuilder<LockedRow>,
): Promise<WriteContext> {
  const row = await callFunction(lock, transaction);
  return {
    transaction,
    runId: scope.runId,
    changes: new VisibleChanges(),
    execution: {
      id: scope.executionId,
      accountId: row.account_id,
      mode: row.mode,
      attempt: row.attempt,
      status: row.status,
      isCancelRequested: row.is_cancel_requested,
    },
  };
}

interface LockedRow {
  readonly account_id: string;
  readonly mode: Mode;
  readonly attempt: number;
  readonly status: ExecutionStatus;
  readonly is_cancel_requested: boolean;
}
