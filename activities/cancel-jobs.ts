import { jobs } from '../store/database/jobs';
import type { Job } from '../store/database/jobs/job';
import type { ExecutionScope } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { writeFenced } from './fence';
import { finishJob } from './finish-job';
import { withHeartbeat } from './heartbeat';
import { findOperation, handleOf } from './job-context';
import { requireCandidate, requireDefinition } from './resolve-request';

/**
 * Ends what is still open at providers after an execution was cancelled. A job that is done by now was paid: its result
 * is kept. The others are cancelled where the provider can, and their reservations go back.
 */
export function cancelJobs(deps: ActivityDependencies, scope: ExecutionScope): Promise<void> {
  return withHeartbeat(async (signal) => {
    for (const job of await jobs.open(deps.database, scope.executionId)) {
      const isDone = job.state === 'ACCEPTED' && (await endAccepted(deps, scope, job, signal));
      if (!isDone) await writeFenced(deps, scope, (writer) => writer.cancelJob(job.id));
    }
  });
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
  const session = deps.providerAccess.open(provider, scope.mode);
  const operation = findOperation(session, candidate, definition, 'queue');
  const call = session.call(signal);
  const check = await operation.check(handle, call).catch(() => undefined);
  if (check?.status === 'succeeded') {
    const { reply } = check;
    await finishJob(deps, scope, {
      job,
      reply,
      definition,
      candidate,
      session,
      signal,
      credits: job.priceReserved,
    });
    return true;
  }
  await operation.cancel?.(handle, call);
  return false;
}
