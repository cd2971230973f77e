import { Context } from '@temporalio/activity';
import { jobs } from '../store/database/jobs';
import type { Job } from '../store/database/jobs/job';
import type { ExecutionScope } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { endJob, type EndingContext } from './end-job';
import { writeFenced } from './fence';
import { withHeartbeat } from './heartbeat';
import { StepError } from './to-application-failure';

/** A provider that cannot be reached is asked again that often; then its job is left to what settles the execution. */
const ASKS_MAX = 4;
const ASK_AGAIN_MS = 1_000;

/**
 * Ends what is still open at providers when an execution is cancelled. A job that is done by now was paid: its result is
 * kept. The others are cancelled where the provider can, and their reservations go back. A stored callback tells of a
 * send whose answer was lost.
 *
 * What cannot be ended at once does not keep the execution from its end: it stays as it is, and `settleJobs` goes on. A
 * send of unknown fate stays unknown: to call it cancelled would let a resume send it again without a word.
 */
export function cancelJobs(deps: ActivityDependencies, scope: ExecutionScope): Promise<void> {
  return withHeartbeat(async (signal) => {
    const write: EndingContext['write'] = (work) => writeFenced(deps, scope, work);
    const context = { deps, scope, signal, write, stops: true };
    let failure: unknown;
    for (const job of await jobs.open(deps.database, scope.executionId)) {
      failure = (await failureOfEnding(context, job)) ?? failure;
    }
    if (failure && Context.current().info.attempt < ASKS_MAX) throw askAgain(failure);
  });
}

/** One job that cannot be ended does not keep the others from it. */
async function failureOfEnding(context: EndingContext, job: Job): Promise<unknown> {
  try {
    await endJob(context, job);
    return undefined;
  } catch (error) {
    if (isStale(error)) throw error;
    return error;
  }
}

function isStale(error: unknown): boolean {
  return error instanceof StepError && error.type === 'StaleRun';
}

function askAgain(cause: unknown): StepError {
  const message = 'A job could not be cancelled at its provider yet; it is tried again.';
  return new StepError('ProviderUnavailable', message, { retryAfterMs: ASK_AGAIN_MS, cause });
}
