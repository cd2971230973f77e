import type { z } from 'zod';
import type { Answer, ProviderErrors } from '../../core/visit';

/**
 * Replicate's problem bodies. 401: replicate-python issue 47; 429 text: replicate.com/docs, rate limits
 * (read 2026-11-21; no Retry-After is documented, so none is sent). The wording of 402 has no source.
 */
export function problem(status: number, title: string, detail: string): Answer {
  return { status, headers: { 'content-type': 'application/problem+json' }, body: { title, detail, status } };
}

export const replicateErrors: ProviderErrors = {
  unauthorized: () => problem(401, 'Unauthenticated', 'You did not pass a valid authentication token'),
  rateLimited: (retryAfterSeconds) => ({
    status: 429,
    body: {
      detail: `Request was throttled. Your rate limit resets in ~${Math.ceil(retryAfterSeconds)}s.`,
      status: 429,
    },
  }),
  insufficientQuota: () =>
    problem(
      402,
      'Insufficient credit',
      'You have insufficient credit to run this model. Go to https://replicate.com/account/billing to purchase credit.',
    ),
  serverError: (status) =>
    problem(status, 'Internal server error', 'An unexpected error occurred. Please try again later.'),
  refused: () => problem(422, 'Unprocessable', 'The input was flagged as sensitive.'),
};

export const missingToken = problem(401, 'Unauthenticated', 'You did not pass an authentication token');
export const notFound = problem(404, 'Not found', 'The requested resource could not be found.');

/** What a model's refusal says on the failed prediction; the wording has no source. */
export const refusalText =
  'The input or output was flagged as sensitive. Please try again with different inputs. (E005)';

export function invalidInput(issues: readonly z.core.$ZodIssue[]): Answer {
  const fields = issues.map((issue) => {
    const name = issue.path.map(String).join('.');
    const required = issue.code === 'invalid_type' && issue.input === undefined;
    return required
      ? { type: 'required', field: 'input', description: `${name} is required` }
      : { type: 'invalid', field: `input.${name}`, description: issue.message };
  });
  const detail = fields.map(({ field, description }) => `- ${field}: ${description}\n`).join('');
  return {
    status: 422,
    headers: { 'content-type': 'application/problem+json' },
    body: { title: 'Input validation failed', detail, status: 422, invalid_fields: fields },
  };
}
