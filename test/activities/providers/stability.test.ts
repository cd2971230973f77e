import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stability } from '../../../activities/providers/stability';
import type { QueueOperation, SyncOperation } from '../../../activities/providers/provider';
import { anOperationRequest, aProviderCall, CREDENTIAL, guardedFetch } from './a-provider-call';
import { ScriptedServer } from './scripted-server';

const JOB = 'a6dc6c6e20acda010fe14d71f180658f2896ed9b4ec25aa99a6ff06c796987c4';
let server: ScriptedServer;

beforeAll(async () => {
  server = await new ScriptedServer().listen();
});
afterAll(async () => {
  await guardedFetch.close();
  await server.close();
});

const image = stability.operations['image'] as SyncOperation;
const job = stability.operations['job'] as QueueOperation;

function call(model: string, input = {}, files: { field: string }[] = []): Promise<unknown> {
  const parts = files.map(({ field }) => ({
    field,
    bytes: new Uint8Array([1, 2, 3]),
    mimeType: 'image/png',
    fileName: 'a.png',
  }));
  const request = anOperationRequest({ model, input, files: parts });
  return image.call(request, aProviderCall(stability, server.url));
}

describe('Stability AI', () => {
  it('posts a form to the path of the service, with fields and files, and asks for JSON', async () => {
    server.answer({ body: { image: 'AAAA', finish_reason: 'SUCCESS', seed: 7 } });
    const reply = await call('edit/inpaint', { prompt: 'a hat', seed: 7 }, [
      { field: 'image' },
      { field: 'mask' },
    ]);
    expect(reply).toEqual({ body: { image: 'AAAA', finish_reason: 'SUCCESS', seed: 7 } });
    const [seen] = server.seen;
    expect(seen?.path).toBe('/v2beta/stable-image/edit/inpaint');
    expect(seen?.headers).toMatchObject({
      accept: 'application/json',
      authorization: `Bearer ${CREDENTIAL}`,
    });
    expect(seen?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    for (const name of ['prompt', 'seed', 'image', 'mask']) expect(seen?.body).toContain(`name="${name}"`);
  });

  it('names the Stable Diffusion model in the form', async () => {
    server.answer({ body: { image: 'AAAA', finish_reason: 'SUCCESS' } });
    await call('sd3.5-medium', { prompt: 'a boat' });
    expect(server.seen[0]?.path).toBe('/v2beta/stable-image/generate/sd3');
    expect(server.seen[0]?.body).toMatch(/name="model"\r\n\r\nsd3\.5-medium/);
  });

  it('takes a filtered picture for a refusal, with status 200 as with 403', async () => {
    server.answer({ body: { image: 'AAAA', finish_reason: 'CONTENT_FILTERED' } });
    await expect(call('generate/core')).rejects.toMatchObject({
      kind: 'refused',
      httpStatus: 200,
      billed: false,
    });
    server.answer({ status: 403, body: { id: 'x', name: 'content_moderation', errors: ['flagged'] } });
    await expect(call('generate/core')).rejects.toMatchObject({ kind: 'refused', httpStatus: 403 });
  });

  it('rests a minute after a 429 without a delay, and knows an empty account', async () => {
    server.answer({ status: 429, body: { id: 'x', name: 'rate_limit_exceeded', errors: [] } });
    await expect(call('generate/core')).rejects.toMatchObject({ kind: 'rate_limited', retryAfterMs: 60_000 });
    server.answer({ status: 402, body: { id: 'x', name: 'payment_required', errors: [] } });
    await expect(call('generate/core')).rejects.toMatchObject({ kind: 'billing' });
  });

  it('asks for the result of a job every ten seconds at most, and takes a filtered one for a refusal', async () => {
    const access = aProviderCall(stability, server.url);
    server.answer({ body: { id: JOB } });
    const handle = await job.submit(anOperationRequest({ model: 'upscale/creative' }), access);
    server.answer({ status: 202, body: { id: JOB, status: 'in-progress' } });
    expect(await job.check(handle, access)).toEqual({ status: 'pending', retryAfterMs: 10_000 });
    expect(server.seen[0]?.path).toBe(`/v2beta/results/${JOB}`);
    server.answer({ body: { result: 'AAAA', finish_reason: 'CONTENT_FILTERED' } });
    await expect(job.check(handle, access)).rejects.toMatchObject({ kind: 'refused' });
  });
});
