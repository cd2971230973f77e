/**
 * Why an HTTP exchange gave no complete answer.
 *
 * - `invalid_request`: the URL or a header cannot be used at all;
 * - `unreachable`: no connection, or none that is allowed. One reason and one text for both, so that a caller cannot
 *   map a private network by the difference;
 * - `timeout`, `reset`: the request had been sent, the answer did not come (in full);
 * - `too_large`: more bytes than allowed, or a body that unpacks out of proportion;
 * - `too_many_redirects`, `undecodable` (a content encoding that cannot be read), `aborted` (by the caller's signal).
 */
export type FetchFailureReason =
  | 'invalid_request'
  | 'unreachable'
  | 'timeout'
  | 'reset'
  | 'too_large'
  | 'too_many_redirects'
  | 'undecodable'
  | 'aborted';

export interface FetchFailureFacts {
  readonly reason: FetchFailureReason;
  /** For the caller; holds the origin at most, never path, query or address. */
  readonly message: string;
  readonly sent: boolean;
  readonly detail?: string;
}

/** Thrown by the guarded fetch. Carries no `cause`: an operating system error names addresses. */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
  readonly reason: FetchFailureReason;
  /** False only when not one byte of the request was written: then it was certainly not carried out. */
  readonly sent: boolean;
  /** For the operator's log only: it tells a refused address from an unreachable one. */
  readonly detail: string | undefined;

  constructor(facts: FetchFailureFacts) {
    super(facts.message);
    this.reason = facts.reason;
    this.sent = facts.sent;
    this.detail = facts.detail;
  }
}
