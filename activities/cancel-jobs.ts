import { Context } from '@temporalio/activity';
import { jobs } from '../store/database/jobs';
import type { Job } from '../store/database/jobs/job';
import type { ExecutionScope } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { writeFenced } from './fence';
import { finishJob } from './finish-job';
import { withHeartbeat } from './heartbeat';
import { findOperation, handleOf } from './job-context';
import type { ProviderSession } from './provider-access';
import type { JobHandle, QueueOperation } from './providers/provider';
import { requireCandidate, requireDefinition } from './resolve-request';
import { StepError } from './to-application-failure';

/** A provider that cannot be reached is asked again that often; then its job is given up as far as we are concerned. */
const ASKS_MAX = 4;
const ASK_AGAIN_MS = 1_000;

/**
 * Ends what is still open at providers after an execution was cancelled. A job that is done by now was paid: its result
 * is kept. The others are cancelled where the provider can, and their reservations go back.
 *
 * A send of unknown fate stays as it is: to call it cancelled would let a resume send it again without a word.
 * One job that cannot be ended does not keep the others from it.
 */
export function cancelJobs(deps: ActivityDependencies, scope: ExecutionScope): Promise<void> {
  return withHeartbeat(async (signal) => {
    const isLastAsk = Context.current().info.attempt >= ASKS_MAX;
    let failure: unknown;
    for (const job of await jobs.open(deps.database, scope.executionId)) {
      if (job.state === 'SUBMITTING' || job.state === 'UNKNOWN') continue;
      try {
        if (job.state === 'ACCEPTED' && (await endAccepted(deps, scope, job, signal))) continue;
      } catch (error) {
        if (isStale(error)) throw error;
        if (!isLastAsk) {
          failure = error;
          continue;
        }
      }
      await writeFenced(deps, scope, (writer) => writer.cancelJob(job.id));
    }
    if (failure) throw askAgain(failure);
  });
}

function isStale(error: unknown): boolean {
  return error instanceof StepError && error.type === 'StaleRun';
}

function askAgain(cause: unknown): StepError {
  const message = 'A job could not be cancelled at its provider yet; it is tried again.';
  return new StepError('ProviderUnavailable', message, { retryAfterMs: ASK_AGAIN_MS, cause });
}

/** @returns true when the job had succeeded and its result is stored. */
async function endAccepted(
  deps: ActivityDependencies,
  scope: ExecutionScope,
  job: Job,
  signal: AbortSignal,
): Promise<boolean> {
  const handle = handleOf(job);
  if (!handle) return false;
  const definition = requireDefinition(job.nodeType);
  const { provider, model, nodeType } = job;
  const candidate = requireCandidate(definition, {
    nodeType,
    candidate: { provider, model, execution: 'queue', priceCredits: 0 },
  });
  const session = deps.providerAccess.open(provider, scope.mode, job.credentialId);
  const operation = findOperation(session, candidate, definition, 'queue');
  const reply = await replyOf(operation, handle, session, signal);
  if (!reply) {
    await operation.cancel?.(handle, session.call(signal));
    return false;
  }
  const credits = job.priceReserved;
  await finishJob(deps, scope, { job, reply, definition, candidate, session, signal, credits });
  return true;
}

async function replyOf(
  operation: QueueOperation,
  handle: JobHandle,
  session: ProviderSession,
  signal: AbortSignal,
) {
  const check = await operation.check(handle, session.call(signal)).catch(() => undefined);
  return check?.status === 'succeeded' ? check.reply : undefined;
}
