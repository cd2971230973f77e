import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../workflows/contract';
import {
  isJsonObject,
  jsonObjectSchema,
  providerError,
  requestBytes,
  requestJson,
  type ErrorAnswer,
  type ErrorReading,
  type HttpDialect,
} from './http';
import { toForm } from './http-form';
import { defineProvider, type OperationRequest, type ProviderCall, type SyncOperation } from './provider';
import type { ProviderErrorKind } from './provider-error';

const dialect: HttpDialect = {
  provider: 'openai',
  label: 'OpenAI',
  credentialVariable: 'OPENAI_API_KEY',
  authorize: (credential) => ({ authorization: `Bearer ${credential}` }),
  readError,
  // An error object means that the call ended without a result; openai-node itself sends again after 5xx.
  serverErrorsAreDefinite: true,
};

/**
 * OpenAI: `speech` answers audio bytes, every other operation JSON; `edits` and `transcriptions` take forms. Every call is synchronous, its answer is the
 * result. No idempotency key is documented, so a call that broke off stays unknown.
 *
 * @see openai/openai-openapi v2.3.0 (2026-08-21) and openai-node 7.55.0, read 2026-11-21
 */
export const openai = defineProvider({
  id: 'openai',
  label: 'OpenAI',
  baseUrl: { variable: 'OPENAI_BASE_URL', live: 'https://api.openai.com/v1', sandboxPath: '/openai/v1' },
  credentialVariable: 'OPENAI_API_KEY',
  submitSafety: 'none',
  mediaWithoutUrl: 'data_uri',
  readLimitRestMs: (headers) => resetMs(headers, (limit) => isNearlyUsedUp(headers, limit)),
  operations: {
    chat: jsonOperation('/chat/completions', refuseFilteredChat),
    images: jsonOperation('/images/generations'),
    edits: formOperation('/images/edits'),
    transcriptions: formOperation('/audio/transcriptions'),
    moderations: jsonOperation('/moderations'),
    embeddings: jsonOperation('/embeddings'),
    speech: {
      kind: 'sync',
      call: async (request, call) => {
        const { headers, bytes } = await requestBytes(
          dialect,
          call,
          toRequest('/audio/speech', request, call),
        );
        const mimeType = headers.get('content-type')?.split(';')[0]?.trim();
        // An empty answer or JSON is no speech; that the rest is audio the bytes themselves must show.
        if (bytes.byteLength === 0 || mimeType === 'application/json') {
          const detail = `unexpected ${String(mimeType)}, ${String(bytes.byteLength)} bytes`;
          throw providerError(dialect, call, { kind: 'response_invalid', detail, billed: true });
        }
        return { body: null, bytes, mimeType };
      },
    },
  },
});

/** Ten uncompressed 4K pictures in base64 stay below. */
const MAX_BYTES = 268_435_456;

function jsonOperation(
  path: string,
  inspect: (body: JsonObject, call: ProviderCall) => void = () => undefined,
): SyncOperation {
  return {
    kind: 'sync',
    call: async (request, call) => {
      const { body } = await requestJson(dialect, call, toRequest(path, request, call), jsonObjectSchema);
      inspect(body, call);
      return { body };
    },
  };
}

function toRequest(path: string, { model, input }: OperationRequest, call: ProviderCall) {
  const json = { model, ...input };
  return {
    purpose: 'call',
    method: 'POST',
    url: `${call.baseUrl}${path}`,
    json,
    maxBytes: MAX_BYTES,
  } as const;
}

/** Pictures and recordings go as parts of a form, several under `image[]`; the answer is JSON. */
function formOperation(path: string): SyncOperation {
  return {
    kind: 'sync',
    call: async ({ model, input, files }, call) => {
      const request = {
        purpose: 'call',
        method: 'POST',
        url: `${call.baseUrl}${path}`,
        form: toForm({ model, ...input }, files),
        maxBytes: MAX_BYTES,
      } as const;
      return { body: (await requestJson(dialect, call, request, jsonObjectSchema)).body };
    },
  };
}

const chatAnswer = z.object({ choices: z.array(z.custom<JsonValue>()) });

/** A refusal comes as a 200 and is billed like an answer. */
function refuseFilteredChat(body: JsonObject, call: ProviderCall): void {
  const { choices } = chatAnswer.safeParse(body).data ?? { choices: [] };
  const choice = memberOf(choices[0]);
  const refusal = memberOf(choice['message'])['refusal'];
  const isFiltered = choice['finish_reason'] === 'content_filter';
  if (!isFiltered && (typeof refusal !== 'string' || refusal === '')) return;
  const code = isFiltered ? 'content_filter' : 'refusal';
  throw providerError(dialect, call, { kind: 'refused', code, httpStatus: 200, billed: true });
}

const KINDS: Readonly<Record<string, ProviderErrorKind>> = {
  moderation_blocked: 'refused',
  content_policy_violation: 'refused',
  image_content_policy_violation: 'refused',
  content_filter: 'refused',
  insufficient_quota: 'billing',
  credit_balance_exhausted: 'billing',
  organization_spend_limit_exceeded: 'billing',
  project_spend_limit_exceeded: 'billing',
  model_not_found: 'model_gone',
};

function readError({ headers, body }: ErrorAnswer): ErrorReading {
  const error = memberOf(body['error']);
  const [code, type, param] = [error['code'], error['type'], error['param']].map(textOf);
  const name = code ?? type;
  return {
    kind: KINDS[code ?? ''] ?? KINDS[type ?? ''] ?? kindOfMessage(textOf(error['message']) ?? ''),
    code: name === undefined || param === undefined ? name : `${name} at ${param}`,
    retryAfterMs: resetMs(headers, (limit) => remaining(headers, limit) === 0),
  };
}

function kindOfMessage(message: string): ProviderErrorKind | undefined {
  if (/safety system|usage polic|content polic/i.test(message)) return 'refused';
  return /model .{0,100}(no longer available|deprecated|does not exist)/i.test(message)
    ? 'model_gone'
    : undefined;
}

type Limit = 'requests' | 'tokens';

/** When whichever limit is used up is full again; values such as `1s`, `6m0s`, `120ms`. */
function resetMs(headers: Headers, isUsedUp: (limit: Limit) => boolean): number | undefined {
  const usedUp = (['requests', 'tokens'] as const).filter(isUsedUp);
  const resets = usedUp.map((limit) => durationMs(headers.get(`x-ratelimit-reset-${limit}`) ?? ''));
  const longest = Math.max(0, ...resets);
  return longest === 0 ? undefined : Math.min(longest, 3_600_000);
}

/** Below this share of a limit we wait for it: other workers and programs send under the same key. */
const NEARLY_USED_UP = 0.02;

function isNearlyUsedUp(headers: Headers, limit: Limit): boolean {
  const left = remaining(headers, limit);
  if (left === undefined) return false;
  const whole = Number(headers.get(`x-ratelimit-limit-${limit}`) ?? Number.NaN);
  return left === 0 || left < whole * NEARLY_USED_UP;
}

function remaining(headers: Headers, limit: Limit): number | undefined {
  const text = headers.get(`x-ratelimit-remaining-${limit}`)?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function durationMs(text: string): number {
  const parts = [...text.slice(0, 40).matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return Math.ceil(
    parts.reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (UNIT_MS[unit] ?? 0), 0),
  );
}

function memberOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
