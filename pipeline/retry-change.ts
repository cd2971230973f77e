import { z } from 'zod';
import { FAILURE_CODES, type FailureCode, type JsonObject } from '../workflows/contract';

/**
 * Failures after which nothing may still be paid: the node may be tried again with a change. After a send of unknown fate,
 * a time-out or a paid result that is gone, only its user may decide that.
 */
export const CHANGEABLE_CODES = [
  FAILURE_CODES.ContentRefused,
  FAILURE_CODES.ProviderRequestRejected,
  FAILURE_CODES.ProviderJobFailed,
  FAILURE_CODES.ProviderResponseInvalid,
  FAILURE_CODES.ProviderRateLimited,
  FAILURE_CODES.ProviderUnavailable,
  FAILURE_CODES.ProviderAuthenticationFailed,
  FAILURE_CODES.ProviderBillingExhausted,
  FAILURE_CODES.ModelGone,
  FAILURE_CODES.CircuitOpen,
  FAILURE_CODES.InputUnreachable,
  FAILURE_CODES.AllProvidersFailed,
] as const satisfies readonly FailureCode[];

/** One entry of `data.retry.changes`, as posted. */
export const retryChangeSchema = z
  .strictObject({
    on: z.array(z.enum(CHANGEABLE_CODES)).min(1).describe('Failure codes that this change is for.'),
    set: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Config fields that take the place of the posted ones, or of an edge.'),
    model: z.string().optional().describe('`provider` or `provider:model` that is asked instead.'),
  })
  .describe('Used once, when the node has failed by one of these codes and nothing may still be paid.');

/** The same, read. */
export interface RetryChange {
  readonly on: readonly FailureCode[];
  readonly set: JsonObject;
  readonly model: string | undefined;
}
