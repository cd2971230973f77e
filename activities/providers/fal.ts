import { createHash, createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../workflows/contract';
import {
  jsonObjectSchema,
  parseJson,
  providerError,
  requestBytes,
  requestJson,
  type ErrorAnswer,
  type ErrorReading,
  type HttpDialect,
} from './http';
import {
  defineProvider,
  type CallbackMessage,
  type JobCheck,
  type JobHandle,
  type OperationRequest,
  type ProviderCall,
} from './provider';
import { callbackHeader, createKeyCache, isTimely } from './provider-callback';
import { ProviderError } from './provider-error';

const dialect: HttpDialect = {
  provider: 'fal',
  label: 'fal',
  credentialVariable: 'FAL_KEY',
  authorize: (credential) => ({ authorization: `Key ${credential}` }),
  readError,
  // "Pay only for successful outputs, never for server errors" (docs.fal.ai, pricing, read 2026-11-21).
  serverErrorsAreDefinite: true,
};

/**
 * fal: `queue` submits to queue.fal.run and polls, `run` waits at fal.run; input and output are the model's own JSON.
 *
 * The header `x-fal-no-retry` is not sent: fal's own repeats (up to 10, on 503, 504 and lost runners) keep the request
 * id and are not billed, whereas a job that ended for want of them would have to be submitted, and paid, anew.
 *
 * @see docs.fal.ai (queue, webhooks, errors, request headers) and fal-ai/fal-js, read 2026-11-21
 */
export const fal = defineProvider({
  id: 'fal',
  label: 'fal',
  baseUrl: { variable: 'FAL_BASE_URL', live: 'https://queue.fal.run', sandboxPath: '/fal' },
  extraUrls: {
    run: { variable: 'FAL_RUN_BASE_URL', live: 'https://fal.run', sandboxPath: '/fal/run' },
    jwks: {
      variable: 'FAL_JWKS_URL',
      live: 'https://rest.fal.ai/.well-known/jwks.json',
      sandboxPath: '/fal/.well-known/jwks.json',
      pathAtBase: '/.well-known/jwks.json',
    },
  },
  credentialVariable: 'FAL_KEY',
  submitSafety: 'none',
  mediaWithoutUrl: 'data_uri',
  operations: {
    queue: { kind: 'queue', submit, check, cancel },
    run: {
      kind: 'sync',
      call: async ({ model, input }, call) => {
        const url = `${call.extraUrls['run'] ?? call.baseUrl}/${model}`;
        const request = { purpose: 'call', method: 'POST', url, json: input } as const;
        return toReply(await requestJson(dialect, call, request, jsonObjectSchema));
      },
    },
  },
  readCallback,
});

const requestIdSchema = z.string().regex(/^[\w.:-]{1,100}$/);

const submitted = z.object({
  request_id: requestIdSchema,
  status_url: z.string().optional(),
  response_url: z.string().optional(),
  cancel_url: z.string().optional(),
});

const jobState = z.object({
  status: z.enum(['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']),
  error: z.unknown().optional(),
  error_type: z.string().optional(),
});

type JobState = z.infer<typeof jobState>;

async function submit(
  { model, input, callbackUrl }: OperationRequest,
  call: ProviderCall,
): Promise<JobHandle> {
  const query = callbackUrl === undefined ? '' : `?fal_webhook=${encodeURIComponent(callbackUrl)}`;
  const url = `${call.baseUrl}/${model}${query}`;
  const request = { purpose: 'submit', method: 'POST', url, json: input } as const;
  const { body } = await requestJson(dialect, call, request, submitted);
  const own = handleOf(model, body.request_id, call.baseUrl);
  return {
    ...own,
    statusPath: pathAtBase(body.status_url, call.baseUrl) ?? own.statusPath,
    resultPath: pathAtBase(body.response_url, call.baseUrl) ?? own.resultPath,
    cancelPath: pathAtBase(body.cancel_url, call.baseUrl) ?? own.cancelPath,
  };
}

async function check(handle: JobHandle, call: ProviderCall): Promise<JobCheck> {
  const url = addressOf(handle, 'statusPath', call);
  const { body: state } = await requestJson(dialect, call, { purpose: 'poll', method: 'GET', url }, jobState);
  if (state.status !== 'COMPLETED') return { status: 'pending' };
  const failed = state.error !== undefined && state.error !== null;
  try {
    const result = { purpose: 'poll', method: 'GET', url: addressOf(handle, 'resultPath', call) } as const;
    const answer = await requestJson(dialect, call, result, jsonObjectSchema);
    if (!failed) return { status: 'succeeded', reply: toReply(answer) };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (/still in progress/.test(error.detail ?? '')) return { status: 'pending' };
    // The result of a failed job is its error, whose 5xx is final; that of a good job may be had at the next try.
    if (!failed || error.kind !== 'unavailable' || error.httpStatus === undefined) throw error;
    throw jobFailed(call, state, error);
  }
  throw jobFailed(call, state);
}

async function cancel(handle: JobHandle, call: ProviderCall): Promise<void> {
  // 400: done already; 404: unknown.
  const url = addressOf(handle, 'cancelPath', call);
  await requestBytes(dialect, call, { purpose: 'poll', method: 'PUT', url, alsoAccept: [400, 404] });
}

const notification = z.object({ request_id: requestIdSchema });

interface SignedParts {
  readonly message: Buffer;
  readonly signature: Buffer;
}

const jwks = z.object({
  keys: z.array(z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() })),
});
const keyCache = createKeyCache<z.infer<typeof jwks>['keys']>(24 * 3_600_000);

async function readCallback(message: CallbackMessage, call: ProviderCall): Promise<JobHandle | undefined> {
  const signed = signedParts(message);
  if (signed === undefined) return undefined;
  const url = call.extraUrls['jwks'] ?? '';
  const load = async () => {
    const request = { purpose: 'poll', method: 'GET', url, anonymous: true } as const;
    return (await requestJson(dialect, call, request, jwks)).body.keys;
  };
  const isGenuine = await keyCache.verify(url, load, (keys) =>
    keys.some((key) =>
      verify(null, signed.message, createPublicKey({ key, format: 'jwk' }), signed.signature),
    ),
  );
  const body = isGenuine
    ? notification.safeParse(parseJson(Buffer.from(message.rawBody).toString('utf8')))
    : undefined;
  return body?.success === true ? handleOf(message.model, body.data.request_id, call.baseUrl) : undefined;
}

function signedParts(message: CallbackMessage): SignedParts | undefined {
  const requestId = callbackHeader(message, 'x-fal-webhook-request-id');
  const userId = callbackHeader(message, 'x-fal-webhook-user-id');
  const timestamp = callbackHeader(message, 'x-fal-webhook-timestamp');
  const signature = callbackHeader(message, 'x-fal-webhook-signature');
  if (requestId === undefined || userId === undefined || timestamp === undefined) return undefined;
  if (!isTimely(timestamp, message.receivedAtMs)) return undefined;
  if (signature === undefined || !/^[0-9a-f]{128}$/i.test(signature)) return undefined;
  const bodyHash = createHash('sha256').update(message.rawBody).digest('hex');
  return {
    message: Buffer.from([requestId, userId, timestamp, bodyHash].join('\n')),
    signature: Buffer.from(signature, 'hex'),
  };
}

type FalHandle = JobHandle & Readonly<Record<'statusPath' | 'resultPath' | 'cancelPath', string>>;

/** Jobs live under owner and app alone, whatever follows in the model's id. */
function handleOf(model: string, requestId: string, baseUrl: string): FalHandle {
  const app = model.split('/').slice(0, 2).join('/');
  const path = new URL(`${baseUrl}/${app}/requests/${requestId}`).pathname;
  return {
    providerJobId: requestId,
    statusPath: `${path}/status`,
    resultPath: path,
    cancelPath: `${path}/cancel`,
  };
}

/** The path of an address that fal gave, if it is at the base's origin: the key goes nowhere else. */
function pathAtBase(url: string | undefined, baseUrl: string): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { origin, pathname } = new URL(url);
  const isOwn = origin === new URL(baseUrl).origin;
  return isOwn && pathname.length <= 250 ? pathname : undefined;
}

/** Paths and not URLs are kept: the base may have moved since. */
function addressOf(
  handle: JobHandle,
  name: 'statusPath' | 'resultPath' | 'cancelPath',
  call: ProviderCall,
): string {
  const path = handle[name];
  if (typeof path === 'string' && path.startsWith('/')) return `${new URL(call.baseUrl).origin}${path}`;
  throw providerError(dialect, call, { kind: 'response_invalid', detail: `the job's handle has no ${name}` });
}

function toReply({ body, headers }: { readonly body: JsonObject; readonly headers: Headers }) {
  const units = Number(headers.get('x-fal-billable-units') ?? Number.NaN);
  return { body, billableUnits: Number.isFinite(units) ? units : undefined };
}

function jobFailed(call: ProviderCall, state: JobState, answer?: ProviderError): ProviderError {
  const { httpStatus, billed } = answer ?? {};
  const detail = answer?.detail ?? JSON.stringify(state.error);
  return providerError(dialect, call, {
    kind: 'job_failed',
    code: state.error_type,
    detail,
    httpStatus,
    billed,
  });
}

const detailList = z
  .array(z.object({ type: z.string(), loc: z.array(z.union([z.string(), z.number()])).optional() }))
  .min(1);

/** Model errors are a list under `detail`, those of the platform a text. */
function readError({ status, headers, body, purpose }: ErrorAnswer): ErrorReading {
  const list = detailList.safeParse(body['detail']).data ?? [];
  const [first] = list;
  const place = (first?.loc ?? []).filter((part, index) => index > 0 || part !== 'body').join('.');
  const type = first?.type ?? headers.get('x-fal-error-type') ?? stringOf(body['error_type']);
  return {
    kind:
      kindOf(
        status,
        list.map((entry) => entry.type),
        headers.get('x-fal-retryable'),
        purpose,
      ) ?? (isLocked(status, body) ? 'billing' : undefined),
    code: type === undefined || place === '' ? type : `${type} at ${place}`,
    billed: Number(headers.get('x-fal-billable-units') ?? 0) > 0,
  };
}

/** `no_media_generated` is how models with a filter of their own keep quiet. */
const REFUSALS: readonly string[] = ['content_policy_violation', 'no_media_generated'];

function kindOf(
  status: number,
  types: readonly string[],
  retryable: string | null,
  purpose: ErrorAnswer['purpose'],
): ErrorReading['kind'] {
  if (types.some((type) => REFUSALS.includes(type))) return 'refused';
  if (types.includes('file_download_error')) return 'input_unreachable';
  if (purpose === 'poll') {
    // A list is the model's answer, 499 a cancelled job: no poll will find it changed.
    if (status === 499 || (status >= 500 && types.length > 0)) return 'job_failed';
    return types.length > 0 ? 'request_rejected' : undefined;
  }
  if (retryable === 'true' && status !== 429) return 'unavailable';
  return retryable === 'false' && status >= 500 ? 'request_rejected' : undefined;
}

/** Wording of the locked account: fal-ai/fal issue 1147, read 2026-11-21. */
function isLocked(status: number, body: JsonObject): boolean {
  return [402, 403].includes(status) && /balance|locked/i.test(stringOf(body['detail']) ?? '');
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
