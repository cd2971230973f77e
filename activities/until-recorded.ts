import { ApplicationFailure } from '@temporalio/common';
import { BudgetReachedError, EarlierFailureError } from '../store/database/jobs/job';
import type { ActivityDependencies } from './dependencies';
import { NEVER_ABORTS } from './job-context';
import { toApplicationFailure } from './to-application-failure';

/** A restart of the database is over by then; with the longest send it stays within the activity's time limit. */
const PATIENCE_MS = 60_000;
const WAIT_MIN_MS = 200;
const WAIT_MAX_MS = 5_000;

/**
 * Writes down what a provider has answered to a send. Only this process knows it: while the database or the disk is away
 * it is kept and written again, up to a minute, since Temporal's retry would find nothing but a send of unknown fate.
 *
 * @param record - Idempotent: its reply may be lost after its commit.
 * @param patienceMs - A minute unless given.
 * @throws what `record` throws when another try cannot help, or in the end.
 */
export async function untilRecorded<T>(
  deps: Pick<ActivityDependencies, 'now' | 'sleep'>,
  record: () => Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const endsAtMs = deps.now() + patienceMs;
  for (let waitMs = WAIT_MIN_MS; ; waitMs = Math.min(waitMs * 2, WAIT_MAX_MS)) {
    try {
      return await record();
    } catch (error) {
      if (!mayPass(error) || deps.now() + waitMs > endsAtMs) throw error;
      await deps.sleep(waitMs, NEVER_ABORTS);
    }
  }
}

function mayPass(error: unknown): boolean {
  // Answers of the database, for the caller to act on.
  if (error instanceof BudgetReachedError || error instanceof EarlierFailureError) return false;
  const failure = toApplicationFailure(error);
  return failure instanceof ApplicationFailure && failure.nonRetryable !== true;
}
