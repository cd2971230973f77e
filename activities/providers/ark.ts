import { z } from 'zod';
import {
  isJsonObject,
  jsonObjectSchema,
  providerError,
  requestJson,
  type ErrorAnswer,
  type ErrorReading,
  type HttpDialect,
} from './http';
import { defineProvider, type ProviderCall } from './provider';
import type { ProviderErrorKind } from './provider-error';
import type { JsonValue } from '../../workflows/contract';

const dialect: HttpDialect = {
  provider: 'ark',
  label: 'BytePlus Ark',
  credentialVariable: 'ARK_API_KEY',
  authorize: (credential) => ({ authorization: `Bearer ${credential}` }),
  readError,
  // Nothing says that a request answered with 5xx made no picture.
  serverErrorsAreDefinite: false,
};

/**
 * BytePlus Ark (ModelArk), ByteDance's Seedream models: `images` is synchronous; pictures come as links or base64. An
 * item of the answer may be an error instead of a picture, with status 200. No idempotency key, no cancel.
 *
 * @see vercel/ai packages/bytedance 1.0.29, ComfyUI's ByteDance node, read 2026-11-26; names of errors beyond those
 * that carry their meaning in them could not be read
 */
export const ark = defineProvider({
  id: 'ark',
  label: 'BytePlus Ark',
  baseUrl: {
    variable: 'ARK_BASE_URL',
    live: 'https://ark.ap-southeast.bytepluses.com/api/v3',
    sandboxPath: '/ark/api/v3',
  },
  credentialVariable: 'ARK_API_KEY',
  submitSafety: 'none',
  mediaWithoutUrl: 'data_uri',
  operations: {
    images: {
      kind: 'sync',
      call: async ({ model, input }, call) => {
        const url = `${call.baseUrl}/images/generations`;
        const request = { purpose: 'call', method: 'POST', url, json: { model, ...input } } as const;
        const { body } = await requestJson(dialect, call, { ...request, maxBytes: MAX_BYTES }, answer);
        const items = body['data'];
        refuseFailedItem(Array.isArray(items) ? (items as readonly JsonValue[])[0] : undefined, call);
        return { body };
      },
    },
  },
});

/** A picture of 16 megapixels in base64 stays below. */
const MAX_BYTES = 100_000_000;

const answer = jsonObjectSchema.refine(
  (body) => z.object({ data: z.array(z.unknown()).min(1) }).safeParse(body).success,
);

function refuseFailedItem(item: JsonValue | undefined, call: ProviderCall): void {
  const error = isJsonObject(item) ? item['error'] : undefined;
  if (!isJsonObject(error)) return;
  const code = typeof error['code'] === 'string' ? error['code'] : undefined;
  const kind = kindOf(code ?? '') ?? 'job_failed';
  throw providerError(dialect, call, { kind, code, httpStatus: 200, detail: JSON.stringify(error) });
}

/** Codes are compound words such as `OutputImageSensitiveContentDetected`; the word that counts decides. */
const KINDS: readonly (readonly [RegExp, ProviderErrorKind])[] = [
  [/Sensitive|Risk|PolicyViolation/i, 'refused'],
  [/Overdue|Arrears|InsufficientBalance/i, 'billing'],
  [/ModelNotOpen|InvalidEndpointOrModel|ModelNotFound/i, 'model_gone'],
  [/RateLimit|Overloaded|TooManyRequests/i, 'rate_limited'],
];

function kindOf(code: string): ProviderErrorKind | undefined {
  return KINDS.find(([pattern]) => pattern.test(code))?.[1];
}

/** `{error: {code, message}}`. */
function readError({ status, body }: ErrorAnswer): ErrorReading {
  const { error } = body;
  const code = isJsonObject(error) && typeof error['code'] === 'string' ? error['code'] : undefined;
  return { kind: status < 500 ? kindOf(code ?? '') : undefined, code };
}
