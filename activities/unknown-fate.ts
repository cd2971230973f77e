import { jobs } from '../store/database/jobs';
import type { Job } from '../store/database/jobs/job';
import { writeFenced } from './fence';
import { handleFromCallbacks, UNREACHABLE, unlessUnreachable } from './find-job';
import { isOfThePast, LEASE_MS, type ClaimedJob, type JobContext } from './job-context';
import type { JobHandle, QueueOperation, SyncOperation } from './providers/provider';
import { recordedFailure } from './recorded-failure';
import { startStopwatch } from './stopwatch';
import { StepError } from './to-application-failure';

export type Fate =
  /** It is known now: ACCEPTED, STORED or SETTLED. */
  | { readonly kind: 'happened'; readonly job: Job }
  /** This call won the right to send it again; harmless for this provider. */
  | { readonly kind: 'claimed'; readonly claimed: ClaimedJob }
  /** To be sent once more as a new job, flagged as a possible duplicate: it is cheap enough, or the user says so. */
  | { readonly kind: 'resubmit'; readonly reason: 'policy' | 'user' }
  /** The row moved on: look again. */
  | { readonly kind: 'changed' };

const LOOK_INTERVAL_MS = 300;
/** Of looks at a provider, which count against its rate limit. */
const LOOK_UP_INTERVAL_MS = 2_000;

/**
 * A send whose end nobody recorded: a killed worker, a lost answer. Never sent again blindly.
 *
 * `idempotent` providers get the same key again; with `lookup` the job is found or proven absent; with `none` only the
 * callback can tell, whose URL carries our token. Until lease and request time limit are over a sender may still live, and
 * what it sent may still arrive.
 *
 * @throws StepError `SubmissionUnknown` when nobody can tell and the job is too dear to be risked twice;
 * `CredentialMissing` when only a key that is gone could ask, unless the user has given the job up.
 */
export async function resolveUnknownFate(
  context: JobContext<SyncOperation | QueueOperation>,
  job: Job,
): Promise<Fate> {
  // Ended, in place of one whose fate nobody knows: that fate is as open as before.
  if (recordedFailure(job)) return decide(context, job);
  if (job.state !== 'SUBMITTING' && job.state !== 'UNKNOWN') {
    await context.deps.sleep(LOOK_INTERVAL_MS, context.signal);
    return { kind: 'changed' };
  }
  if (context.missingKey) return waitOrDecide(context, job);
  const adopted = await adoptFromCallback(context, job);
  if (adopted) return adopted;
  switch (context.session.provider.submitSafety) {
    case 'idempotent':
      return sendAgain(context, job, true);
    case 'lookup':
      return lookUp(context, job);
    case 'none':
      return waitOrDecide(context, job);
  }
}

/** A callback that came for this job brings the id that we failed to record. */
async function adoptFromCallback(
  context: JobContext<SyncOperation | QueueOperation>,
  job: Job,
): Promise<Fate | undefined> {
  const { deps, session, signal } = context;
  const handle = await handleFromCallbacks(deps, session, job, signal);
  return handle && handle !== UNREACHABLE ? adopt(context, job, handle) : undefined;
}

async function adopt({ deps, input }: JobContext<unknown>, job: Job, handle: JobHandle): Promise<Fate> {
  const known = await writeFenced(deps, input, async (writer) => {
    await writer.adoptJob(job.id, handle);
    return writer.job(job.id);
  });
  return known.state === 'SUBMITTING' || known.state === 'UNKNOWN'
    ? { kind: 'changed' }
    : { kind: 'happened', job: known };
}

/** @param isResend - False once the first send is proven not to have been accepted. */
async function sendAgain(context: JobContext<unknown>, job: Job, isResend: boolean): Promise<Fate> {
  const { deps, input, session, signal } = context;
  const sinceClaimMs = startStopwatch();
  const claim = await writeFenced(deps, input, (writer) =>
    writer.reclaimJob(job.id, { leaseMs: LEASE_MS, credentialId: session.credentialId }),
  );
  if (claim) return { kind: 'claimed', claimed: { job, claim, sinceClaimMs, isResend } };
  await deps.sleep(LOOK_INTERVAL_MS, signal);
  return { kind: 'changed' };
}

async function lookUp(context: JobContext<SyncOperation | QueueOperation>, job: Job): Promise<Fate> {
  const { deps, operation, session, signal } = context;
  if (operation.kind !== 'queue' || !operation.lookup) return waitOrDecide(context, job);
  const handle = await unlessUnreachable(async () => operation.lookup?.(job.id, session.call(signal)));
  if (handle === UNREACHABLE) {
    await deps.sleep(LOOK_UP_INTERVAL_MS, signal);
    return { kind: 'changed' };
  }
  if (handle) return adopt(context, job, handle);
  // Absent now is not absent for good: a request that was cut off may be on its way, or be shown a moment later.
  if (!(await isSenderGone(context, job))) {
    await deps.sleep(LOOK_UP_INTERVAL_MS, signal);
    return { kind: 'changed' };
  }
  return sendAgain(context, job, false);
}

async function waitOrDecide(context: JobContext<SyncOperation | QueueOperation>, job: Job): Promise<Fate> {
  const { deps, input, operation, session, signal } = context;
  const callbackMayCome = operation.kind === 'queue' && session.provider.readCallback !== undefined;
  const senderMayLive = job.state === 'SUBMITTING';
  if ((senderMayLive || callbackMayCome) && !(await isSenderGone(context, job))) {
    await deps.sleep(LOOK_INTERVAL_MS, signal);
    return { kind: 'changed' };
  }
  if (senderMayLive && !(await writeFenced(deps, input, (writer) => writer.unknownJob(job.id)))) {
    // By the database's clock the lease has not ended, or the job moved on.
    await deps.sleep(LOOK_INTERVAL_MS, signal);
    return { kind: 'changed' };
  }
  return decide(context, job);
}

/** Whether the last possible sender has either been answered or given up, by the clock that gave it its lease. */
function isSenderGone({ deps }: JobContext<unknown>, job: Job): Promise<boolean> {
  return jobs.isSenderGone(deps.database, job.id, deps.providerAccess.requestTimeoutMs);
}

function decide({ deps, resolved, input, missingKey }: JobContext<unknown>, job: Job): Fate {
  // The user's word is for what was there when it was given, and counts once.
  if (input.resubmitUnknown && isOfThePast(job, input)) return { kind: 'resubmit', reason: 'user' };
  if (missingKey) throw missingKey;
  const wasResubmitted = job.generationReason === 'policy' || job.generationReason === 'user';
  const isCheap = job.priceReserved < deps.settings.resubmitBelowCredits;
  if (!wasResubmitted && isCheap) return { kind: 'resubmit', reason: 'policy' };
  const { provider, model } = resolved.candidate;
  const message =
    `Nobody can tell whether ${provider} accepted the job of node "${input.nodeId}" (${model}): its answer was lost and no callback came. ` +
    `It was not sent again, since it may be paid already. Look it up at ${provider}; resume the execution with resubmitUnknown to send it again.`;
  throw new StepError('SubmissionUnknown', message, { provider });
}
