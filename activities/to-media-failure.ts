import type { MediaError } from '../store/assets/media/media-error';
import { StepError } from './to-application-failure';

const RETRY_AFTER_MS = 2_000;

/** A crash or a time-out of the child may be the machine's fault and is tried again; the rest is the file's. */
export function toMediaFailure(error: MediaError, unusable: (message: string) => Error): Error {
  if (error.kind !== 'timeout' && error.kind !== 'crashed') return unusable(error.message);
  return new StepError('MediaFailed', error.message, { retryAfterMs: RETRY_AFTER_MS, cause: error });
}
