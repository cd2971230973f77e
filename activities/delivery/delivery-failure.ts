import type { StepInput } from '../../workflows/contract';
import type { ActivityDependencies } from '../dependencies';
import type { FetchFailure } from '../fetch/fetch-failure';
import { retryDelayMs, StepError } from '../to-application-failure';

export interface Tries {
  readonly signal: AbortSignal;
  /** This one, from 1. */
  readonly attempt: number;
}

/** @param facts.askedMs - Set where another try may do better: how long the receiver asks us to wait. */
export function deliveryFailure(
  { random }: Pick<ActivityDependencies, 'random'>,
  message: string,
  { attempt, askedMs, cause }: Tries & { readonly askedMs?: number; readonly cause?: unknown },
): StepError {
  const retryAfterMs = askedMs === undefined ? undefined : retryDelayMs({ sends: attempt, askedMs, random });
  return new StepError('DeliveryFailed', message, { retryAfterMs, cause });
}

/** The way there failed; only an address that cannot be used at all is not tried again. */
export function unsent(
  deps: Pick<ActivityDependencies, 'random'>,
  { nodeId }: StepInput,
  error: FetchFailure,
  tries: Tries,
): StepError {
  const mayWork = error.reason !== 'invalid_request';
  const message = `Node "${nodeId}": ${error.message}`;
  return deliveryFailure(deps, message, { ...tries, ...(mayWork ? { askedMs: 0 } : {}), cause: error });
}
