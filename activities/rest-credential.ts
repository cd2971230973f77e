import type { RestReason } from '../store/database/credential-rests';
import type { JobContext } from './job-context';
import type { ProviderHttpResponse } from './providers/provider';
import { ProviderError } from './providers/provider-error';

/** A provider that limits us without saying for how long. */
const THROTTLE_REST_MS = 1_000;

/** What the answer to a send says about its key. A 403 may be about one model that the key may not use. */
export function restAfterFailure(context: JobContext<unknown>, error: unknown): void {
  if (!(error instanceof ProviderError)) return;
  const { keyRestMs } = context.deps.sendPolicy(error.provider);
  switch (error.kind) {
    case 'rate_limited':
      return rest(context, 'throttled', error.retryAfterMs ?? THROTTLE_REST_MS);
    case 'billing':
      return rest(context, 'billing', keyRestMs);
    case 'authentication':
      return rest(context, 'authentication', keyRestMs, error.httpStatus === 403);
    default:
  }
}

/** A key that has next to nothing left of its limit rests until the limit is full again. An error says itself how long. */
export function restNearLimit(context: JobContext<unknown>, { status, headers }: ProviderHttpResponse): void {
  if (status >= 400) return;
  const restMs = context.session.provider.readLimitRestMs?.(headers);
  if (restMs !== undefined) rest(context, 'throttled', restMs);
}

/** How long the key of this step rests from now, milliseconds. */
export function restMsOf({ deps, session, resolved }: JobContext<unknown>): number {
  const { provider, model } = resolved.candidate;
  const { credentialId, mode } = session;
  return Math.ceil(deps.rests.restOf({ provider, model, credentialId, mode })?.remainingMs ?? 0);
}

function rest(
  { deps, session, resolved }: JobContext<unknown>,
  reason: RestReason,
  restMs: number,
  isOfModel = false,
): void {
  const { provider, model } = resolved.candidate;
  const { credentialId, mode } = session;
  const key = { provider, credentialId, mode, ...(isOfModel ? { model } : {}) };
  void deps.rests.rest(key, reason, restMs);
}
