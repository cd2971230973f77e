import type { Job } from '../store/database/jobs/job';
import { failpoint } from '../store/failpoints';
import type { JobInput, SubmitJobResult } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { driveJob, type DrivenJob } from './drive-job';
import { writeAsSender } from './fence';
import { withHeartbeat } from './heartbeat';
import { NEVER_ABORTS, openJobContext, type JobContext } from './job-context';
import type { JobHandle, QueueOperation } from './providers/provider';
import { settledResult } from './settled-result';
import { StepError } from './to-application-failure';
import { untilRecorded } from './until-recorded';

/** Starts a job at a provider, once, and returns when its id is durable. A job that was started before is adopted. */
export function submitJob(deps: ActivityDependencies, input: JobInput): Promise<SubmitJobResult> {
  return withHeartbeat(async (signal) => {
    const context = await openJobContext(deps, input, 'queue', signal);
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
  const { job, claim, value: handle, startedAt, latencyMs } = sent;
  const known = await untilRecorded(deps, async () => {
    const recorded = await writeAsSender(deps, input, async (writer) => {
      const isFirst = await writer.acceptJob(job.id, claim.token, handle);
      const send = { jobId: job.id, outcome: 'accepted', startedAt, latencyMs } as const;
      const attempts = isFirst ? (await writer.recordSend(send)).attempts : 0;
      failpoint('accept.before_commit');
      return { job: await writer.job(job.id), attempts };
    });
    failpoint('accept.after_commit');
    return recorded;
  });
  if (isGivenUp(known.job)) throw await giveUp(context, handle);
  return { status: 'accepted', jobId: job.id, attempts: known.attempts };
}

function isGivenUp({ state }: Job): boolean {
  return state === 'SUPERSEDED' || state === 'CANCELLED';
}

/** Accepted after the job had been given up: another one may be under way in its place, so this one is stopped. */
async function giveUp(
  { operation, session }: JobContext<QueueOperation>,
  handle: JobHandle,
): Promise<StepError> {
  await operation.cancel?.(handle, session.call(NEVER_ABORTS)).catch(() => undefined);
  const { id: provider, label } = session.provider;
  const message = `${label} accepted a job that had been given up meanwhile; it was cancelled there.`;
  return new StepError('SubmissionUnknown', message, { provider, retryAfterMs: 500 });
}
