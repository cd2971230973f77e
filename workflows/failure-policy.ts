import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import { FAILURE_CODES, JOB_PENDING, type FailureType, type FailureView, type PlanNode } from './contract';

/** What follows from a failure type. The workflow decides by the type alone, never by a message. */
interface FailurePolicy {
  /** The next candidate may be tried: nothing was paid here, and nothing may still be paid. */
  readonly tryNext: boolean;
  /** The same request may work later. */
  readonly retryable: boolean;
}

const POLICIES: Readonly<Record<FailureType, FailurePolicy>> = {
  ProviderRateLimited: { tryNext: true, retryable: true },
  ProviderUnavailable: { tryNext: true, retryable: true },
  ProviderResponseInvalid: { tryNext: true, retryable: true },
  ProviderRequestRejected: { tryNext: true, retryable: false },
  ProviderAuthenticationFailed: { tryNext: true, retryable: false },
  ProviderBillingExhausted: { tryNext: true, retryable: false },
  ProviderJobFailed: { tryNext: true, retryable: true },
  ContentRefused: { tryNext: false, retryable: false },
  ModelGone: { tryNext: true, retryable: false },
  CircuitOpen: { tryNext: true, retryable: true },
  AllProvidersFailed: { tryNext: false, retryable: true },
  CredentialMissing: { tryNext: false, retryable: true },
  SubmissionUnknown: { tryNext: false, retryable: false },
  PaidResultUnavailable: { tryNext: false, retryable: false },
  BudgetReached: { tryNext: false, retryable: true },
  JobTimeout: { tryNext: false, retryable: true },
  JobCancelled: { tryNext: true, retryable: true },
  InputInvalid: { tryNext: false, retryable: false },
  InputUnavailable: { tryNext: false, retryable: true },
  InputUnreachable: { tryNext: true, retryable: true },
  DeliveryFailed: { tryNext: false, retryable: true },
  MediaFailed: { tryNext: false, retryable: false },
  AssetStoreUnavailable: { tryNext: false, retryable: true },
  RunTerminated: { tryNext: false, retryable: true },
  RunTimedOut: { tryNext: false, retryable: true },
  StaleRun: { tryNext: false, retryable: false },
  Superseded: { tryNext: false, retryable: false },
  Cancelled: { tryNext: false, retryable: true },
  ItemsFailed: { tryNext: false, retryable: true },
  Internal: { tryNext: false, retryable: true },
};

/** Only the user can mend these: more credits, a key that is gone, or a word on a job that may be paid already. */
const ALWAYS_WAIT: ReadonlySet<FailureType> = new Set([
  'BudgetReached',
  'SubmissionUnknown',
  'CredentialMissing',
]);

/** Whether a node that ended so waits for the user instead of failing. A run that was replaced never waits. */
export function waitsForUser({ onError }: Pick<PlanNode, 'onError'>, type: FailureType): boolean {
  return ALWAYS_WAIT.has(type) || (onError === 'hold' && type !== 'StaleRun');
}

export interface StepFailure extends FailureView {
  readonly type: FailureType;
  readonly tryNext: boolean;
  /** For `CircuitOpen`: when the next probe may go, milliseconds since 1970 by the workflow's clock. */
  readonly retryAtMs?: number;
}

export function stepFailure(
  type: FailureType,
  message: string,
  facts: { provider?: string; retryAtMs?: number } = {},
): StepFailure {
  return { type, code: FAILURE_CODES[type], message, ...POLICIES[type], ...facts };
}

/** Reads what an activity call threw; a cancellation is given back to the caller by being rethrown. */
export function readStepFailure(error: unknown): StepFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof CancelledFailure) throw error;
  if (cause instanceof ApplicationFailure) return readApplicationFailure(cause);
  if (cause instanceof TimeoutFailure) return jobTimeout();
  return stepFailure('Internal', cause instanceof Error ? cause.message : String(cause));
}

function jobTimeout(): StepFailure {
  return stepFailure(
    'JobTimeout',
    'The step did not end within its time limit. Its job stays open at the provider: resume the execution to wait for it again, or raise data.timeoutSeconds of the node.',
  );
}

function readApplicationFailure(failure: ApplicationFailure): StepFailure {
  const type = failure.type;
  // When the next look would come after the time limit, Temporal gives the last one's answer in place of a time-out.
  if (type === JOB_PENDING) return jobTimeout();
  if (!isFailureType(type)) return stepFailure('Internal', failure.message);
  const facts: unknown = failure.details?.[0];
  return stepFailure(type, failure.message, isRecord(facts) ? readFacts(facts) : {});
}

function readFacts(facts: Record<string, unknown>): { provider?: string; retryAtMs?: number } {
  return {
    ...(typeof facts.provider === 'string' ? { provider: facts.provider } : {}),
    ...(typeof facts.openForMs === 'number' ? { retryAtMs: Date.now() + facts.openForMs } : {}),
  };
}

function isFailureType(type: string | null | undefined): type is FailureType {
  return typeof type === 'string' && Object.hasOwn(FAILURE_CODES, type);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What waits says what it waits for; budget and unknown sends do so by themselves. */
export function waitingView(failure: StepFailure): FailureView {
  const view = failureView(failure);
  if (ALWAYS_WAIT.has(failure.type)) return view;
  return {
    ...view,
    message: `${view.message} The node holds here (onError): resume the execution once this is mended.`,
  };
}

export function failureView(failure: StepFailure): FailureView {
  const { code, message, provider, retryable, candidates } = failure;
  return {
    code,
    message,
    retryable,
    ...(provider ? { provider } : {}),
    ...(candidates ? { candidates } : {}),
  };
}
