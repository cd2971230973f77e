import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kling } from '../../../activities/providers/kling';
import type { ProviderCall, QueueOperation } from '../../../activities/providers/provider';
import { ProviderError } from '../../../activities/providers/provider-error';
import { anOperationRequest, aProviderCall, guardedFetch } from './a-provider-call';
import { ScriptedServer, type ScriptedAnswer } from './scripted-server';

const SECRET = `whsec_${Buffer.from('a secret of twenty-four.').toString('base64')}`;
const operation = kling.operations['image_to_video'] as QueueOperation;

let server: ScriptedServer;

beforeAll(async () => {
  server = await new ScriptedServer().listen();
});
afterAll(async () => {
  await guardedFetch.close();
  await server.close();
});

const aCall = (overrides: Partial<ProviderCall> = {}): ProviderCall =>
  aProviderCall(kling, server.url, overrides);

function anEnvelope(code: number, data: unknown = undefined, status = 200): ScriptedAnswer {
  return { status, body: { code, message: code === 0 ? 'SUCCEED' : 'no', request_id: 'r', data } };
}

async function kindOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw new Error(`expected a ProviderError, got ${String(error)}`);
  return error.kind;
}

describe('Kling', () => {
  it('is sent the model, the input, our job as external_task_id and where to call back', async () => {
    server.answer(anEnvelope(0, { task_id: 't1', task_status: 'submitted' }));
    const request = {
      model: 'kling-v2-5-turbo',
      input: { prompt: 'x', image: 'AAAA' },
      callbackUrl: 'https://us/c?t=1',
    };
    const handle = await operation.submit(anOperationRequest(request), aCall());
    expect(handle).toEqual({ providerJobId: 't1' });
    expect([server.seen[0]?.path, JSON.parse(server.seen[0]?.body ?? '')]).toEqual([
      '/v1/videos/image2video',
      {
        model_name: 'kling-v2-5-turbo',
        prompt: 'x',
        image: 'AAAA',
        external_task_id: 'execution/n1/acme/0',
        callback_url: 'https://us/c?t=1',
      },
    ]);
  });

  it('gets a token that is valid now and for half an hour, or an API key as it is', async () => {
    server.answer(anEnvelope(0, { task_id: 't1', task_status: 'submitted' }));
    await operation.submit(anOperationRequest(), aCall());
    const payload = server.seen[0]?.headers.authorization?.split('.')[1] ?? '';
    const { exp, nbf } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
      exp: number;
      nbf: number;
    };
    const now = Date.now() / 1_000;
    expect([nbf < now, exp > now + 1_700, exp - nbf]).toEqual([true, true, 1_805]);
    await operation.submit(anOperationRequest(), aCall({ credential: `api-key ${SECRET}` }));
    expect(server.seen.at(-1)?.headers.authorization).toBe('Bearer api-key');
  });

  it.each([
    [1002, 401, 'authentication'],
    [1004, 401, 'authentication'],
    [1100, 429, 'billing'],
    [1101, 429, 'billing'],
    [1102, 429, 'billing'],
    [1103, 403, 'authentication'],
    [1201, 400, 'request_rejected'],
    [1203, 404, 'model_gone'],
    [1301, 400, 'refused'],
    [1302, 429, 'rate_limited'],
    [1303, 429, 'rate_limited'],
    [1304, 429, 'authentication'],
    [5001, 503, 'unavailable'],
    [1301, 200, 'refused'],
  ])('reads code %d with HTTP %d as %s', async (code, status, kind) => {
    server.answer(anEnvelope(code, undefined, status));
    expect(await kindOf(operation.submit(anOperationRequest(), aCall()))).toBe(kind);
  });

  it('tells a task that failed from one whose content was refused', async () => {
    const failed = (task_status_msg: string) =>
      anEnvelope(0, { task_id: 't1', task_status: 'failed', task_status_msg });
    server.answer(failed('Failure to pass the risk control system'));
    expect(await kindOf(operation.check({ providerJobId: 't1' }, aCall()))).toBe('refused');
    server.answer(failed('internal error'));
    expect(await kindOf(operation.check({ providerJobId: 't1' }, aCall()))).toBe('job_failed');
  });

  it('finds a task by our job, and takes only Kling’s own word that there is none', async () => {
    server.answer(anEnvelope(0, { task_id: 't9', task_status: 'processing' }));
    expect(await operation.lookup?.('job_1', aCall())).toEqual({ providerJobId: 't9' });
    expect(server.seen[0]?.path).toBe('/v1/videos/image2video/job_1');
    server.answer(anEnvelope(1203, undefined, 404));
    expect(await operation.lookup?.('job_1', aCall())).toBeUndefined();
    server.answer({ status: 404, body: '<html>' });
    expect(await kindOf(operation.lookup?.('job_1', aCall()) ?? Promise.resolve())).toBe('unavailable');
  });

  it('believes a callback that is signed with the secret beside the key, and no other', async () => {
    const rawBody = Buffer.from(JSON.stringify({ task_id: 't7', task_status: 'succeed' }));
    const receivedAtMs = Date.now();
    const timestamp = String(Math.floor(receivedAtMs / 1_000));
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    const signature = createHmac('sha256', key).update(`m1.${timestamp}.`).update(rawBody).digest('base64');
    const headers = {
      'webhook-id': 'm1',
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    };
    const message = { headers, rawBody, receivedAtMs, model: 'kling-v2-5-turbo' };
    const withSecret = aCall({ credential: `ak:sk ${SECRET}` });
    expect(await kling.readCallback?.(message, withSecret)).toEqual({ providerJobId: 't7' });
    expect(
      await kling.readCallback?.({ ...message, rawBody: Buffer.from('{"task_id":"t8"}') }, withSecret),
    ).toBeUndefined();
    expect(
      await kling.readCallback?.({ ...message, receivedAtMs: receivedAtMs + 400_000 }, withSecret),
    ).toBeUndefined();
    expect(await kling.readCallback?.(message, aCall({ credential: 'ak:sk' }))).toBeUndefined();
  });
});
