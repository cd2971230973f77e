import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { JobStateError } from '../store/database/jobs/job';
import { JOB_PENDING, type FailureType } from '../workflows/contract';
import { ProviderError, type ProviderErrorKind } from './providers/provider-error';

/** A decided failure of a step: type and caller's message; `facts` travel to the workflow as the failure's details. */
export class StepError extends Error {
  constructor(
    readonly type: FailureType,
    message: string,
    readonly options: {
      /** Try the same activity again after this long; absent: Temporal does not retry. */
      readonly retryAfterMs?: number;
      readonly provider?: string;
      /** For `CircuitOpen`: milliseconds until a send may be let through; the workflow counts from when it hears of it. */
      readonly openForMs?: number;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
  }
}

const FAILURE_TYPES: Readonly<Record<ProviderErrorKind, FailureType>> = {
  rate_limited: 'ProviderRateLimited',
  unavailable: 'ProviderUnavailable',
  ambiguous: 'SubmissionUnknown',
  response_invalid: 'ProviderResponseInvalid',
  request_rejected: 'ProviderRequestRejected',
  refused: 'ContentRefused',
  authentication: 'ProviderAuthenticationFailed',
  billing: 'ProviderBillingExhausted',
  model_gone: 'ModelGone',
  job_failed: 'ProviderJobFailed',
  input_unreachable: 'InputUnreachable',
};

export function providerFailureType(error: ProviderError): FailureType {
  return FAILURE_TYPES[error.kind];
}

/** The only place where an error of ours becomes a failure of Temporal's. */
export function toApplicationFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof StepError) return fromStepError(error);
  if (error instanceof ProviderError) {
    return fromStepError(
      new StepError(providerFailureType(error), error.message, { provider: error.provider, cause: error }),
    );
  }
  // The signal of the activity was obeyed: Temporal knows whether for a cancellation, a pause, a reset or a shutdown.
  if (error instanceof Error && error.name === 'AbortError')
    return new CancelledFailure('The step was told to stop.');
  return ApplicationFailure.create({
    message:
      'Everframe itself failed at this step; the cause is in the history of the run and in the log of the worker.',
    type: 'Internal',
    nonRetryable: isBug(error),
    cause: error instanceof Error ? error : new Error(String(error)),
  });
}

/** Will not go away by itself, unlike a database that is restarting. */
function isBug(error: unknown): boolean {
  return [TypeError, RangeError, ReferenceError, JobStateError].some((bug) => error instanceof bug);
}

function fromStepError(error: StepError): ApplicationFailure {
  const { retryAfterMs, provider, openForMs } = error.options;
  return ApplicationFailure.create({
    message: error.message,
    type: error.type,
    nonRetryable: retryAfterMs === undefined,
    nextRetryDelay: retryAfterMs,
    details: [{ provider, openForMs }],
  });
}

/** Not a failure: the job is not done, look again later. Benign, so that logs and metrics stay quiet. */
export function jobPending(nextRetryDelayMs: number): ApplicationFailure {
  return ApplicationFailure.create({
    message: 'The job is not done yet.',
    type: JOB_PENDING,
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: Math.round(nextRetryDelayMs),
  });
}

export interface RetryDelay {
  /** Sends so far, from 1. */
  readonly sends: number;
  /** Before the second send, 1,000 unless given; twice as long before each further one. */
  readonly firstMs?: number;
  /** What the provider asks for. */
  readonly askedMs?: number;
  readonly random: () => number;
}

/** 1, 2, 4 s … with jitter of a half to one and a half; Temporal's server adds none of its own. */
export function retryDelayMs({ sends, firstMs = 1_000, askedMs = 0, random }: RetryDelay): number {
  const backoffMs = Math.min(firstMs * 2 ** Math.max(sends - 1, 0), 60_000) * (0.5 + random());
  return Math.round(Math.max(backoffMs, askedMs));
}
