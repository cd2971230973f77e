import type { Answer, ProviderErrors } from '../../core/visit';

/**
 * Error bodies of the Gemini API. Codes: Gemini API reference (read 2026-11-21); the wording of a wrong key and an empty
 * wallet: public issues (read 2026-11-26).
 */
export function googleError(
  status: number,
  code: string,
  message: string,
  details: readonly unknown[] = [],
): Answer {
  const more = details.length === 0 ? {} : { details };
  return { status, body: { error: { code: status, message, status: code, ...more } } };
}

export const invalidArgument = (message: string): Answer => googleError(400, 'INVALID_ARGUMENT', message);

const codes: Readonly<Record<number, readonly [string, string]>> = {
  503: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
  504: ['DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'],
};

export const googleErrors: ProviderErrors = {
  unauthorized: () =>
    googleError(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'API_KEY_INVALID',
        domain: 'googleapis.com',
      },
    ]),
  rateLimited: (retryAfterSeconds) =>
    googleError(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota. Please retry later.', [
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfterSeconds}s` },
    ]),
  insufficientQuota: () =>
    googleError(
      429,
      'RESOURCE_EXHAUSTED',
      'Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.',
    ),
  serverError: (status) => {
    const [code, message] = codes[status] ?? ['INTERNAL', 'An internal error has occurred.'];
    return googleError(status, code, message);
  },
  // Never sent: a refusal is an answer with status 200.
  refused: () => invalidArgument('refused'),
};

export const missingKey = googleError(
  403,
  'PERMISSION_DENIED',
  "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
);

export function unknownModel(model: string, version: string): Answer {
  return googleError(
    404,
    'NOT_FOUND',
    `models/${model} is not found for API version ${version}, or is not supported for this method.`,
  );
}
