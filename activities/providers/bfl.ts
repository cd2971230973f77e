import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../workflows/contract';
import {
  parseJson,
  providerError,
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
import { callbackHeader } from './provider-callback';

const dialect: HttpDialect = {
  provider: 'bfl',
  label: 'Black Forest Labs',
  credentialVariable: 'BFL_API_KEY',
  authorize: (credential) => ({ 'x-key': credential }),
  readError,
  // Nothing says that a request answered with 5xx made no task.
  serverErrorsAreDefinite: false,
};

/**
 * Black Forest Labs: a task is posted to `/<model>` and asked for at the address that the answer names, which lies on one
 * of the vendor's regional hosts; the key goes to those and to the base alone. The picture's address holds for ten
 * minutes. No idempotency key, no cancel. `billableUnits` are the US cents that the answer to the submit names.
 *
 * @see docs.bfl.ai (errors, webhooks, pricing) and vercel/ai packages/black-forest-labs 1.0.33, read 2026-11-26
 */
export const bfl = defineProvider({
  id: 'bfl',
  label: 'Black Forest Labs',
  baseUrl: { variable: 'BFL_BASE_URL', live: 'https://api.bfl.ai/v1', sandboxPath: '/bfl/v1' },
  credentialVariable: 'BFL_API_KEY',
  submitSafety: 'none',
  mediaWithoutUrl: 'base64',
  operations: { task: { kind: 'queue', submit, check } },
  readCallback,
});

const taskId = z.string().regex(/^[\w-]{1,100}$/);
const submitted = z.object({
  id: taskId,
  polling_url: z.string().max(500).optional(),
  cost: z.number().nonnegative().nullish(),
});

const STATUSES = [
  'Pending',
  'Ready',
  'Error',
  'Failed',
  'Request Moderated',
  'Content Moderated',
  'Task not found',
] as const;

const task = z.object({
  status: z.enum(STATUSES),
  result: z.custom<JsonObject | null>().optional(),
});

async function submit(
  { model, input, callbackUrl }: OperationRequest,
  call: ProviderCall,
): Promise<JobHandle> {
  const callback: JsonObject =
    callbackUrl === undefined
      ? {}
      : { webhook_url: callbackUrl, webhook_secret: callbackSecret(call.credential) };
  const request = {
    purpose: 'submit',
    method: 'POST',
    url: `${call.baseUrl}/${model}`,
    json: { ...input, ...callback },
  } as const;
  const { body } = await requestJson(dialect, call, request, submitted);
  return {
    providerJobId: body.id,
    ...(isOwnAddress(body.polling_url, call) ? { pollingUrl: body.polling_url } : {}),
    ...(typeof body.cost === 'number' ? { cents: body.cost } : {}),
  };
}

async function check(handle: JobHandle, call: ProviderCall): Promise<JobCheck> {
  const request = { purpose: 'poll', method: 'GET', url: addressOf(handle, call) } as const;
  const { body } = await requestJson(dialect, call, request, task);
  switch (body.status) {
    case 'Pending':
      return { status: 'pending' };
    case 'Ready': {
      const { cents } = handle;
      const units = typeof cents === 'number' ? { billableUnits: cents } : {};
      return { status: 'succeeded', reply: { body: body.result ?? null, ...units } };
    }
    case 'Request Moderated':
    case 'Content Moderated':
      throw providerError(dialect, call, { kind: 'refused', code: body.status });
    case 'Task not found':
      throw providerError(dialect, call, { kind: 'job_failed', code: body.status, isOdd: true });
    case 'Error':
    case 'Failed':
      throw providerError(dialect, call, { kind: 'job_failed', code: body.status });
  }
}

/** The vendor's hosts in all regions: `api.bfl.ai`, `api.eu.bfl.ai`, `api.us1.bfl.ai` … */
const REGIONAL_HOST = /^api(\.[a-z0-9-]{1,20}){0,2}\.bfl\.ai$/;

/** The key goes to the vendor's hosts and to the base that the operator has set, nowhere else. */
function isOwnAddress(url: string | undefined, call: ProviderCall): url is string {
  if (url === undefined || !URL.canParse(url)) return false;
  const { protocol, hostname, port, origin, username } = new URL(url);
  if (username !== '') return false;
  return (
    origin === new URL(call.baseUrl).origin ||
    (protocol === 'https:' && port === '' && REGIONAL_HOST.test(hostname))
  );
}

function addressOf({ providerJobId, pollingUrl }: JobHandle, call: ProviderCall): string {
  if (typeof pollingUrl === 'string' && isOwnAddress(pollingUrl, call)) return pollingUrl;
  return `${call.baseUrl}/get_result?id=${encodeURIComponent(providerJobId)}`;
}

/** A secret of our own, told to the vendor with each task: whoever knows the key can make it again. */
function callbackSecret(credential: string): string {
  return createHmac('sha256', credential).update('everframe callback').digest('hex');
}

/** `X-BFL-Signature: sha256=<hex>` over the body. The vendor signs no time, so there is no window to check. */
function readCallback(message: CallbackMessage, call: ProviderCall): Promise<JobHandle | undefined> {
  const signature = /^(?:sha256=)?([0-9a-f]{64})$/i.exec(
    callbackHeader(message, 'x-bfl-signature') ?? '',
  )?.[1];
  const expected = createHmac('sha256', callbackSecret(call.credential)).update(message.rawBody).digest();
  const isGenuine = signature !== undefined && timingSafeEqual(Buffer.from(signature, 'hex'), expected);
  const body = z.object({ id: taskId }).safeParse(parseJson(Buffer.from(message.rawBody).toString('utf8')));
  return Promise.resolve(isGenuine && body.success ? { providerJobId: body.data.id } : undefined);
}

const detailList = z
  .array(z.object({ loc: z.array(z.union([z.string(), z.number()])), type: z.string() }))
  .min(1);

/** 422 has FastAPI's list in `detail`; 429 names the seconds to wait. */
function readError({ status, body }: ErrorAnswer): ErrorReading {
  const [first] = detailList.safeParse(body['detail']).data ?? [];
  const place = first?.loc.filter((part) => part !== 'body').join('.');
  const error = typeof body['error'] === 'string' ? body['error'] : undefined;
  const seconds = Number(body['retry_after'] ?? Number.NaN);
  const isModerated = /moderat/i.test(
    `${error ?? ''} ${typeof body['status'] === 'string' ? body['status'] : ''}`,
  );
  return {
    kind: isModerated && status < 500 ? 'refused' : undefined,
    code: first === undefined ? error : `${first.type} at ${place ?? ''}`,
    ...(status === 429 && Number.isFinite(seconds)
      ? { retryAfterMs: Math.min(Math.max(0, seconds) * 1_000, 3_600_000) }
      : {}),
  };
}
