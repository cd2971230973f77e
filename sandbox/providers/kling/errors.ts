import type { z } from 'zod';
import type { Answer, ProviderErrors } from '../../core/visit';

/** Kling's envelope of an error (kling.ai/document-api, error codes, read 2026-11-21). */
export function klingError(status: number, code: number, message: string, requestId = 'sandbox'): Answer {
  return { status, body: { code, message, request_id: requestId } };
}

export const klingErrors: ProviderErrors = {
  unauthorized: () => klingError(401, 1002, 'access key is not found'),
  rateLimited: (retryAfterSeconds) => ({
    ...klingError(429, 1303, 'parallel task over resource pack limit'),
    headers: { 'retry-after': String(retryAfterSeconds) },
  }),
  insufficientQuota: () => klingError(429, 1102, 'Account balance not enough'),
  serverError: (status) =>
    klingError(status, status === 503 ? 5001 : status === 504 ? 5002 : 5000, 'Internal server error'),
  refused: () => klingError(400, 1301, 'The content contains risk'),
};

/** Whether an unknown task is answered so is not documented: code 1203 is "resource does not exist". */
export const unknownTask = klingError(404, 1203, 'The requested resource does not exist');

export function invalidInput(issues: readonly z.core.$ZodIssue[]): Answer {
  const [issue] = issues;
  return klingError(400, 1201, `${issue?.path.join('.') ?? ''} value is invalid: ${issue?.message ?? ''}`);
}
