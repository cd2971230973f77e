import { BodyEncodingError, BodyTooLargeError } from './bounded-body';
import type { Deadline } from './deadline';
import { FetchFailure, type FetchFailureReason } from './fetch-failure';
import type { ExchangeState } from './http-exchange';

/** One request of a guarded fetch: the first, or one that a redirect led to. */
export interface Hop {
  readonly target: URL;
  readonly exempt: boolean;
  readonly state: ExchangeState;
  readonly deadline: Deadline;
}

/** Puts whatever ended a hop into a FetchFailure; what `beforeSend` threw is passed on as it is. */
export function toFetchFailure(error: unknown, hop: Hop): unknown {
  if (hop.state.veto !== undefined) return hop.state.veto.error;
  const detail = describe(error);
  if (hop.deadline.abortedByCaller())
    return failure(hop, 'aborted', 'was not waited for: the call was aborted', detail);
  if (error instanceof BodyTooLargeError) return failure(hop, 'too_large', `sent too much: ${error.message}`);
  if (error instanceof BodyEncodingError)
    return failure(hop, 'undecodable', 'sent an unreadable encoding', detail);
  if (codeOf(error) === 'UND_ERR_INVALID_ARG')
    return failure(hop, 'invalid_request', 'was not asked', detail);
  if (!hop.state.sent) return unreachable(hop, detail);
  if (hop.deadline.expired()) {
    return failure(
      hop,
      'timeout',
      `did not answer in full within ${String(hop.deadline.timeoutMs)} ms`,
      detail,
    );
  }
  return failure(hop, 'reset', 'broke off before it had answered in full', detail);
}

/** The same words for a refused address, an unknown name and a closed port. */
export function unreachable(hop: Hop, detail: string): FetchFailure {
  return failure(
    hop,
    'unreachable',
    hop.exempt
      ? 'cannot be reached. Check that it is running and that its address is right'
      : 'cannot be reached at a public address on port 80 or 443. ' +
          'Check the URL; a private host must be listed in EVERFRAME_ALLOWED_PRIVATE_HOSTS',
    detail,
  );
}

export function failure(hop: Hop, reason: FetchFailureReason, what: string, detail?: string): FetchFailure {
  return new FetchFailure({ reason, message: `${hop.target.origin} ${what}.`, sent: hop.state.sent, detail });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? error.errors.map(describe).join('; ') : error.message;
  return [codeOf(error), inner].filter((part) => part !== undefined && part !== '').join(' ');
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
