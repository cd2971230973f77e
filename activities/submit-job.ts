import { jobs } from '../store/database/jobs';
import { failpoint } from '../store/failpoints';
import type { JobInput, SubmitJobResult } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { driveJob, type DrivenJob } from './drive-job';
import { asSender } from './fence';
import { withHeartbeat } from './heartbeat';
import { NEVER_ABORTS, openJobContext, type JobContext } from './job-context';
import type { JobHandle, QueueOperation } from './providers/provider';
import { reuseResult } from './reuse-result';
import { laterChange } from './later-change';
import { settledResult } from './settled-result';
import { StepError } from './to-application-failure';
import { untilRecorded } from './until-recorded';

/** Starts a job at a provider, once, and returns when its id is durable. A job that was started before is adopted. */
export function submitJob(deps: ActivityDependencies, input: JobInput): Promise<SubmitJobResult> {
  return withHeartbeat(async (signal) => {
    const later = await laterChange(deps, input);
    if (later) return later;
    const context = await openJobContext(deps, input, 'queue', signal);
    const reused = await reuseResult(context);
    if (reused) return { status: 'completed', result: reused };
    const driven = await driveJob(context, context.operation.submit);
    if (driven.kind === 'sent') return accept(context, driven);
    const { job } = driven;
    if (job.state === 'SETTLED')
      return { status: 'completed', result: await settledResult(deps, input, job) };
    return { status: 'accepted', jobId: job.id, attempts: 0 };
  });
}

async function accept(
  context: JobContext<QueueOperation>,
  sent: Extract<DrivenJob<JobHandle>, { kind: 'sent' }>,
): Promise<SubmitJobResult> {
  const { deps, input } = context;
  const { job, value: handle, startedAt, latencyMs } = sent;
  const acceptance = { jobId: job.id, handle, send: { startedAt, latencyMs } };
  const { state, attempts, isSurplus } = await untilRecorded(deps, async () => {
    const recorded = await asSender(deps, input, (scope) =>
      jobs.writeAcceptance(deps.database, scope, acceptance),
    );
    failpoint('accept.after_commit');
    return recorded;
  });
  // Another one may be under way in its place.
  if (isSurplus || state === 'SUPERSEDED' || state === 'CANCELLED') throw await giveUp(context, handle);
  return { status: 'accepted', jobId: job.id, attempts };
}

/** Accepted after the job had been given up, or beside another one: it is stopped. */
async function giveUp(
  { operation, session }: JobContext<QueueOperation>,
  handle: JobHandle,
): Promise<StepError> {
  await operation.cancel?.(handle, session.call(NEVER_ABORTS)).catch(() => undefined);
  const { id: provider, label } = session.provider;
  const message = `${label} accepted a job that had been given up or sent again meanwhile; it was cancelled there.`;
  return new StepError('SubmissionUnknown', message, { provider, retryAfterMs: 500 });
}
