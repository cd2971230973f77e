import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { anthropic } from '../../../activities/providers/anthropic';
import { sniffMediaType } from '../../../store/assets/media/sniff-media-type';
import { ark } from '../../../activities/providers/ark';
import { bfl } from '../../../activities/providers/bfl';
import { elevenlabs } from '../../../activities/providers/elevenlabs';
import { fal } from '../../../activities/providers/fal';
import { google } from '../../../activities/providers/google';
import { kling } from '../../../activities/providers/kling';
import { openai } from '../../../activities/providers/openai';
import type {
  JobCheck,
  OperationRequest,
  Provider,
  ProviderCall,
  QueueOperation,
  SyncOperation,
} from '../../../activities/providers/provider';
import { ProviderError } from '../../../activities/providers/provider-error';
import { createProviderFetch, resolveProviderUrls } from '../../../activities/providers/provider-fetch';
import { recraft } from '../../../activities/providers/recraft';
import { replicate } from '../../../activities/providers/replicate';
import { stability } from '../../../activities/providers/stability';
import { Secrets } from '../../../sandbox/core/secrets';
import type { JsonObject, JsonValue } from '../../../workflows/contract';
import {
  aCallbackReceiver,
  aSandbox,
  type ReceivedCallback,
  type TestSandbox,
} from '../../sandbox/a-sandbox';
import { anOperationRequest, guardedFetch } from './a-provider-call';

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await aSandbox();
});

afterAll(async () => {
  await guardedFetch.close();
  await sandbox.remove();
});

function aTestCall(provider: Provider, overrides: Partial<ProviderCall> = {}): ProviderCall {
  const options = { mode: 'test', env: {}, sandboxUrl: sandbox.url } as const;
  const { baseUrl, extraUrls, privateOrigins } = resolveProviderUrls(provider, options);
  return {
    mode: 'test',
    baseUrl,
    extraUrls,
    credential: credentialOf(provider),
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    fetch: createProviderFetch(guardedFetch, privateOrigins),
    ...overrides,
  };
}

/** Kling's callbacks are signed with a secret that its user keeps beside the key. */
function credentialOf({ id }: Provider): string {
  const { webhookSecret } = new Secrets(join(sandbox.dataFolder, 'secrets.json'));
  return id === 'kling' ? `access:secret ${webhookSecret}` : 'sandbox';
}

interface Case {
  readonly provider: Provider;
  readonly operation: string;
  readonly model: string;
  readonly input: JsonObject;
}

const PROMPT = 'a lighthouse at dawn';
const queueCases: readonly Case[] = [
  {
    provider: fal,
    operation: 'queue',
    model: 'fal-ai/flux-2-pro',
    input: { prompt: PROMPT, image_size: { width: 256, height: 256 }, output_format: 'png' },
  },
  {
    provider: replicate,
    operation: 'prediction',
    model: 'black-forest-labs/flux-2-pro',
    input: { prompt: PROMPT, aspect_ratio: '1:1', resolution: '0.5 MP', output_format: 'png' },
  },
  {
    provider: kling,
    operation: 'text_to_video',
    model: 'kling-v2-6',
    input: { prompt: PROMPT, duration: '3', aspect_ratio: '1:1' },
  },
  {
    provider: bfl,
    operation: 'task',
    model: 'flux-2-pro',
    input: { prompt: PROMPT, width: 256, height: 256, output_format: 'png' },
  },
];
const syncCases: readonly Case[] = [
  {
    provider: ark,
    operation: 'images',
    model: 'seedream-4-0-250828',
    input: { prompt: PROMPT, size: '256x256' },
  },
  {
    provider: recraft,
    operation: 'images',
    model: 'recraftv4',
    input: { prompt: PROMPT, size: '256x256' },
  },
  {
    provider: stability,
    operation: 'image',
    model: 'generate/core',
    input: { prompt: PROMPT, output_format: 'webp' },
  },
  {
    provider: anthropic,
    operation: 'messages',
    model: 'claude-haiku-5-5',
    input: { max_tokens: 512, messages: [{ role: 'user', content: PROMPT }] },
  },
  {
    provider: google,
    operation: 'generate_content',
    model: 'gemini-3.5-flash-lite',
    input: { contents: [{ role: 'user', parts: [{ text: PROMPT }] }] },
  },
  {
    provider: google,
    operation: 'embeddings',
    model: 'gemini-embedding-2',
    input: {
      requests: [
        {
          model: 'models/gemini-embedding-2',
          content: { parts: [{ text: PROMPT }] },
          outputDimensionality: 8,
        },
      ],
    },
  },
  {
    provider: openai,
    operation: 'chat',
    model: 'gpt-5-mini',
    input: { messages: [{ role: 'user', content: PROMPT }] },
  },
  {
    provider: openai,
    operation: 'images',
    model: 'gpt-image-2',
    input: { prompt: PROMPT, size: '1024x1024', quality: 'low' },
  },
  {
    provider: openai,
    operation: 'speech',
    model: 'gpt-4o-mini-tts',
    input: { input: 'Hello', voice: 'alloy', response_format: 'wav' },
  },
  {
    provider: elevenlabs,
    operation: 'speech',
    model: 'eleven_flash_v2_5',
    input: { text: 'Hello', voice_id: 'Rachel', output_format: 'wav_22050' },
  },
  {
    provider: elevenlabs,
    operation: 'sound_effect',
    model: 'eleven_text_to_sound_v2',
    input: { text: 'a bell', duration_seconds: 1 },
  },
];

function requestOf({ model, input }: Case, callbackUrl?: string): OperationRequest {
  return anOperationRequest({ model, input, callbackUrl, idempotencyKey: randomUUID() });
}

const queueOf = ({ provider, operation }: Case) => provider.operations[operation] as QueueOperation;
const syncOf = ({ provider, operation }: Case) => provider.operations[operation] as SyncOperation;

function toMessage(callback: ReceivedCallback, model: string) {
  return {
    headers: callback.headers,
    rawBody: Buffer.from(callback.body),
    receivedAtMs: Date.now(),
    model,
  };
}

async function errorOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw new Error(`expected a ProviderError, got ${String(error)}`);
  return error;
}

/** Submits, waits for the callback and checks: what the job came to. */
async function finish(queueCase: Case): Promise<JobCheck> {
  const receiver = await aCallbackReceiver();
  try {
    const call = aTestCall(queueCase.provider);
    const handle = await queueOf(queueCase).submit(requestOf(queueCase, receiver.url), call);
    await receiver.next();
    return await queueOf(queueCase).check(handle, call);
  } finally {
    await receiver.close();
  }
}

async function firstUrlOf(check: JobCheck): Promise<string> {
  if (check.status !== 'succeeded') throw new Error('the job is not done');
  const url = /https?:\/\/[^"\\]+/.exec(JSON.stringify(check.reply.body satisfies JsonValue))?.[0];
  if (url === undefined) throw new Error('the reply has no URL');
  return url;
}

describe.each(queueCases)('$provider.id $operation at the sandbox', (queueCase) => {
  const { provider, model } = queueCase;

  it('makes a file that can be fetched from the provider’s origin and from no other', async () => {
    await sandbox.plan();
    const url = await firstUrlOf(await finish(queueCase));
    const limits = { timeoutMs: 30_000, maxBytes: 50_000_000 };
    const privateOrigins = [new URL(sandbox.url).origin];
    const { bytes } = await guardedFetch.fetchBytes(url, { ...limits, privateOrigins });
    expect(sniffMediaType(bytes)?.kind).toBe(queueCase.operation.endsWith('video') ? 'video' : 'image');
    await expect(guardedFetch.fetchBytes(url, limits)).rejects.toThrow('EVERFRAME_ALLOWED_PRIVATE_HOSTS');
  });

  it('reads the callback’s signature, and through it finds a job whose submit was lost', async () => {
    await sandbox.plan({ provider: provider.id, action: 'accept_then_drop', times: 1 });
    const receiver = await aCallbackReceiver();
    const call = aTestCall(provider);
    const error = await errorOf(queueOf(queueCase).submit(requestOf(queueCase, receiver.url), call));
    expect(error.kind).toBe('ambiguous');
    const callback = await receiver.next();
    await receiver.close();
    const handle = await provider.readCallback?.(toMessage(callback, model), call);
    if (handle === undefined) throw new Error('the callback was not taken for genuine');
    expect(await queueOf(queueCase).check(handle, call)).toMatchObject({ status: 'succeeded' });
    const forged = toMessage({ ...callback, body: callback.body.replace(/\w"/, 'x"') }, model);
    expect(await provider.readCallback?.(forged, call)).toBeUndefined();
  });

  it('tells a job that failed from one that was refused', async () => {
    await sandbox.plan({ provider: provider.id, action: 'fail_job' });
    expect((await errorOf(finish(queueCase))).kind).toBe('job_failed');
    await sandbox.plan({ provider: provider.id, action: 'refuse' });
    expect((await errorOf(finish(queueCase))).kind).toBe('refused');
  });

  it('goes on polling through trouble at the provider', async () => {
    await sandbox.plan();
    const receiver = await aCallbackReceiver();
    const call = aTestCall(provider);
    const handle = await queueOf(queueCase).submit(requestOf(queueCase, receiver.url), call);
    await receiver.next();
    await receiver.close();
    await sandbox.plan(
      { provider: provider.id, operation: 'poll', action: 'server_error', status: 503, nth: 1 },
      { provider: provider.id, operation: 'poll', action: 'rate_limit', nth: 2 },
    );
    const kinds = [
      (await errorOf(queueOf(queueCase).check(handle, call))).kind,
      (await errorOf(queueOf(queueCase).check(handle, call))).kind,
    ];
    expect(kinds).toEqual(['unavailable', 'rate_limited']);
    expect(await queueOf(queueCase).check(handle, call)).toMatchObject({ status: 'succeeded' });
  });
});

describe.each(queueCases.filter((each) => queueOf(each).cancel !== undefined))(
  '$provider.id $operation at the sandbox',
  (queueCase) => {
    it('cancels a job that would never end', async () => {
      const { provider } = queueCase;
      await sandbox.plan({ provider: provider.id, action: 'never_finish' });
      const call = aTestCall(provider);
      const handle = await queueOf(queueCase).submit(requestOf(queueCase), call);
      expect(await queueOf(queueCase).check(handle, call)).toMatchObject({ status: 'pending' });
      await queueOf(queueCase).cancel?.(handle, call);
      expect((await errorOf(queueOf(queueCase).check(handle, call))).kind).toBe('job_failed');
      await queueOf(queueCase).cancel?.(handle, call);
    });
  },
);

describe.each(queueCases.filter((each) => queueOf(each).lookup !== undefined))(
  '$provider.id $operation at the sandbox',
  (queueCase) => {
    it('finds a job whose submit was lost by our own id, and says so when there is none', async () => {
      await sandbox.plan({ provider: queueCase.provider.id, action: 'accept_then_drop', times: 1 });
      const call = aTestCall(queueCase.provider);
      const request = requestOf(queueCase);
      expect((await errorOf(queueOf(queueCase).submit(request, call))).kind).toBe('ambiguous');
      const handle = await queueOf(queueCase).lookup?.(request.idempotencyKey, call);
      expect(handle).toMatchObject({ providerJobId: expect.any(String) });
      expect(await queueOf(queueCase).lookup?.(randomUUID(), call)).toBeUndefined();
    });
  },
);
describe.each(syncCases)('$provider.id $operation at the sandbox', (syncCase) => {
  it('answers the result', async () => {
    await sandbox.plan();
    const reply = await syncOf(syncCase).call(requestOf(syncCase), aTestCall(syncCase.provider));
    const shapes: Readonly<Record<string, unknown>> = {
      generate_content: { body: { candidates: [{ content: { parts: [{ text: expect.anything() }] } }] } },
      embeddings: { body: { embeddings: [{ values: expect.anything() }] } },
      messages: { body: { content: [{ text: expect.stringMatching(/\w/) }] } },
      chat: { body: { choices: [{ message: { content: expect.stringMatching(/\w/) } }] } },
      images: { body: { data: [{ b64_json: expect.stringMatching(/^[\w+/=]{100,}$/) }] } },
      image: { body: { image: expect.stringMatching(/^[\w+/=]{100,}$/), finish_reason: 'SUCCESS' } },
      'ark images': { body: { data: [{ url: expect.stringContaining(sandbox.url), size: '256x256' }] } },
      'recraft images': { body: { credits: 40, data: [{ url: expect.stringContaining(sandbox.url) }] } },
      speech: { mimeType: 'audio/wav', bytes: expect.anything() },
      sound_effect: { mimeType: 'audio/mpeg', bytes: expect.anything() },
    };
    const { provider, operation } = syncCase;
    expect(reply).toMatchObject((shapes[`${provider.id} ${operation}`] ?? shapes[operation]) as object);
  });

  it('knows a refusal', async () => {
    await sandbox.plan({ provider: syncCase.provider.id, action: 'refuse' });
    const error = await errorOf(syncOf(syncCase).call(requestOf(syncCase), aTestCall(syncCase.provider)));
    expect(error.kind).toBe('refused');
  });
});

describe.each([...queueCases, ...syncCases])('faults of $provider.id $operation', (anyCase) => {
  const start = (overrides: Partial<ProviderCall> = {}): Promise<unknown> => {
    const call = aTestCall(anyCase.provider, overrides);
    const operation = anyCase.provider.operations[anyCase.operation];
    if (operation === undefined) throw new Error(`no operation ${anyCase.operation}`);
    return operation.kind === 'queue'
      ? operation.submit(requestOf(anyCase), call)
      : operation.call(requestOf(anyCase), call);
  };

  it.each([
    ['rate_limit', {}, ['rate_limited']],
    ['server_error', { status: 503 }, ['unavailable']],
    ['server_error', { status: 500 }, ['unavailable', 'ambiguous']],
    ['unauthorized', {}, ['authentication']],
    ['insufficient_quota', {}, ['billing']],
    ['accept_then_drop', {}, ['ambiguous']],
    ['malformed', {}, ['ambiguous', 'response_invalid']],
  ] as const)('%s %j is %j', async (action, facts, kinds) => {
    await sandbox.plan({ provider: anyCase.provider.id, action, ...facts });
    expect(kinds).toContain((await errorOf(start())).kind);
  });

  it('a silence after the request is ambiguous', async () => {
    await sandbox.plan({ provider: anyCase.provider.id, action: 'hang' });
    expect((await errorOf(start({ timeoutMs: 500 }))).kind).toBe('ambiguous');
  });
});
