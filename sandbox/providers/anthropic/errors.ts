import { randomBytes } from 'node:crypto';
import type { Answer, ProviderErrors } from '../../core/visit';

/** Anthropic's error body (platform.claude.com, Errors, read 2026-11-21). */
export function anthropicError(status: number, type: string, message: string, errorCode?: string): Answer {
  const details = errorCode === undefined ? {} : { details: { error_code: errorCode } };
  const requestId = `req_${randomBytes(12).toString('hex')}`;
  return {
    status,
    headers: { 'request-id': requestId },
    body: { type: 'error', error: { type, message, ...details }, request_id: requestId },
  };
}

export const invalid = (message: string): Answer => anthropicError(400, 'invalid_request_error', message);

export const anthropicErrors: ProviderErrors = {
  unauthorized: () => anthropicError(401, 'authentication_error', 'invalid x-api-key'),
  rateLimited: (retryAfterSeconds) => {
    const answer = anthropicError(
      429,
      'rate_limit_error',
      'This request would exceed the rate limit for your organization.',
    );
    return {
      ...answer,
      headers: {
        ...answer.headers,
        'retry-after': String(retryAfterSeconds),
        'anthropic-ratelimit-requests-remaining': '0',
      },
    };
  },
  insufficientQuota: () =>
    anthropicError(
      429,
      'rate_limit_error',
      'You have reached your specified API usage limits.',
      'enforced_spend_limit_reached',
    ),
  serverError: (status) =>
    status === 529
      ? anthropicError(529, 'overloaded_error', 'Overloaded')
      : status === 504
        ? anthropicError(504, 'timeout_error', 'Request timed out')
        : anthropicError(status, 'api_error', 'Internal server error'),
  // Never sent: a refusal is a message with status 200.
  refused: () => invalid('refused'),
};
