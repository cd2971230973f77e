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
import {
  defineProvider,
  type JobCheck,
  type JobHandle,
  type OperationRequest,
  type ProviderCall,
  type SyncOperation,
} from './provider';
import type { ProviderError, ProviderErrorKind } from './provider-error';

const dialect: HttpDialect = {
  provider: 'google',
  label: 'Google',
  credentialVariable: 'GEMINI_API_KEY',
  authorize: (credential) => ({ 'x-goog-api-key': credential }),
  readError,
  // An error object means that the call ended without a result.
  serverErrorsAreDefinite: true,
};

/** Nothing says that an interaction whose creation was answered with 5xx was not begun. */
const jobDialect: HttpDialect = { ...dialect, serverErrorsAreDefinite: false };

/**
 * Google's Gemini API: `generate_content` (text, vision, pictures as inline base64), `speech` (the same on v1beta, where
 * the models that speak are) and `embeddings` are synchronous; `interaction` runs in the background and is polled
 * (video). A blocked request is HTTP 200. No idempotency key is documented.
 *
 * @see googleapis/js-genai 2.32.0 and 3.1.0, Gemini API reference; read 2026-11-21
 */
export const google = defineProvider({
  id: 'google',
  label: 'Google',
  baseUrl: {
    variable: 'GOOGLE_BASE_URL',
    live: 'https://generativelanguage.googleapis.com/v1',
    sandboxPath: '/google/v1',
  },
  extraUrls: {
    beta: {
      variable: 'GOOGLE_BETA_BASE_URL',
      live: 'https://generativelanguage.googleapis.com/v1beta',
      sandboxPath: '/google/v1beta',
      pathAtBase: '',
    },
  },
  credentialVariable: 'GEMINI_API_KEY',
  submitSafety: 'none',
  mediaWithoutUrl: 'data_uri',
  operations: {
    generate_content: modelCall('generateContent', ({ baseUrl }) => baseUrl),
    speech: modelCall('generateContent', ({ extraUrls, baseUrl }) => extraUrls['beta'] ?? baseUrl),
    embeddings: modelCall('batchEmbedContents', ({ baseUrl }) => baseUrl),
    interaction: { kind: 'queue', submit, check, cancel },
  },
});

/** A video of 4K in base64 stays below. */
const MAX_BYTES = 268_435_456;

function modelCall(method: string, base: (call: ProviderCall) => string): SyncOperation {
  return {
    kind: 'sync',
    call: async ({ model, input }, call) => {
      const url = `${base(call)}/models/${encodeURIComponent(model)}:${method}`;
      const request = { purpose: 'call', method: 'POST', url, json: input, maxBytes: MAX_BYTES } as const;
      const { body } = await requestJson(dialect, call, request, jsonObjectSchema);
      refuseBlocked(body, call);
      return { body };
    },
  };
}

/** Finish reasons by which a filter stops an answer (Gemini API reference, read 2026-11-21). */
const REFUSALS: readonly string[] = [
  ...['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'LANGUAGE'],
  ...['IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT', 'IMAGE_RECITATION'],
];

/** Nothing is said about the bill of what was stopped; tokens that were counted as given count as billed. */
function refuseBlocked(body: JsonObject, call: ProviderCall): void {
  const blocked = textOf(memberOf(body['promptFeedback'])['blockReason']);
  const candidates = body['candidates'];
  const first = memberOf(Array.isArray(candidates) ? (candidates[0] as JsonValue) : undefined);
  const finish = textOf(first['finishReason']) ?? '';
  const code = blocked ?? (REFUSALS.includes(finish) ? finish : undefined);
  if (code === undefined) return;
  const given = memberOf(body['usageMetadata'])['candidatesTokenCount'];
  const billed = typeof given === 'number' && given > 0;
  throw providerError(dialect, call, { kind: 'refused', code, httpStatus: 200, billed });
}

const interactionId = z.string().regex(/^[\w.-]{1,400}$/);
const created = z.object({ id: interactionId });

const interaction = z.object({
  status: z.enum([
    ...(['queued', 'in_progress', 'requires_action', 'requires_continuation'] as const),
    ...(['completed', 'failed', 'cancelled', 'incomplete', 'budget_exceeded'] as const),
  ]),
});

async function submit({ model, input }: OperationRequest, call: ProviderCall): Promise<JobHandle> {
  const url = `${call.baseUrl}/interactions`;
  const json = { model, ...input, background: true };
  const request = { purpose: 'submit', method: 'POST', url, json } as const;
  const { body } = await requestJson(jobDialect, call, request, created);
  return { providerJobId: body.id };
}

async function check(handle: JobHandle, call: ProviderCall): Promise<JobCheck> {
  const url = `${addressOf(handle, call)}?stream=false`;
  const request = { purpose: 'poll', method: 'GET', url, maxBytes: MAX_BYTES } as const;
  const { body } = await requestJson(jobDialect, call, request, jsonObjectSchema);
  const state = interaction.safeParse(body);
  if (!state.success)
    throw providerError(jobDialect, call, { kind: 'unavailable', detail: 'no known status' });
  switch (state.data.status) {
    case 'queued':
    case 'in_progress':
      return { status: 'pending' };
    case 'completed':
      return { status: 'succeeded', reply: { body, ...(await videoOf(body, call)) } };
    default:
      throw jobFailed(state.data.status, body, call);
  }
}

/** Also for one that is done or gone. */
async function cancel(handle: JobHandle, call: ProviderCall): Promise<void> {
  const url = `${addressOf(handle, call)}/cancel`;
  const alsoAccept = [400, 404, 409];
  await requestBytes(jobDialect, call, { purpose: 'poll', method: 'POST', url, alsoAccept });
}

/** A file at Google's own address can be had with the key alone, so it is fetched here; any other address is left to the caller. */
async function videoOf(
  body: JsonObject,
  call: ProviderCall,
): Promise<{ readonly bytes: Uint8Array; readonly mimeType?: string } | undefined> {
  const uri = textOf(memberOf(body['output_video'])['uri']) ?? uriIn(body['steps']);
  if (uri === undefined || !URL.canParse(uri)) return undefined;
  if (new URL(uri).origin !== new URL(call.baseUrl).origin) return undefined;
  const request = { purpose: 'poll', method: 'GET', url: uri, maxBytes: MAX_BYTES } as const;
  const { bytes, headers } = await requestBytes(jobDialect, call, request);
  return { bytes, mimeType: headers.get('content-type')?.split(';')[0]?.trim() };
}

const videoSteps = z.array(
  z.object({ content: z.array(z.object({ type: z.string(), uri: z.string().optional() })).optional() }),
);

function uriIn(steps: JsonValue | undefined): string | undefined {
  const contents = (videoSteps.safeParse(steps).data ?? []).flatMap((step) => step.content ?? []);
  return contents.find(({ type, uri }) => type === 'video' && uri !== undefined)?.uri;
}

function addressOf({ providerJobId }: JobHandle, call: ProviderCall): string {
  return `${call.baseUrl}/interactions/${encodeURIComponent(providerJobId)}`;
}

/** Where a refusal stands is not documented: it is known by its words. */
const REFUSAL = /safety|policy|prohibited|blocked|sensitive/i;

function jobFailed(status: string, body: JsonObject, call: ProviderCall): ProviderError {
  const detail = JSON.stringify(body['errors'] ?? null);
  const isRefusal = status === 'failed' && REFUSAL.test(detail);
  return providerError(jobDialect, call, {
    kind: isRefusal ? 'refused' : 'job_failed',
    code: status === 'failed' ? undefined : status,
    detail,
  });
}

const retryInfo = z.array(z.object({ retryDelay: z.string().optional(), reason: z.string().optional() }));

function readError({ body, text }: ErrorAnswer): ErrorReading {
  const error = memberOf(body['error']);
  const details = retryInfo.safeParse(error['details']).data ?? [];
  const delay = details.map(({ retryDelay }) => retryDelay).find((found) => found !== undefined);
  const seconds = /^(\d{1,5}(?:\.\d+)?)s$/.exec(delay ?? '')?.[1];
  return {
    kind: kindOf(textOf(error['message']) ?? text, details),
    code: textOf(error['status']),
    retryAfterMs: seconds === undefined ? undefined : Math.min(Number(seconds) * 1_000, 3_600_000),
  };
}

/** A wrong key is a 400, an empty wallet a 429: both by their words (public issues, read 2026-11-26). */
function kindOf(
  message: string,
  details: readonly { readonly reason?: string }[],
): ProviderErrorKind | undefined {
  if (
    details.some(({ reason }) => reason === 'API_KEY_INVALID') ||
    /API key (not valid|expired)/i.test(message)
  )
    return 'authentication';
  if (/prepayment credits|billing (account )?(is )?(disabled|not enabled)/i.test(message)) return 'billing';
  return /(is no longer available|is not found for API version|has been (shut down|retired))/i.test(message)
    ? 'model_gone'
    : undefined;
}

function memberOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
