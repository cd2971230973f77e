import { z } from 'zod';
import {
  parseJson,
  providerError,
  requestBytes,
  requestJson,
  type HttpDialect,
} from '../../../activities/providers/http';
import {
  defineProvider,
  type CallbackMessage,
  type JobCheck,
  type JobHandle,
  type OperationRequest,
  type Provider,
  type ProviderCall,
} from '../../../activities/providers/provider';
import { chaosProviderId, SAFETY_CLASSES, type SafetyClass } from './chaos-classes';

const job = z.object({
  id: z.string(),
  status: z.enum(['open', 'succeeded', 'failed', 'canceled']),
  url: z.string().optional(),
});

/** Adapters of one provider per class. They speak real HTTP to test/chaos/provider/chaos-sandbox.ts. */
export const chaosProviders: readonly Provider[] = SAFETY_CLASSES.map(chaosProvider);

function chaosProvider(safety: SafetyClass): Provider {
  const id = chaosProviderId(safety);
  const dialect = dialectOf(id);
  const credentialVariable = dialect.credentialVariable;
  return defineProvider({
    id,
    label: id,
    baseUrl: { variable: 'CHAOS_BASE_URL', live: 'http://127.0.0.1:9', sandboxPath: `/${id}` },
    credentialVariable,
    submitSafety: safety,
    mediaWithoutUrl: 'data_uri',
    operations: {
      job: {
        kind: 'queue',
        submit: (request, call) => submit(dialect, request, call),
        check: (handle, call) => check(dialect, handle, call),
        cancel: (handle, call) => cancel(dialect, handle, call),
        ...(safety === 'lookup' && { lookup: (key, call) => lookup(dialect, key, call) }),
      },
    },
    ...(safety === 'none' && { readCallback: (message, call) => readCallback(dialect, message, call) }),
  });
}

function dialectOf(provider: string): HttpDialect {
  return {
    provider,
    label: provider,
    credentialVariable: 'CHAOS_KEY',
    authorize: (credential) => ({ authorization: `Bearer ${credential}` }),
    readError: () => ({}),
    serverErrorsAreDefinite: false,
  };
}

async function submit(
  dialect: HttpDialect,
  { input, idempotencyKey, callbackUrl }: OperationRequest,
  call: ProviderCall,
): Promise<JobHandle> {
  const request = {
    purpose: 'submit',
    method: 'POST',
    url: `${call.baseUrl}/jobs`,
    headers: { 'idempotency-key': idempotencyKey },
    json: { input, ...(callbackUrl === undefined ? {} : { callbackUrl }) },
  } as const;
  const { body } = await requestJson(dialect, call, request, job);
  return { providerJobId: body.id };
}

async function check(dialect: HttpDialect, handle: JobHandle, call: ProviderCall): Promise<JobCheck> {
  const request = { purpose: 'poll', method: 'GET', url: addressOf(handle, call) } as const;
  const { body } = await requestJson(dialect, call, request, job);
  if (body.status === 'open') return { status: 'pending' };
  if (body.status === 'succeeded') return { status: 'succeeded', reply: { body: { url: body.url ?? null } } };
  throw providerError(dialect, call, { kind: 'job_failed', code: body.status });
}

async function cancel(dialect: HttpDialect, handle: JobHandle, call: ProviderCall): Promise<void> {
  const url = `${addressOf(handle, call)}/cancel`;
  await requestBytes(dialect, call, { purpose: 'poll', method: 'POST', url, alsoAccept: [404, 409] });
}

async function lookup(dialect: HttpDialect, key: string, call: ProviderCall): Promise<JobHandle | undefined> {
  const url = `${call.baseUrl}/jobs?key=${encodeURIComponent(key)}`;
  const found = z.object({ jobs: z.array(job) });
  const { body } = await requestJson(dialect, call, { purpose: 'poll', method: 'GET', url }, found);
  const [first] = body.jobs;
  return first && { providerJobId: first.id };
}

/** The callback is not signed: the provider itself is asked whether it has such a job. */
async function readCallback(
  dialect: HttpDialect,
  message: CallbackMessage,
  call: ProviderCall,
): Promise<JobHandle | undefined> {
  const said = z.object({ id: z.string() }).safeParse(parseJson(Buffer.from(message.rawBody).toString()));
  if (!said.success) return undefined;
  const url = `${call.baseUrl}/jobs/${encodeURIComponent(said.data.id)}`;
  const { body } = await requestJson(dialect, call, { purpose: 'poll', method: 'GET', url }, job);
  return { providerJobId: body.id };
}

function addressOf({ providerJobId }: JobHandle, call: ProviderCall): string {
  return `${call.baseUrl}/jobs/${encodeURIComponent(providerJobId)}`;
}
