import { Context } from '@temporalio/activity';
import type { Job, JobClaim, OpenedJob } from '../store/database/jobs/job';
import { failpoint } from '../store/failpoints';
import { circuitKeyOf } from './choose-session';
import { claimJob } from './claim-job';
import { handleOf, type JobContext } from './job-context';
import type { MaterialisedInput } from './materialise-input';
import type { QueueOperation, SyncOperation } from './providers/provider';
import { ProviderError } from './providers/provider-error';
import { sendJob, type SendMethod } from './send-job';
import { providerFailureType, retryDelayMs, StepError } from './to-application-failure';
import { resolveUnknownFate } from './unknown-fate';

export type DrivenJob<T> =
  /** Sent by this call; `value` is the provider's answer, not yet recorded. */
  | {
      readonly kind: 'sent';
      readonly job: Job;
      readonly claim: JobClaim;
      readonly value: T;
      readonly startedAt: Date;
      readonly latencyMs: number;
    }
  /** ACCEPTED, STORED or SETTLED before: adopted. */
  | { readonly kind: 'happened'; readonly job: Job };

/** What may be sent, or why nothing can be sent now. */
type Preparation =
  | { readonly body: MaterialisedInput; readonly obstacle?: undefined }
  | { readonly body?: undefined; readonly obstacle: StepError };

/**
 * Brings a job to the point where its fate is known, sending it at most once (SPEC §6).
 *
 * The intent row reserves the price and is committed with its claim before anything is sent; only the one winner of the
 * claim sends. A job that somebody sent before is adopted; one of unknown fate is found, or waited for, or given up.
 * What hinders a new send (an open circuit, an input that cannot be had) says nothing of a job that was sent before.
 */
export async function driveJob<T>(
  context: JobContext<SyncOperation | QueueOperation>,
  send: SendMethod<T>,
): Promise<DrivenJob<T>> {
  const { body, obstacle } = await prepare(context);
  let resubmitUnknown: 'policy' | 'user' | undefined;
  for (;;) {
    context.signal.throwIfAborted();
    const { opened, claimed } = await claimJob(context, { resubmitUnknown, obstacle });
    resubmitUnknown = undefined;
    await cancelSuperseded(context, opened);
    const bound = claimed ? context : await boundTo(context, opened.job);
    const fate = claimed ? ({ kind: 'claimed', claimed } as const) : await fateOf(bound, opened.job);
    if (fate.kind === 'happened') return fate;
    if (fate.kind === 'changed') continue;
    if (!body) throw cannotSendAgain(obstacle);
    if (fate.kind === 'resubmit') {
      resubmitUnknown = fate.reason;
      continue;
    }
    const sent = await sendJob({ ...bound, body }, fate.claimed, send);
    if (!sent) continue;
    failpoint('send.after_accept');
    return { kind: 'sent', ...fate.claimed, ...sent };
  }
}

/** What is to be learnt of a job that was sent before, only its own key can ask. */
async function boundTo<Operation>(context: JobContext<Operation>, job: Job): Promise<JobContext<Operation>> {
  const { deps, input, session, resolved } = context;
  const isOpen = job.state === 'SUBMITTING' || job.state === 'UNKNOWN';
  if (!isOpen || job.credentialId === session.credentialId) return context;
  try {
    const own = await deps.providerAccess.open(job.provider, input, job.credentialId);
    return { ...context, session: own, breakerKey: circuitKeyOf(resolved.candidate, own) };
  } catch (error) {
    if (error instanceof StepError && error.type === 'CredentialMissing')
      return { ...context, missingKey: error };
    throw error;
  }
}

async function prepare(context: JobContext<unknown>): Promise<Preparation> {
  if (context.obstacle) return { obstacle: context.obstacle };
  try {
    return { body: await context.materialise() };
  } catch (error) {
    if (error instanceof StepError) return { obstacle: error };
    if (error instanceof ProviderError) return { obstacle: uploadFailure(context, error) };
    throw error;
  }
}

/** Putting an input into a provider's storage costs nothing: whatever became of it, no job was sent. */
function uploadFailure({ deps, input }: JobContext<unknown>, error: ProviderError): StepError {
  const { kind, provider, message } = error;
  const mayPass = kind === 'rate_limited' || kind === 'unavailable' || kind === 'ambiguous';
  const { attempt } = Context.current().info;
  const { retryDelayMs: firstMs } = deps.sendPolicy(provider);
  const retryAfterMs =
    mayPass && attempt < input.attemptsMax
      ? retryDelayMs({ sends: attempt, firstMs, askedMs: error.retryAfterMs, random: deps.random })
      : undefined;
  const type = kind === 'ambiguous' ? 'ProviderUnavailable' : providerFailureType(error);
  return new StepError(type, message, { provider, retryAfterMs, cause: error });
}

/** Its fate is still unknown, so no other candidate may be tried. */
function cannotSendAgain(obstacle: StepError): StepError {
  const { provider } = obstacle.options;
  return new StepError('SubmissionUnknown', obstacle.message, { provider, retryAfterMs: 5_000 });
}

async function fateOf(
  context: JobContext<SyncOperation | QueueOperation>,
  job: Job,
): ReturnType<typeof resolveUnknownFate> {
  if (job.state === 'ACCEPTED' || job.state === 'STORED' || job.state === 'SETTLED')
    return { kind: 'happened', job };
  return resolveUnknownFate(context, job);
}

/** Jobs of an earlier request of this step cost on at their provider: they are told to stop, as far as that goes. */
async function cancelSuperseded(
  { deps, input, operation, signal }: JobContext<SyncOperation | QueueOperation>,
  opened: OpenedJob,
): Promise<void> {
  if (operation.kind !== 'queue' || !operation.cancel) return;
  for (const job of opened.superseded) {
    const handle = handleOf(job);
    if (!handle) continue;
    try {
      const session = await deps.providerAccess.open(job.provider, input, job.credentialId);
      await operation.cancel(handle, session.call(signal));
    } catch {
      // It goes on there, and is paid.
    }
  }
}
