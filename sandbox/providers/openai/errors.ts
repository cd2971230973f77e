import type { Answer, ProviderErrors } from '../../core/visit';

/**
 * OpenAI's error body. Codes and types: openai-openapi 2.3.0; moderation wording: issue jeffstric/ZJT 480;
 * quota wording: openai-cookbook issue 844 (all read 2026-11-21).
 */
export function openaiError(
  status: number,
  message: string,
  more: { type?: string; code?: string; param?: string } = {},
): Answer {
  const { type = 'invalid_request_error', code = null, param = null } = more;
  return { status, body: { error: { message, type, param, code } } };
}

export const openaiErrors: ProviderErrors = {
  unauthorized: () =>
    openaiError(
      401,
      'Incorrect API key provided: sk-sandbox. You can find your API key at https://platform.openai.com/account/api-keys.',
      {
        code: 'invalid_api_key',
      },
    ),
  rateLimited: (retryAfterSeconds) => ({
    ...openaiError(429, `Rate limit reached for requests. Please try again in ${retryAfterSeconds}s.`, {
      type: 'requests',
      code: 'rate_limit_exceeded',
    }),
    headers: {
      'retry-after': String(retryAfterSeconds),
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': `${retryAfterSeconds}s`,
    },
  }),
  insufficientQuota: () =>
    openaiError(
      429,
      'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
      { type: 'insufficient_quota', code: 'insufficient_quota' },
    ),
  serverError: (status) =>
    openaiError(status, 'The server had an error while processing your request. Sorry about that!', {
      type: 'server_error',
    }),
  refused: () =>
    openaiError(
      400,
      'Your request was rejected by the safety system. If you believe this is an error, contact us at help.openai.com. safety_violations=[violence].',
      { type: 'image_generation_user_error', code: 'moderation_blocked' },
    ),
};

export const missingKey = openaiError(
  401,
  "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
);

export function unknownModel(model: string): Answer {
  return openaiError(404, `The model \`${model}\` does not exist or you do not have access to it.`, {
    code: 'model_not_found',
  });
}
