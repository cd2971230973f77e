import { jobWriter } from '../jobs/job-writer';
import type { Database, DatabaseTransaction } from '../database';
import type { ExecutionsTable } from '../tables';
import type { Selectable } from 'kysely';
import { ExecutionNotFoundError, FenceError, type WriteScope } from './execution';
import type { ExecutionWriter } from './execution-writer';
import { finishExecution, setExecutionStatus } from './finish-execution';
import { updateNodes } from './update-nodes';
import { isOpenStatus, recordEvent, VisibleChanges, type WriteContext } from './write-context';

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
  return database.queries.transaction().execute(async (transaction) => {
    const context = await openContext(transaction, scope);
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
    setStatus: (status) => setExecutionStatus(context, status),
    finish: (change) => finishExecution(context, change),
    ...jobWriter(context),
  };
}

async function openContext(transaction: DatabaseTransaction, scope: WriteScope): Promise<WriteContext> {
  const row = await transaction
    .selectFrom('executions')
    .select(lockedColumns)
    .where('id', '=', scope.executionId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new ExecutionNotFoundError(scope.executionId);
  await passFence(transaction, scope, row);
  return {
    transaction,
    runId: scope.runId,
    changes: new VisibleChanges(),
    execution: {
      id: row.id,
      accountId: row.account_id,
      mode: row.mode,
      attempt: row.attempt,
      status: row.status,
      isCancelRequested: row.cancel_requested_at !== null,
    },
  };
}

const lockedColumns = [
  'id',
  'account_id',
  'mode',
  'attempt',
  'status',
  'temporal_run_id',
  'past_run_ids',
  'cancel_requested_at',
] as const;
type LockedRow = Pick<Selectable<ExecutionsTable>, (typeof lockedColumns)[number]>;

async function passFence(transaction: DatabaseTransaction, scope: WriteScope, row: LockedRow): Promise<void> {
  const current = row.temporal_run_id;
  if (current === scope.runId) return;
  const isPast = row.past_run_ids.includes(scope.runId);
  // One that ended before it had a run was closed on purpose: a run that comes too late must not pay for it.
  const isClosedUnstarted = current === null && !isOpenStatus(row.status);
  const isNext = current === null || current === scope.continuedFromRunId;
  if (isPast || isClosedUnstarted || !isNext) {
    throw new FenceError(scope.executionId, scope.runId, current, isPast || isClosedUnstarted);
  }
  await transaction
    .updateTable('executions')
    .set({
      temporal_run_id: scope.runId,
      past_run_ids: current === null ? row.past_run_ids : [...row.past_run_ids, current],
      start_requested_at: null,
    })
    .where('id', '=', scope.executionId)
    .where('temporal_run_id', 'is not distinct from', current)
    .execute();
}
