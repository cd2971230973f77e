import { ProviderError, type ProviderErrorKind } from './providers/provider-error';

/** Errors that say something about the provider's health; all others are the caller's fault, or a decision. */
const HEALTH_KINDS: ReadonlySet<ProviderErrorKind> = new Set([
  'rate_limited',
  'unavailable',
  'ambiguous',
  'response_invalid',
]);

export function isUnhealthy(error: unknown): boolean {
  return error instanceof ProviderError && HEALTH_KINDS.has(error.kind);
}
