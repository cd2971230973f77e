import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../workflows/contract';
import {
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
import { createKeyCache, isStandardWebhook } from './provider-callback';

const dialect: HttpDialect = {
  provider: 'replicate',
  label: 'Replicate',
  credentialVariable: 'REPLICATE_API_TOKEN',
  authorize: (credential) => ({ authorization: `Bearer ${credential}` }),
  readError,
  // Nothing says that a create answered with 5xx made no prediction.
  serverErrorsAreDefinite: false,
};

/**
 * Replicate: `prediction` creates one without `Prefer: wait` and polls it to its end; `reply.body` is its `output`.
 * Models are `owner/name`, or `owner/name:version` and a bare version for those that Replicate does not run itself.
 * Inputs, outputs and logs are removed after one hour.
 *
 * @see Replicate OpenAPI 1.0.0-a1, replicate.com/docs and replicate-javascript, read 2026-11-21
 */
export const replicate = defineProvider({
  id: 'replicate',
  label: 'Replicate',
  baseUrl: {
    variable: 'REPLICATE_BASE_URL',
    live: 'https://api.replicate.com/v1',
    sandboxPath: '/replicate/v1',
  },
  credentialVariable: 'REPLICATE_API_TOKEN',
  submitSafety: 'none',
  mediaWithoutUrl: 'data_uri',
  operations: { prediction: { kind: 'queue', submit, check, cancel } },
  readCallback,
});

const predictionId = z.string().regex(/^[\w-]{1,100}$/);
const created = z.object({ id: predictionId });

const prediction = z.object({
  id: predictionId,
  status: z.enum(['starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted']),
  output: z.custom<JsonValue>().optional(),
  error: z.unknown().optional(),
  data_removed: z.boolean().optional(),
});

type Prediction = z.infer<typeof prediction>;

async function submit(
  { model, input, callbackUrl }: OperationRequest,
  call: ProviderCall,
): Promise<JobHandle> {
  const isOfficial = /^[^/:]+\/[^/:]+$/.test(model);
  const target: JsonObject = isOfficial ? {} : { version: model };
  const callback: JsonObject =
    callbackUrl === undefined ? {} : { webhook: callbackUrl, webhook_events_filter: ['completed'] };
  const { body } = await requestJson(
    dialect,
    call,
    {
      purpose: 'submit',
      method: 'POST',
      url: `${call.baseUrl}${isOfficial ? `/models/${model}` : ''}/predictions`,
      json: { ...target, input, ...callback },
    },
    created,
  );
  return { providerJobId: body.id };
}

async function check(handle: JobHandle, call: ProviderCall): Promise<JobCheck> {
  const request = { purpose: 'poll', method: 'GET', url: addressOf(handle, call) } as const;
  const { body } = await requestJson(dialect, call, request, prediction);
  switch (body.status) {
    case 'starting':
    case 'processing':
      return { status: 'pending' };
    case 'succeeded':
      return { status: 'succeeded', reply: { body: outputOf(body, call) } };
    case 'failed':
    case 'canceled':
    case 'aborted':
      throw jobFailed(body, call);
  }
}

async function cancel(handle: JobHandle, call: ProviderCall): Promise<void> {
  const url = `${addressOf(handle, call)}/cancel`;
  await requestBytes(dialect, call, {
    purpose: 'poll',
    method: 'POST',
    url,
    alsoAccept: [400, 404, 409, 410, 422],
  });
}

const webhookSecret = z.object({ key: z.string().startsWith('whsec_') });
const secretCache = createKeyCache<string>(3_600_000);

async function readCallback(message: CallbackMessage, call: ProviderCall): Promise<JobHandle | undefined> {
  const load = async () => {
    const url = `${call.baseUrl}/webhooks/default/secret`;
    return (await requestJson(dialect, call, { purpose: 'poll', method: 'GET', url }, webhookSecret)).body
      .key;
  };
  // Each account has its own secret.
  const account = createHash('sha256').update(`${call.baseUrl} ${call.credential}`).digest('hex');
  if (!(await secretCache.verify(account, load, (secret) => isStandardWebhook(message, secret))))
    return undefined;
  const body = created.safeParse(parseJson(Buffer.from(message.rawBody).toString('utf8')));
  return body.success ? { providerJobId: body.data.id } : undefined;
}

function addressOf({ providerJobId }: JobHandle, call: ProviderCall): string {
  return `${call.baseUrl}/predictions/${encodeURIComponent(providerJobId)}`;
}

function outputOf({ output, data_removed: isRemoved }: Prediction, call: ProviderCall): JsonValue {
  if (isRemoved !== true) return output ?? null;
  throw providerError(dialect, call, {
    kind: 'response_invalid',
    message:
      'The job succeeded at Replicate, but its output was removed there before it was fetched: Replicate keeps outputs for one hour.',
    detail: 'data_removed=true',
    billed: true,
  });
}

/** How models on Replicate say that their filter struck; the wording is each model's own. */
const REFUSAL = /nsfw|flagged|(?<!case[- ])sensitive|content polic/i;

function jobFailed({ status, error }: Prediction, call: ProviderCall) {
  const detail = typeof error === 'string' ? error : JSON.stringify(error ?? null);
  const isRefusal = status === 'failed' && REFUSAL.test(detail);
  return providerError(dialect, call, {
    kind: isRefusal ? 'refused' : 'job_failed',
    code: status === 'failed' ? undefined : status,
    detail,
  });
}

function readError({ status, body, text, purpose }: ErrorAnswer): ErrorReading {
  const title = typeof body['title'] === 'string' ? body['title'] : undefined;
  const seconds = status === 429 ? /~(\d{1,5})s/.exec(text)?.[1] : undefined;
  return {
    // 422 "Invalid version or not permitted": the version is gone or was never ours to run.
    kind: status === 422 && purpose === 'submit' && /version/i.test(title ?? '') ? 'model_gone' : undefined,
    code: title,
    retryAfterMs: seconds === undefined ? undefined : Math.min(Number(seconds) * 1_000, 3_600_000),
  };
}
