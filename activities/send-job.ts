import { callbackToken } from '../store/database/callback-token';
import { FAILURE_CODES, type FailureView } from '../workflows/contract';
import { CircuitOpenError } from './circuit-breakers';
import { writeFenced } from './fence';
import { circuitOpen, LEASE_MS, NEVER_ABORTS, type ClaimedJob, type JobContext } from './job-context';
import type { OperationRequest, ProviderCall, QueueOperation, SyncOperation } from './providers/provider';
import { ProviderError } from './providers/provider-error';
import { providerFailureType, retryDelayMs, StepError } from './to-application-failure';

export type SendMethod<T> = (request: OperationRequest, call: ProviderCall) => Promise<T>;

export interface SentJob<T> {
  readonly value: T;
  readonly startedAt: Date;
  readonly latencyMs: number;
}

/** A provider that wants us to wait longer than this is left for the next candidate. */
const RETRY_AFTER_MAX_MS = 60_000;

/** Thrown on the open socket before the first byte: nothing was sent. */
class LeaseEndedError extends Error {}

/**
 * Sends a claimed job once.
 *
 * @returns undefined when its fate is not known; then the job is UNKNOWN, and is not to be sent again blindly.
 * @throws StepError when it was definitely not accepted; then the job waits for its next try or is REJECTED.
 */
export async function sendJob<T>(
  context: JobContext<SyncOperation | QueueOperation>,
  claimed: ClaimedJob,
  send: SendMethod<T>,
): Promise<SentJob<T> | undefined> {
  const { deps, session, breakerKey } = context;
  const startedAt = new Date(deps.now());
  const startedMs = performance.now();
  const assertLease = (): void => {
    if (performance.now() > claimed.claimedAtMs + LEASE_MS)
      throw new LeaseEndedError('The lease ended before the send.');
  };
  try {
    const bare = session.call(NEVER_ABORTS);
    const call: ProviderCall = {
      ...bare,
      fetch: (url, init) => bare.fetch(url, { ...init, beforeSend: assertLease }),
    };
    const value = await deps.breakers.fire(breakerKey, () =>
      send(operationRequest(context, claimed.job.id), call),
    );
    return { value, startedAt, latencyMs: Math.round(performance.now() - startedMs) };
  } catch (error) {
    const timing = { startedAt, latencyMs: Math.round(performance.now() - startedMs) };
    return await recordFailedSend(context, claimed, error, timing);
  }
}

function operationRequest(
  { deps, input, operation, resolved, session, body }: JobContext<SyncOperation | QueueOperation>,
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

type SendTiming = Pick<SentJob<unknown>, 'startedAt' | 'latencyMs'>;

async function recordFailedSend(
  context: JobContext<unknown>,
  claimed: ClaimedJob,
  error: unknown,
  timing: SendTiming,
): Promise<undefined> {
  const provider = context.resolved.candidate.provider;
  if (error instanceof CircuitOpenError) {
    const failure = circuitOpen(provider, error);
    await reject(context, claimed, failure);
    throw failure;
  }
  if (error instanceof LeaseEndedError) {
    const failure = new StepError(
      'ProviderUnavailable',
      'This worker was too slow to send in time; it tries again.',
      { retryAfterMs: 100, provider },
    );
    await writeFenced(context.deps, context.input, (writer) =>
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
  const { deps, input } = context;
  const { job, claim } = claimed;
  const type = providerFailureType(error);
  const failure = await writeFenced(deps, input, async (writer) => {
    const { jobSends } = await writer.recordSend({
      jobId: job.id,
      outcome: 'rejected',
      ...describe(error),
      ...timing,
    });
    const isRetryable = error.kind === 'rate_limited' || error.kind === 'unavailable';
    const again =
      isRetryable && jobSends < input.attemptsMax && (error.retryAfterMs ?? 0) <= RETRY_AFTER_MAX_MS;
    const retryAfterMs = again ? retryDelayMs(jobSends, deps.random, error.retryAfterMs) : undefined;
    const decided = new StepError(type, error.message, {
      provider: error.provider,
      retryAfterMs,
      cause: error,
    });
    if (again) await writer.returnJob(job.id, claim.token, view(decided));
    else if (error.billed) await writer.failJob(job.id, view(decided), { billedCredits: job.priceReserved });
    else await writer.rejectJob(job.id, claim.token, view(decided));
    return decided;
  });
  throw failure;
}

async function recordAmbiguity(
  { deps, input }: JobContext<unknown>,
  { job, claim }: ClaimedJob,
  error: unknown,
  timing: SendTiming,
): Promise<void> {
  await writeFenced(deps, input, async (writer) => {
    await writer.recordSend({ jobId: job.id, outcome: 'ambiguous', ...describe(error), ...timing });
    await writer.unknownJob(job.id, { token: claim.token });
  });
}

async function reject(
  { deps, input }: JobContext<unknown>,
  { job, claim }: ClaimedJob,
  failure: StepError,
): Promise<void> {
  await writeFenced(deps, input, (writer) => writer.rejectJob(job.id, claim.token, view(failure)));
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
