import { ApiError, createFalClient, type FalClient } from '@fal-ai/client';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createHash, createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import sharp from 'sharp';
import { aCallbackReceiver, aSandbox, type ReceivedCallback, type TestSandbox } from './a-sandbox';

/** Media are CPU work, and the machine may be busy. */
jest.setTimeout(60_000);

interface FalImage {
  readonly url: string;
  readonly width: number;
  readonly height: number;
  readonly content_type: string;
}

let sandbox: TestSandbox;
let client: FalClient;

beforeAll(async () => {
  sandbox = await aSandbox();
  client = createFalClient({
    credentials: 'id:secret',
    proxyUrl: { url: `${sandbox.url}/fal`, when: 'always' },
  });
});
afterAll(() => sandbox.remove());

describe('fal, driven by its official client', () => {
  it('makes a picture of the asked size and enlarges it to 4K', async () => {
    const { data } = await client.subscribe('fal-ai/flux-2-pro', {
      input: { prompt: 'a sailboat at sunset', image_size: 'square_hd', seed: 7 },
      pollInterval: 20,
    });
    const [picture] = (data as { images: FalImage[] }).images;
    expect(await sharp(await download(picture?.url)).metadata()).toMatchObject({
      format: 'jpeg',
      width: 1024,
      height: 1024,
    });

    const upscaled = await client.subscribe('clarityai/crystal-upscaler', {
      input: { image_url: picture?.url ?? '', scale_factor: 4 },
      pollInterval: 20,
    });
    const [large] = (upscaled.data as { images: FalImage[] }).images;
    expect(large).toMatchObject({ width: 4096, height: 4096, content_type: 'image/jpeg' });
    expect(await sharp(await download(large?.url)).metadata()).toMatchObject({ width: 4096, height: 4096 });
  });

  it.each([
    [
      'fal-ai/nano-banana-pro',
      { prompt: 'a city at night', aspect_ratio: '16:9' },
      { format: 'png', width: 1376, height: 768 },
    ],
    [
      'google/nano-banana-2-lite',
      { prompt: 'a city at night', aspect_ratio: '1:1' },
      { format: 'png', width: 1024, height: 1024 },
    ],
    [
      'fal-ai/bytedance/seedream/v4/text-to-image',
      { prompt: 'dunes', image_size: { width: 960, height: 1280 } },
      { format: 'png', width: 960, height: 1280 },
    ],
    ['fal-ai/recraft/v4/text-to-image', { prompt: 'a fox' }, { format: 'webp', width: 1024, height: 1024 }],
  ])('serves %s in the size and format that its options ask for', async (model, input, expected) => {
    const { data } = await client.subscribe(model, { input, pollInterval: 20 });
    const [image] = (data as { images: FalImage[] }).images;
    expect(await sharp(await download(image?.url)).metadata()).toMatchObject(expected);
  });

  it('answers a synchronous run with the output itself', async () => {
    const { data } = await client.run('openrouter/router', {
      input: { prompt: 'Write a title for a film about a lighthouse', model: 'any' },
    });
    expect(data).toMatchObject({ output: expect.stringContaining('Lighthouse') });
  });

  it('stores an upload and takes its address as an input', async () => {
    const source = await sharp({ create: { width: 40, height: 20, channels: 3, background: '#3366cc' } })
      .png()
      .toBuffer();
    const url = await client.storage.upload(new Blob([new Uint8Array(source)], { type: 'image/png' }));
    const { data } = await client.subscribe('fal-ai/birefnet/v2', {
      input: { image_url: url },
      pollInterval: 20,
    });
    const { image } = data as { image: FalImage };
    expect(await sharp(await download(image.url)).metadata()).toMatchObject({
      width: 40,
      height: 20,
      hasAlpha: true,
    });
  });

  it('lets the same request make the same bytes, and another seed make others', async () => {
    const make = async (seed: number): Promise<string> => {
      const { data } = await client.run('fal-ai/flux-2-pro', {
        input: { prompt: 'hills', image_size: 'square', seed },
      });
      return hashOf(await download((data as { images: FalImage[] }).images[0]?.url));
    };
    const first = await make(1);
    expect(await make(1)).toBe(first);
    expect(await make(2)).not.toBe(first);
  });

  it('reports a wrong input as fal does: accepted, COMPLETED, then 422 with a detail list', async () => {
    const submitted = await client.queue.submit('fal-ai/nano-banana-pro', {
      input: { prompt: 'a', aspect_ratio: '7:5' as '1:1' },
    });
    const status = await client.queue.subscribeToStatus('fal-ai/nano-banana-pro', {
      requestId: submitted.request_id,
      pollInterval: 20,
    });
    expect(status).toMatchObject({ status: 'COMPLETED', error: 'Invalid status code: 422' });
    const error: unknown = await client.queue
      .result('fal-ai/nano-banana-pro', { requestId: submitted.request_id })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 422,
      body: {
        detail: [
          { loc: ['body', 'prompt'], type: 'string_too_short' },
          { loc: ['body', 'aspect_ratio'], type: 'one_of' },
        ],
      },
    });
  });

  it('names a required field that is missing, and a file that cannot be fetched', async () => {
    const missing = await runRaw('fal-ai/flux-2-pro', {});
    expect(missing.status).toBe(422);
    expect(missing.headers.get('x-fal-retryable')).toBe('false');
    expect(await missing.json()).toMatchObject({
      detail: [{ loc: ['body', 'prompt'], type: 'missing', msg: 'Field required' }],
    });
    const unreachable = await runRaw('clarityai/crystal-upscaler', {
      image_url: `${sandbox.url}/nothing.png`,
    });
    expect(await unreachable.json()).toMatchObject({
      detail: [{ loc: ['body', 'image_url'], type: 'file_download_error' }],
    });
  });
});

describe('fal on the wire', () => {
  it('answers 202 until done, 400 on an early result, and uses owner and app alone in its links', async () => {
    const slow = await aSandbox({ latency: 100 });
    try {
      const submitted = await fetch(
        `${slow.url}/fal/fal-ai/bytedance/seedream/v4/text-to-image`,
        post({ prompt: 'sea', image_size: 'square' }),
      );
      const links = (await submitted.json()) as Record<
        'request_id' | 'response_url' | 'status_url' | 'cancel_url',
        string
      >;
      expect(links.response_url).toBe(`${slow.url}/fal/fal-ai/bytedance/requests/${links.request_id}`);
      const status = await fetch(links.status_url, { headers: key });
      expect(status.status).toBe(202);
      const early = await fetch(links.response_url, { headers: key });
      expect([early.status, await early.json()]).toEqual([400, { detail: 'Request is still in progress' }]);
      const canceled = await fetch(links.cancel_url, { method: 'PUT', headers: key });
      expect([canceled.status, await canceled.json()]).toEqual([202, { status: 'CANCELLATION_REQUESTED' }]);
      const again = await fetch(links.cancel_url, { method: 'PUT', headers: key });
      expect([again.status, await again.json()]).toEqual([400, { status: 'ALREADY_COMPLETED' }]);
      expect((await fetch(links.response_url, { headers: key })).status).toBe(499);
      const entries = await slow.ledger();
      expect(entries.map(({ kind, billed }) => [kind, billed])).toEqual([
        ['submit', false],
        ['cancel', false],
      ]);
    } finally {
      await slow.remove();
    }
  });

  it('refuses a call without a key and an unknown application', async () => {
    const withoutKey = await fetch(`${sandbox.url}/fal/fal-ai/flux-2-pro`, { method: 'POST', body: '{}' });
    expect([withoutKey.status, await withoutKey.json()]).toEqual([
      401,
      { detail: 'No user found for Key ID and Secret' },
    ]);
    const unknown = await fetch(`${sandbox.url}/fal/fal-ai/imagen4/preview`, post({ prompt: 'x' }));
    expect(unknown.status).toBe(404);
  });

  it('signs its callbacks so that the documented recipe verifies them', async () => {
    const receiver = await aCallbackReceiver([500]);
    try {
      const model = `${sandbox.url}/fal/fal-ai/flux-2-pro?fal_webhook=${encodeURIComponent(receiver.url)}`;
      const submitted = (await (
        await fetch(model, post({ prompt: 'a quiet lake', image_size: 'square' }))
      ).json()) as { request_id: string };
      await receiver.next();
      const callback = await receiver.next();
      expect(await isGenuine(callback)).toBe(true);
      expect(await isGenuine({ ...callback, body: `${callback.body} ` })).toBe(false);
      expect(JSON.parse(callback.body)).toMatchObject({
        request_id: submitted.request_id,
        status: 'OK',
        payload: {
          images: [{ width: 512, url: expect.stringContaining(`${sandbox.url}/fal/files/`) }],
        },
      });
    } finally {
      await receiver.close();
    }
  });

  it('calls back with ERROR and the detail list when the job failed', async () => {
    const receiver = await aCallbackReceiver();
    try {
      await fetch(
        `${sandbox.url}/fal/fal-ai/flux-2-pro?fal_webhook=${encodeURIComponent(receiver.url)}`,
        post({}),
      );
      expect(JSON.parse((await receiver.next()).body)).toMatchObject({
        status: 'ERROR',
        error: 'Invalid status code: 422',
        payload: { detail: [{ loc: ['body', 'prompt'], type: 'missing' }] },
      });
    } finally {
      await receiver.close();
    }
  });
});

const key = { authorization: 'Key id:secret' };

function post(body: unknown): RequestInit {
  return {
    method: 'POST',
    headers: { ...key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

function runRaw(model: string, body: unknown): Promise<Response> {
  return fetch(`${sandbox.url}/fal/run/${model}`, post(body));
}

async function download(url: string | undefined): Promise<Buffer> {
  const response = await fetch(url ?? '');
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

function hashOf(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The steps of docs.fal.ai "Webhooks": four lines, Ed25519, any key of the JWKS. */
async function isGenuine({ headers, body }: ReceivedCallback): Promise<boolean> {
  const parts = ['request-id', 'user-id', 'timestamp'].map((name) => headers[`x-fal-webhook-${name}`] ?? '');
  const message = Buffer.from([...parts, hashOf(body)].join('\n'));
  const signature = Buffer.from(headers['x-fal-webhook-signature'] ?? '', 'hex');
  const { keys } = (await (await fetch(`${sandbox.url}/fal/.well-known/jwks.json`)).json()) as {
    keys: JsonWebKey[];
  };
  return keys.some((jwk) => verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature));
}
