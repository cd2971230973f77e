import { callbackToken } from '../store/database/callback-token';
import { executions } from '../store/database/executions';
import type { ExecutionWriter } from '../store/database/executions/execution-writer';
import { failpoint } from '../store/failpoints';
import { FAILURE_CODES, type FailureView } from '../workflows/contract';
import { circuitOpen, hasAnotherKey, THROTTLE_WAIT_MAX_MS } from './choose-session';
import { asSender } from './fence';
import { LEASE_MS, NEVER_ABORTS, type ClaimedJob, type JobContext } from './job-context';
import { CircuitOpenError } from './own-circuits';
import type { OperationRequest, ProviderCall, QueueOperation, SyncOperation } from './providers/provider';
import { ProviderError } from './providers/provider-error';
import type { MaterialisedInput } from './materialise-input';
import { stillUndecided } from './recorded-failure';
import { startStopwatch } from './stopwatch';
import { restAfterFailure, restMsOf, restNearLimit } from './rest-credential';
import { providerFailureType, retryDelayMs, StepError } from './to-application-failure';
import { untilRecorded } from './until-recorded';

export type SendMethod<T> = (request: OperationRequest, call: ProviderCall) => Promise<T>;

/** A job step whose body is ready to go. */
export type SendContext = JobContext<SyncOperation | QueueOperation> & { readonly body: MaterialisedInput };

export interface SentJob<T> {
  readonly value: T;
  readonly startedAt: Date;
  readonly latencyMs: number;
}

/** Pause before a job is sent again under another key: the last one alone was turned down. */
const NEXT_KEY_AFTER_MS = 100;

/** Pause before a job of unknown fate is sent again under the same key. */
const RESEND_AFTER_MS = 2_000;

/** Thrown on the open socket before the first byte: nothing was sent. */
class LeaseEndedError extends Error {}

/**
 * Sends a claimed job once.
 *
 * @returns undefined when its fate is not known; then the job is UNKNOWN, and is not to be sent again blindly.
 * @throws StepError when it was definitely not accepted; then the job waits for its next try or is REJECTED.
 */
export async function sendJob<T>(
  context: SendContext,
  claimed: ClaimedJob,
  send: SendMethod<T>,
): Promise<SentJob<T> | undefined> {
  const { deps, session, breakerKey } = context;
  const startedAt = new Date(deps.now());
  const startedMs = performance.now();
  try {
    const bare = session.call(NEVER_ABORTS);
    const call: ProviderCall = {
      ...bare,
      fetch: async (url, init) => {
        const beforeSend = mayStillSend(context, claimed);
        const response = await bare.fetch(url, { ...init, beforeSend });
        restNearLimit(context, response);
        return response;
      },
    };
    const value = await deps.breakers.fire(breakerKey, () =>
      send(operationRequest(context, claimed.job.id), call),
    );
    return { value, startedAt, latencyMs: Math.round(performance.now() - startedMs) };
  } catch (error) {
    restAfterFailure(context, error);
    const timing = { startedAt, latencyMs: Math.round(performance.now() - startedMs) };
    const record = claimed.isResend ? recordFailedResend : recordFailedSend;
    return await record(context, claimed, error, timing);
  }
}

/**
 * To be called on the open socket, just before the first byte. An exchange whose own time is over by then would be ended
 * with its request half read: nobody could tell whether it was accepted.
 *
 * @returns what throws when it is too late
 */
function mayStillSend({ deps }: SendContext, { sinceClaimMs }: ClaimedJob): () => void {
  const sinceBeginMs = startStopwatch();
  return () => {
    failpoint('send.before_lease_check');
    if (sinceClaimMs() > LEASE_MS || sinceBeginMs() > deps.providerAccess.requestTimeoutMs)
      throw new LeaseEndedError('The lease ended before the send.');
    failpoint('send.before_first_byte');
  };
}

function operationRequest(
  { deps, input, operation, resolved, session, body }: SendContext,
  jobId: string,
): OperationRequest {
  const { localUrl, publicUrl, secret } = deps.settings;
  const ownUrl = input.mode === 'test' ? localUrl : publicUrl;
  const hasCallback =
    operation.kind === 'queue' && session.provider.readCallback !== undefined && ownUrl !== undefined;
  return {
    model: resolved.candidate.model,
    input: body.input,
    files: body.files,
    idempotencyKey: jobId,
    ...(hasCallback ? { callbackUrl: `${ownUrl}/api/v1/callbacks/${callbackToken(secret, jobId)}` } : {}),
  };
}

/** The first send may have been accepted, whatever became of this one: the job stays unknown, and is tried again. */
async function recordFailedResend(
  context: JobContext<unknown>,
  claimed: ClaimedJob,
  error: unknown,
  timing: SendTiming,
): Promise<undefined> {
  if (error instanceof CircuitOpenError || error instanceof LeaseEndedError)
    await recordAsSender(context, (writer) =>
      writer.unknownJob(claimed.job.id, { token: claimed.claim.token }),
    );
  else await recordAmbiguity(context, claimed, error, timing);
  if (error instanceof ProviderError && error.kind === 'ambiguous') return undefined;
  const { label, id: provider } = context.session.provider;
  const message = `Whether ${label} accepted the job of node "${context.input.nodeId}" is unknown, and it could not be asked again. Resume the execution to try once more.`;
  const retryAfterMs = error instanceof ProviderError ? error.retryAfterMs : undefined;
  throw new StepError('SubmissionUnknown', message, {
    provider,
    retryAfterMs: Math.max(retryAfterMs ?? 0, RESEND_AFTER_MS),
    cause: error,
  });
}

type SendTiming = Pick<SentJob<unknown>, 'startedAt' | 'latencyMs'>;

async function recordFailedSend(
  context: JobContext<unknown>,
  claimed: ClaimedJob,
  error: unknown,
  timing: SendTiming,
): Promise<undefined> {
  const provider = context.resolved.candidate.provider;
  if (error instanceof CircuitOpenError) {
    const failure = stillUndecided(claimed.job, circuitOpen(provider, error));
    await reject(context, claimed, failure);
    throw failure;
  }
  if (error instanceof LeaseEndedError) {
    const failure = new StepError(
      'ProviderUnavailable',
      'This worker was too slow to send in time; it tries again.',
      { retryAfterMs: 100, provider },
    );
    await recordAsSender(context, (writer) =>
      writer.returnJob(claimed.job.id, claimed.claim.token, view(failure)),
    );
    throw failure;
  }
  if (error instanceof ProviderError && error.kind !== 'ambiguous')
    return recordRejection(context, claimed, error, timing);
  await recordAmbiguity(context, claimed, error, timing);
  return undefined;
}

/** Definitely not accepted: tried again while attempts are left and the kind allows it, otherwise given back. */
async function recordRejection(
  context: JobContext<unknown>,
  claimed: ClaimedJob,
  error: ProviderError,
  timing: SendTiming,
): Promise<never> {
  const { job, claim } = claimed;
  // Before the transaction, which must not wait for a second connection. An unknown answer must not keep this one unwritten.
  const hasAnother =
    isAboutKey(error.kind) &&
    (await hasAnotherKey(context.deps, context.input, context.session).catch(() => false));
  const failure = await recordAsSender(context, async (writer) => {
    const { jobSends } = await writer.recordSend({
      jobId: job.id,
      outcome: 'rejected',
      ...describe(error),
      ...timing,
    });
    const rejection = decideRejection(context, error, { jobSends, hasAnother });
    const isAgain = rejection.options.retryAfterMs !== undefined;
    const decided = isAgain ? rejection : stillUndecided(job, rejection);
    if (decided.options.retryAfterMs !== undefined)
      await writer.returnJob(job.id, claim.token, view(decided));
    else if (error.billed) await writer.failJob(job.id, view(decided), { billedCredits: job.priceReserved });
    else await writer.rejectJob(job.id, claim.token, view(decided));
    return decided;
  });
  throw failure;
}

/** With `retryAfterMs` when the same job is to be sent again. */
function decideRejection(
  context: JobContext<unknown>,
  error: ProviderError,
  { jobSends, hasAnother }: { readonly jobSends: number; readonly hasAnother: boolean },
): StepError {
  const { deps, input, breakerKey } = context;
  const { provider, message, kind, retryAfterMs: askedMs = 0 } = error;
  const { attemptsMax, retryDelayMs: firstMs } = deps.sendPolicy(provider);
  const hasAttempts = jobSends < Math.min(input.attemptsMax, attemptsMax);
  const decided = (retryAfterMs?: number): StepError =>
    new StepError(providerFailureType(error), message, { provider, retryAfterMs, cause: error });
  // A key that was turned down rests, so there are as many more sends as keys at most.
  if (hasAnother && (hasAttempts || kind !== 'rate_limited')) return decided(NEXT_KEY_AFTER_MS);
  const mayPass = kind === 'rate_limited' || kind === 'unavailable';
  // Woken before its key, it would find the key resting, and have used up an attempt.
  const waitMs = kind === 'rate_limited' ? Math.max(askedMs, restMsOf(context)) : askedMs;
  if (!mayPass || !hasAttempts || waitMs > THROTTLE_WAIT_MAX_MS) return decided();
  // Others are refused there from now on: so is this one, at once and not after its pause.
  const circuit = deps.breakers.openNow(breakerKey);
  if (circuit) return circuitOpen(provider, circuit);
  return decided(retryDelayMs({ sends: jobSends, firstMs, askedMs: waitMs, random: deps.random }));
}

function isAboutKey(kind: ProviderError['kind']): boolean {
  return kind === 'rate_limited' || kind === 'authentication' || kind === 'billing';
}

async function recordAmbiguity(
  context: JobContext<unknown>,
  { job, claim }: ClaimedJob,
  error: unknown,
  timing: SendTiming,
): Promise<void> {
  await recordAsSender(context, async (writer) => {
    await writer.recordSend({ jobId: job.id, outcome: 'ambiguous', ...describe(error), ...timing });
    await writer.unknownJob(job.id, { token: claim.token });
  });
}

async function reject(
  context: JobContext<unknown>,
  { job, claim }: ClaimedJob,
  failure: StepError,
): Promise<void> {
  await recordAsSender(context, (writer) => writer.rejectJob(job.id, claim.token, view(failure)));
}

function recordAsSender<T>(
  { deps, input }: JobContext<unknown>,
  work: (writer: ExecutionWriter) => Promise<T>,
): Promise<T> {
  return untilRecorded(deps, () =>
    asSender(deps, input, (scope) => executions.write(deps.database, scope, work)),
  );
}

function describe(error: unknown): { failureCode: string; message: string; httpStatus?: number } {
  if (error instanceof ProviderError) {
    const { httpStatus } = error;
    const message = error.detail ? `${error.message} (${error.detail})` : error.message;
    return {
      failureCode: FAILURE_CODES[providerFailureType(error)],
      message,
      ...(httpStatus ? { httpStatus } : {}),
    };
  }
  return {
    failureCode: FAILURE_CODES.Internal,
    message: error instanceof Error ? error.message : String(error),
  };
}

export function view(failure: StepError): FailureView {
  const { provider, retryAfterMs } = failure.options;
  return {
    code: FAILURE_CODES[failure.type],
    message: failure.message,
    retryable: retryAfterMs !== undefined,
    ...(provider ? { provider } : {}),
  };
}
