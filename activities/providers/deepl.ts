import { z } from 'zod';
import {
  jsonObjectSchema,
  providerError,
  requestJson,
  type ErrorAnswer,
  type ErrorReading,
  type HttpDialect,
} from './http';
import { defineProvider, type OperationRequest, type ProviderCall } from './provider';

const dialect: HttpDialect = {
  provider: 'deepl',
  label: 'DeepL',
  credentialVariable: 'DEEPL_AUTH_KEY',
  authorize: (credential) => ({ authorization: `DeepL-Auth-Key ${credential}` }),
  readError,
  // An error with a JSON body says that nothing was translated; deepl-node itself sends again after 5xx.
  serverErrorsAreDefinite: true,
};

/**
 * DeepL: `translate` is one synchronous call. A key that ends in `:fx` belongs to the free plan, which has a host of
 * its own. 456 is its word for a quota that is used up.
 *
 * @see deepl-node 1.28.0 and developers.deepl.com, read 2026-11-21
 */
export const deepl = defineProvider({
  id: 'deepl',
  label: 'DeepL',
  baseUrl: { variable: 'DEEPL_BASE_URL', live: 'https://api.deepl.com', sandboxPath: '/deepl' },
  extraUrls: {
    free: {
      variable: 'DEEPL_FREE_BASE_URL',
      live: 'https://api-free.deepl.com',
      sandboxPath: '/deepl',
      pathAtBase: '',
    },
  },
  credentialVariable: 'DEEPL_AUTH_KEY',
  submitSafety: 'none',
  mediaWithoutUrl: 'data_uri',
  operations: { translate: { kind: 'sync', call: translate } },
});

const translations = z.object({ translations: z.array(z.object({ text: z.string() })).min(1) });

/** `model_type` is the model of the candidate: quality_optimized or latency_optimized. */
async function translate({ model, input }: OperationRequest, call: ProviderCall) {
  const isFree = call.credential.endsWith(':fx');
  const base = isFree ? (call.extraUrls['free'] ?? call.baseUrl) : call.baseUrl;
  const json = { ...input, model_type: model };
  const request = { purpose: 'call', method: 'POST', url: `${base}/v2/translate`, json } as const;
  const { body } = await requestJson(dialect, call, request, jsonObjectSchema);
  if (translations.safeParse(body).success) return { body };
  const detail = 'no translations in the answer';
  throw providerError(dialect, call, { kind: 'response_invalid', detail, billed: true });
}

function readError({ status, body }: ErrorAnswer): ErrorReading {
  const message = body['message'];
  return {
    kind: status === 456 ? 'billing' : status === 404 ? 'request_rejected' : undefined,
    code: typeof message === 'string' ? message : undefined,
  };
}
