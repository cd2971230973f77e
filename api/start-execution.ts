import { executions } from '../store/database/executions';
import type { PendingStart } from '../store/database/executions/execution';
import { failpoint } from '../store/failpoints';
import type { ApiDependencies } from './dependencies';

const PREVIOUS_RUN_WAIT_MS = 5_000;

/**
 * Gives an accepted or resumed execution to Temporal and notes the run. Safe to repeat, also by several processes at once:
 * only one run comes of it. A run that waited when an edited graph took its place is told to end first.
 *
 * @param options.previousRunWaitMs - How long to wait for the run before it to close; 5 s unless given.
 * @throws TemporalUnavailableError, PreviousRunOpenError; the execution stays pending and is started by the sweeper.
 */
export async function startExecution(
  { database, temporal }: Pick<ApiDependencies, 'database' | 'temporal'>,
  pending: PendingStart,
  options: { readonly previousRunWaitMs?: number } = {},
): Promise<{ readonly runId: string }> {
  const { executionId, accountId, mode, workflowName, plan, carried, failFast, batchId } = pending;
  if (pending.supersededRunId !== null) await temporal.supersede(executionId, pending.supersededRunId);
  const run = await temporal.start({
    input: {
      executionId,
      accountId,
      mode,
      workflowName,
      plan,
      carried,
      failFast,
      ...(batchId === null ? {} : { batchId }),
      ...userWord(pending),
    },
    attempt: pending.attempt,
    priority: pending.priority,
    previousRunWaitMs: options.previousRunWaitMs ?? PREVIOUS_RUN_WAIT_MS,
  });
  failpoint('exec.after_start');
  await executions.started(database, executionId, run.runId);
  return run;
}

/** After an operator's reset the new run has the same input: the time tells which jobs the word was for. */
function userWord({ resubmitUnknown, startRequestedAt }: PendingStart) {
  // A job that was opened before the resume is never of the same millisecond.
  return resubmitUnknown ? { resubmitUnknown, resumedAtMs: startRequestedAt.getTime() + 1 } : {};
}

/**
 * Starts what the database has just accepted. The caller's request has succeeded by then, whatever happens here: a start
 * that fails is mended by the sweeper within seconds.
 */
export async function startAccepted(
  dependencies: Pick<ApiDependencies, 'database' | 'temporal' | 'logger'>,
  pending: PendingStart | undefined,
): Promise<void> {
  if (pending === undefined) return;
  try {
    await startExecution(dependencies, pending);
  } catch (error) {
    const { executionId } = pending;
    dependencies.logger.warn(
      { error, executionId },
      'An accepted execution waits for the sweeper to start it.',
    );
  }
}
