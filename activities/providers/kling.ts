import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../workflows/contract';
import {
  jsonObjectSchema,
  parseJson,
  providerError,
  requestJson,
  type ErrorAnswer,
  type ErrorReading,
  type HttpDialect,
  type ProviderRequest,
} from './http';
import {
  defineProvider,
  type CallbackMessage,
  type JobCheck,
  type JobHandle,
  type ProviderCall,
  type QueueOperation,
} from './provider';
import { isStandardWebhook } from './provider-callback';
import type { ProviderErrorKind } from './provider-error';

const dialect: HttpDialect = {
  provider: 'kling',
  label: 'Kling',
  credentialVariable: 'KLING_API_KEY',
  authorize: (credential) => ({ authorization: `Bearer ${bearerToken(credential)}` }),
  readError,
  // Nothing says that a task answered with 5xx was not made; it can be looked up by our own id.
  serverErrorsAreDefinite: false,
};

/**
 * Kling's classic dialect: each operation is a path that a task is posted to and asked for at. The credential is an API
 * key, or `accessKey:secretKey`, of which a token is signed for each request; either may be followed by the secret of
 * its callbacks (` whsec_…`). Our job id goes out as `external_task_id`, by which a task can be asked for as well, so a
 * send of unknown fate is looked up. There is no cancel, and `reply.body` is the task.
 *
 * @see Kling developer documentation (kling.ai/document-api), vercel/ai packages/klingai, read 2026-11-21
 */
export const kling = defineProvider({
  id: 'kling',
  label: 'Kling',
  baseUrl: {
    variable: 'KLING_BASE_URL',
    live: 'https://api-singapore.klingai.com',
    sandboxPath: '/kling',
  },
  credentialVariable: 'KLING_API_KEY',
  submitSafety: 'lookup',
  mediaWithoutUrl: 'base64',
  operations: {
    text_to_video: taskOperation('/v1/videos/text2video'),
    image_to_video: taskOperation('/v1/videos/image2video'),
    images_to_video: taskOperation('/v1/videos/multi-image2video'),
    // These take no `model_name`: there is one model.
    avatar: taskOperation('/v1/videos/avatar/image2video', false),
    lip_sync: taskOperation('/v1/videos/lip-sync', false),
  },
  readCallback,
});

const taskId = z.string().regex(/^[\w.:-]{1,100}$/);
const envelope = z.object({ code: z.number(), message: z.string().optional() });
const created = z.object({ data: z.object({ task_id: taskId }) });
const task = z.object({
  task_id: taskId,
  task_status: z.enum(['submitted', 'processing', 'succeed', 'failed']),
  task_status_msg: z.string().nullish(),
  final_unit_deduction: z.union([z.string(), z.number()]).nullish(),
});
const queried = z.object({ data: task });

function taskOperation(path: string, sendsModel = true): QueueOperation {
  const find = async (id: string, call: ProviderCall): Promise<JsonObject> => {
    const url = `${call.baseUrl}${path}/${encodeURIComponent(id)}`;
    return exchange(call, { purpose: 'poll', method: 'GET', url });
  };
  return {
    kind: 'queue',
    submit: async ({ model, input, idempotencyKey, callbackUrl }, call) => {
      const url = `${call.baseUrl}${path}`;
      const json = {
        ...(sendsModel ? { model_name: model } : {}),
        ...input,
        external_task_id: idempotencyKey,
        ...(callbackUrl === undefined ? {} : { callback_url: callbackUrl }),
      };
      const answer = created.safeParse(
        await exchange(call, { purpose: 'submit', method: 'POST', url, json }),
      );
      if (answer.success) return { providerJobId: answer.data.data.task_id };
      throw providerError(dialect, call, { kind: 'ambiguous', detail: 'the answer names no task' });
    },
    check: async ({ providerJobId }, call) => readTask(await find(providerJobId, call), call),
    lookup: async (idempotencyKey, call) => {
      const url = `${call.baseUrl}${path}/${encodeURIComponent(idempotencyKey)}`;
      const request = { purpose: 'poll', method: 'GET', url, alsoAccept: [400, 404] } as const;
      const { body, status } = await requestJson(dialect, call, request, jsonObjectSchema);
      if (isUnknownTask(body)) return undefined;
      const answer = created.safeParse(unwrap(call, 'poll', body, status));
      if (answer.success) return { providerJobId: answer.data.data.task_id };
      throw providerError(dialect, call, { kind: 'unavailable', detail: 'the answer names no task' });
    },
  };
}

/** Only Kling's own word proves that there is no such task: a bare 404 may come from a gateway. */
function isUnknownTask(body: JsonObject): boolean {
  const { code, message = '' } = envelope.safeParse(body).data ?? {};
  return code === 1203 || ((code === 1200 || code === 1201) && /not (found|exist)/i.test(message));
}

/** One exchange in Kling's envelope: a code other than 0 is an error whatever the status. */
async function exchange(call: ProviderCall, request: ProviderRequest): Promise<JsonObject> {
  const { body, status } = await requestJson(dialect, call, request, jsonObjectSchema);
  return unwrap(call, request.purpose, body, status);
}

function unwrap(
  call: ProviderCall,
  purpose: ErrorAnswer['purpose'],
  body: JsonObject,
  status: number,
): JsonObject {
  const { code, message } = envelope.safeParse(body).data ?? {};
  if (code === 0) return body;
  const isPoll = purpose === 'poll';
  if (code === undefined) {
    const kind = isPoll ? 'unavailable' : 'ambiguous';
    throw providerError(dialect, call, { kind, httpStatus: status, detail: 'an answer without a code' });
  }
  const reading = readCode(code, purpose);
  const kind = reading.kind ?? (isPoll ? 'unavailable' : 'ambiguous');
  throw providerError(dialect, call, { ...reading, kind, httpStatus: status, detail: message });
}

function readTask(body: JsonObject, call: ProviderCall): JobCheck {
  const state = queried.safeParse(body).data?.data;
  if (state === undefined)
    throw providerError(dialect, call, {
      kind: 'unavailable',
      detail: `unexpected task ${JSON.stringify(body)}`,
    });
  switch (state.task_status) {
    case 'submitted':
    case 'processing':
      return { status: 'pending' };
    case 'succeed': {
      const units = Number(state.final_unit_deduction ?? Number.NaN);
      const reply = { body: body['data'] ?? null, billableUnits: Number.isFinite(units) ? units : undefined };
      return { status: 'succeeded', reply };
    }
    case 'failed': {
      const detail = state.task_status_msg ?? undefined;
      const kind = REFUSAL.test(detail ?? '') ? 'refused' : 'job_failed';
      throw providerError(dialect, call, { kind, detail });
    }
  }
}

/** How a failed task says that the content was the reason; the wordings are not documented. */
const REFUSAL = /risk control|sensitive|content (security|safety)|polic|violat|prohibited/i;

const KINDS: Readonly<Record<number, ProviderErrorKind>> = {
  1000: 'authentication',
  1001: 'authentication',
  1002: 'authentication',
  1003: 'authentication',
  1004: 'authentication',
  1100: 'billing',
  1101: 'billing',
  1102: 'billing',
  1103: 'authentication',
  1200: 'request_rejected',
  1201: 'request_rejected',
  1300: 'refused',
  1301: 'refused',
  1302: 'rate_limited',
  1303: 'rate_limited',
  // Our address is not on the account's list: no wait helps.
  1304: 'authentication',
};

/** More tasks at once than the account has bought: one of them has to end, which takes longer than a usual retry. */
const PARALLEL_LIMIT_WAIT_MS = 10_000;

function readCode(code: number, purpose: ErrorAnswer['purpose']): ErrorReading {
  const isUnknownThere = (code === 1202 || code === 1203) && purpose === 'submit';
  return {
    kind: isUnknownThere ? 'model_gone' : KINDS[code],
    code: String(code),
    ...(code === 1303 ? { retryAfterMs: PARALLEL_LIMIT_WAIT_MS } : {}),
  };
}

function readError({ body, purpose }: ErrorAnswer): ErrorReading {
  const { code } = envelope.safeParse(body).data ?? {};
  return code === undefined ? {} : readCode(code, purpose);
}

interface KlingCredential {
  readonly accessKey?: string;
  readonly secret: string;
  readonly webhookSecret?: string;
}

function readCredential(credential: string): KlingCredential {
  const [key = '', webhookSecret] = credential.split(/\s+/);
  const [accessKey, secretKey] = key.split(':');
  return secretKey === undefined
    ? { secret: key, webhookSecret }
    : { accessKey, secret: secretKey, webhookSecret };
}

const TOKEN_LIFETIME_SECONDS = 1_800;

/** An API key goes as it is; of a key pair a JWT (HS256) is signed that is valid from a moment ago on. */
function bearerToken(credential: string): string {
  const { accessKey, secret } = readCredential(credential);
  if (accessKey === undefined) return secret;
  const now = Math.floor(Date.now() / 1_000);
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    { iss: accessKey, exp: now + TOKEN_LIFETIME_SECONDS, nbf: now - 5 },
  ];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** Signed only for accounts that have set a secret; without ours nothing can be said about it. */
function readCallback(message: CallbackMessage, call: ProviderCall): Promise<JobHandle | undefined> {
  const { webhookSecret } = readCredential(call.credential);
  if (webhookSecret === undefined || !isStandardWebhook(message, webhookSecret))
    return Promise.resolve(undefined);
  const body = notification.safeParse(parseJson(Buffer.from(message.rawBody).toString('utf8')));
  return Promise.resolve(body.success ? { providerJobId: body.data.task_id } : undefined);
}

const notification = z.object({ task_id: taskId });
