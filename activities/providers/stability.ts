import { z } from 'zod';
import {
  jsonObjectSchema,
  providerError,
  requestBytes,
  requestJson,
  parseJson,
  type ErrorAnswer,
  type ErrorReading,
  type HttpDialect,
  type ProviderRequest,
} from './http';
import { toForm } from './http-form';
import {
  defineProvider,
  type JobCheck,
  type JobHandle,
  type OperationRequest,
  type ProviderCall,
} from './provider';
import type { ProviderErrorKind } from './provider-error';
import type { JsonObject } from '../../workflows/contract';

const dialect: HttpDialect = {
  provider: 'stability',
  label: 'Stability AI',
  credentialVariable: 'STABILITY_API_KEY',
  authorize: (credential) => ({ authorization: `Bearer ${credential}` }),
  readError,
  // "You will not be charged for failed generations" (platform.stability.ai, REST v2beta).
  serverErrorsAreDefinite: true,
};

/**
 * Stability AI's Stable Image services (REST v2beta). The model is the service's path, such as `generate/core`,
 * `edit/inpaint`, `control/style`; a Stable Diffusion model (`sd3.5-large`) goes to `generate/sd3` with its name. Requests
 * are forms, also without a file. `image` answers the picture in base64; `job` is for the two slow services
 * (`upscale/creative`, `edit/replace-background-and-relight`), whose result is asked for by id for 24 hours. No
 * idempotency key, no cancel, no callbacks.
 *
 * @see Stability OpenAPI v2beta as in stability-ai 0.7.0 and aself101/stability-ai-api 1.0.1 (2026-09-22), read 2026-11-26
 */
export const stability = defineProvider({
  id: 'stability',
  label: 'Stability AI',
  baseUrl: {
    variable: 'STABILITY_BASE_URL',
    live: 'https://api.stability.ai',
    sandboxPath: '/stability',
  },
  credentialVariable: 'STABILITY_API_KEY',
  submitSafety: 'none',
  mediaWithoutUrl: 'data_uri',
  operations: {
    image: {
      kind: 'sync',
      call: async (request, call) => {
        const { body } = await requestJson(dialect, call, toRequest('call', request, call), finished);
        refuseFiltered(body, call);
        return { body };
      },
    },
    job: { kind: 'queue', submit, check },
  },
});

/** A picture of 10 megapixels as PNG in base64 stays below. */
const MAX_BYTES = 100_000_000;
const POLL_AFTER_MS = 10_000;

const jobId = z.string().regex(/^[0-9a-f]{16,128}$/i);
const submitted = z.object({ id: jobId });
const running = z.object({ status: z.literal('in-progress') });
/** `image` from the services, `result` from the results of jobs. */
const finished = jsonObjectSchema.refine((body) =>
  [body['image'], body['result']].some((base64) => typeof base64 === 'string' && base64 !== ''),
);

async function submit(request: OperationRequest, call: ProviderCall): Promise<JobHandle> {
  const { body } = await requestJson(dialect, call, toRequest('submit', request, call), submitted);
  return { providerJobId: body.id };
}

/** "Do not poll more than once every 10 seconds"; 202 while it runs. */
async function check({ providerJobId }: JobHandle, call: ProviderCall): Promise<JobCheck> {
  const url = `${call.baseUrl}/v2beta/results/${encodeURIComponent(providerJobId)}`;
  const headers = { accept: 'application/json' };
  const request = { purpose: 'poll', method: 'GET', url, headers, maxBytes: MAX_BYTES } as const;
  const { status, bytes } = await requestBytes(dialect, call, request);
  const json = parseJson(Buffer.from(bytes).toString('utf8'));
  if (status === 202 && running.safeParse(json).success) {
    return { status: 'pending', retryAfterMs: POLL_AFTER_MS };
  }
  const body = finished.safeParse(json).data;
  if (status !== 200 || body === undefined) {
    const detail = `unexpected ${String(bytes.byteLength)} bytes`;
    throw providerError(dialect, call, { kind: 'unavailable', httpStatus: status, detail });
  }
  refuseFiltered(body, call);
  return { status: 'succeeded', reply: { body } };
}

function toRequest(
  purpose: 'call' | 'submit',
  { model, input, files }: OperationRequest,
  call: ProviderCall,
): ProviderRequest {
  const isDiffusion = model.startsWith('sd3');
  const form = toForm(isDiffusion ? { ...input, model } : input, files);
  // A form without a part would be no form.
  if (Object.keys(input).length === 0) form.set('output_format', 'png');
  return {
    purpose,
    method: 'POST',
    url: `${call.baseUrl}/v2beta/stable-image/${isDiffusion ? 'generate/sd3' : model}`,
    headers: { accept: 'application/json' },
    form,
    maxBytes: MAX_BYTES,
  };
}

/** A filtered result comes with status 200, blurred, and is not charged. */
function refuseFiltered(body: JsonObject, call: ProviderCall): void {
  const reason = body['finish_reason'];
  if (reason === 'CONTENT_FILTERED') {
    throw providerError(dialect, call, { kind: 'refused', code: reason, httpStatus: 200 });
  }
  if (reason === 'ERROR') {
    throw providerError(dialect, call, { kind: 'response_invalid', code: reason, httpStatus: 200 });
  }
}

const KINDS: Readonly<Record<string, ProviderErrorKind>> = {
  content_moderation: 'refused',
  payment_required: 'billing',
  insufficient_balance: 'billing',
  unauthorized: 'authentication',
};

/** After more than 150 requests in 10 s the key rests for a minute. */
const REST_MS = 60_000;

/** `{id, name, errors: []}`. */
function readError({ status, body }: ErrorAnswer): ErrorReading {
  const name = typeof body['name'] === 'string' ? body['name'] : undefined;
  return {
    kind: KINDS[name ?? ''],
    code: name,
    ...(status === 429 ? { retryAfterMs: REST_MS } : {}),
  };
}
