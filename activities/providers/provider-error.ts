/**
 * What went wrong at a provider, decided once, where the answer is read.
 *
 * | kind | same provider again | next candidate | counts for the breaker |
 * |---|---|---|---|
 * | `rate_limited` | yes, after `retryAfterMs` | after the attempts | yes |
 * | `unavailable` (definitely not accepted) | yes | after the attempts | yes |
 * | `ambiguous` (may have been accepted) | never blindly | never | yes |
 * | `response_invalid` (a result that cannot be used) | no | yes | yes |
 * | `request_rejected` | no | yes (limits differ) | no |
 * | `refused` (content policy) | no | no | no |
 * | `authentication`, `billing` | no | yes | no |
 * | `model_gone` | no | yes | no |
 * | `job_failed` (accepted, ended badly) | no | yes | no |
 * | `input_unreachable` (it could not fetch our file) | as a new job | after the attempts | no |
 */
export type ProviderErrorKind =
  | 'rate_limited'
  | 'unavailable'
  | 'ambiguous'
  | 'response_invalid'
  | 'request_rejected'
  | 'refused'
  | 'authentication'
  | 'billing'
  | 'model_gone'
  | 'job_failed'
  | 'input_unreachable';

export interface ProviderErrorFacts {
  readonly provider: string;
  readonly kind: ProviderErrorKind;
  /** For the caller: what happened and what to do. No secrets, no provider body. */
  readonly message: string;
  /** For the operator: status, provider's code, shortened and redacted body. */
  readonly detail?: string;
  readonly httpStatus?: number;
  readonly retryAfterMs?: number;
  /** The provider bills this although it failed. */
  readonly billed?: boolean;
  /** An answer to a poll that is not known as the end of a job, such as 404: it may pass. */
  readonly isOdd?: boolean;
  readonly cause?: unknown;
}

export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly provider: string;
  readonly kind: ProviderErrorKind;
  readonly detail: string | undefined;
  readonly httpStatus: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly billed: boolean;
  readonly isOdd: boolean;

  constructor(facts: ProviderErrorFacts) {
    super(facts.message, { cause: facts.cause });
    this.provider = facts.provider;
    this.kind = facts.kind;
    this.detail = facts.detail;
    this.httpStatus = facts.httpStatus;
    this.retryAfterMs = facts.retryAfterMs;
    this.billed = facts.billed ?? false;
    this.isOdd = facts.isOdd ?? false;
  }
}
