import type { z } from 'zod';
import type { Answer, ProviderErrors } from '../../core/visit';

/** `{detail: {status, message}}` (elevenlabs.io/docs, errors, read 2026-11-21); the messages have no source. */
export function elevenlabsError(status: number, name: string, message: string): Answer {
  return { status, body: { detail: { status: name, message } } };
}

export const elevenlabsErrors: ProviderErrors = {
  unauthorized: () => elevenlabsError(401, 'invalid_api_key', 'Invalid API key'),
  rateLimited: (retryAfterSeconds) => ({
    ...elevenlabsError(
      429,
      'too_many_concurrent_requests',
      'Too many concurrent requests. Your current subscription is associated with a maximum of 10 concurrent requests.',
    ),
    headers: { 'retry-after': String(retryAfterSeconds) },
  }),
  insufficientQuota: () =>
    elevenlabsError(
      401,
      'quota_exceeded',
      'This request exceeds your quota. You have 0 credits remaining, while 100 credits are required for this request.',
    ),
  serverError: (status) =>
    elevenlabsError(status, 'internal_server_error', 'An error occurred while processing your request.'),
  refused: () => elevenlabsError(400, 'bad_prompt', 'Your prompt goes against our terms of service.'),
};

export function invalidInput(issues: readonly z.core.$ZodIssue[]): Answer {
  const detail = issues.map((issue) => ({
    loc: ['body', ...issue.path.map(String)],
    msg: issue.code === 'invalid_type' && issue.input === undefined ? 'Field required' : issue.message,
    type: issue.code === 'invalid_type' && issue.input === undefined ? 'missing' : 'value_error',
  }));
  return { status: 422, body: { detail } };
}
