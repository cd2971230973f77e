import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import Replicate, { validateWebhook } from 'replicate';
import sharp from 'sharp';
import { aCallbackReceiver, aSandbox, type TestSandbox } from './a-sandbox';

/** Media are CPU work, and the machine may be busy. */
jest.setTimeout(60_000);

let sandbox: TestSandbox;
let client: Replicate;

beforeAll(async () => {
  sandbox = await aSandbox();
  client = new Replicate({ auth: 'r8_any', baseUrl: `${sandbox.url}/replicate/v1`, useFileOutput: false });
});
afterAll(() => sandbox.remove());

describe('Replicate, driven by its official client', () => {
  it('gives a link for some models and a list for others', async () => {
    const link: unknown = await client.run('black-forest-labs/flux-2-pro', {
      input: { prompt: 'a red fox', resolution: '0.5 MP', output_format: 'png' },
    });
    const picture = await download(asLink(link));
    const { format, width = 0 } = await sharp(picture).metadata();
    expect(format).toBe('png');

    const list = await client.run('philz1337x/crystal-upscaler', {
      input: { image: asLink(link), scale_factor: 2 },
    });
    expect(list).toHaveLength(1);
    const large = await sharp(await download((list as string[])[0] ?? '')).metadata();
    expect(large.width).toBe(width * 2);
  });

  it('makes a clip from a picture', async () => {
    const source = await sharp({ create: { width: 320, height: 180, channels: 3, background: '#335577' } })
      .png()
      .toBuffer();
    const link: unknown = await client.run('kwaivgi/kling-v2.5-turbo-pro', {
      input: {
        prompt: 'zoom in',
        start_image: `data:image/png;base64,${source.toString('base64')}`,
        duration: 5,
      },
    });
    const clip = await download(asLink(link));
    expect(clip.subarray(4, 8).toString('latin1')).toBe('ftyp');
  });

  it('takes an uploaded file as an input', async () => {
    const source = await sharp({ create: { width: 50, height: 30, channels: 3, background: '#cc8844' } })
      .png()
      .toBuffer();
    const file = await client.files.create(new Blob([new Uint8Array(source)], { type: 'image/png' }));
    const [link] = (await client.run('philz1337x/clarity-upscaler', {
      input: { image: file.urls.get, scale_factor: 2 },
    })) as string[];
    expect(await sharp(await download(link ?? '')).metadata()).toMatchObject({ width: 100, height: 60 });
  });

  it('walks from starting over processing to succeeded, and cancels as "canceled"', async () => {
    const slow = await aSandbox({ latency: 10 });
    try {
      const patient = new Replicate({ auth: 'r8_any', baseUrl: `${slow.url}/replicate/v1` });
      const first = await patient.predictions.create({
        model: 'google/nano-banana-pro',
        input: { prompt: 'dunes' },
      });
      expect(first).toMatchObject({ status: 'starting', output: null, model: 'google/nano-banana-pro' });
      const second = await patient.predictions.create({
        model: 'google/nano-banana-pro',
        input: { prompt: 'hills' },
      });
      expect(await patient.predictions.cancel(second.id)).toMatchObject({ status: 'canceled' });
      const seen: string[] = [];
      const done = await patient.wait(first, { interval: 100 }, ({ status }) => {
        seen.push(status);
        return Promise.resolve(false);
      });
      expect(seen).toContain('processing');
      expect(done).toMatchObject({ status: 'succeeded', data_removed: false });
    } finally {
      await slow.remove();
    }
  });

  it('signs its webhooks so that the client verifies them', async () => {
    const receiver = await aCallbackReceiver();
    try {
      const { id } = await client.predictions.create({
        model: 'bytedance/seedream-4',
        input: { prompt: 'a castle', size: '1K' },
        webhook: receiver.url,
        webhook_events_filter: ['start', 'completed'],
      });
      const [started, completed] = [await receiver.next(), await receiver.next()];
      const { key } = await client.webhooks.default.secret.get();
      expect(
        await validateWebhook({ ...signatureOf(completed.headers), body: completed.body, secret: key }),
      ).toBe(true);
      expect(
        await validateWebhook({ ...signatureOf(completed.headers), body: started.body, secret: key }),
      ).toBe(false);
      expect(JSON.parse(completed.body)).toMatchObject({
        id,
        status: 'succeeded',
        output: [expect.any(String)],
      });
    } finally {
      await receiver.close();
    }
  });

  it('removes data and files once their time is over', async () => {
    const forgetful = await aSandbox({ outputLifetimeSeconds: 0.001 });
    try {
      const brief = new Replicate({ auth: 'r8_any', baseUrl: `${forgetful.url}/replicate/v1` });
      let prediction = await brief.predictions.create({
        model: 'recraft-ai/recraft-v4',
        input: { prompt: 'a cat' },
      });
      while (prediction.status !== 'succeeded') prediction = await brief.predictions.get(prediction.id);
      while (!prediction.data_removed) prediction = await brief.predictions.get(prediction.id);
      expect(prediction.output).toBeNull();
      expect((await fetch(`${forgetful.url}/replicate/delivery/${prediction.id}/out-0.webp`)).status).toBe(
        404,
      );
    } finally {
      await forgetful.remove();
    }
  });
});

describe("Replicate's errors", () => {
  it('tells a missing token, a bad input and an unknown model apart', async () => {
    const url = `${sandbox.url}/replicate/v1/models/google/nano-banana-pro/predictions`;
    const withoutToken = await fetch(url, { method: 'POST', body: '{"input":{}}' });
    expect([withoutToken.status, await withoutToken.json()]).toEqual([
      401,
      { title: 'Unauthenticated', detail: 'You did not pass an authentication token', status: 401 },
    ]);
    const invalid = await fetch(url, {
      method: 'POST',
      headers: { authorization: 'Bearer x' },
      body: '{"input":{}}',
    });
    expect(invalid.status).toBe(422);
    expect(await invalid.json()).toMatchObject({ detail: '- input: prompt is required\n', status: 422 });
    await expect(client.predictions.create({ model: 'nobody/nothing', input: {} })).rejects.toMatchObject({
      response: { status: 404 },
    });
  });

  it('throttles with the seconds in the text, and shows a refusal as a failed prediction', async () => {
    await sandbox.plan(
      { action: 'rate_limit', provider: 'replicate', contains: 'often', retryAfterSeconds: 30 },
      { action: 'refuse', contains: 'forbidden' },
    );
    const url = `${sandbox.url}/replicate/v1/models/google/nano-banana-pro/predictions`;
    const throttled = await fetch(url, {
      method: 'POST',
      headers: { authorization: 'Bearer x' },
      body: '{"input":{"prompt":"often"}}',
    });
    expect(throttled.status).toBe(429);
    expect(await throttled.json()).toMatchObject({
      detail: 'Request was throttled. Your rate limit resets in ~30s.',
    });
    await expect(client.run('google/nano-banana-pro', { input: { prompt: 'forbidden' } })).rejects.toThrow(
      /flagged as sensitive/,
    );
  });
});

function signatureOf(headers: Readonly<Record<string, string>>): {
  id: string;
  timestamp: string;
  signature: string;
} {
  const [id = '', timestamp = '', signature = ''] = ['id', 'timestamp', 'signature'].map(
    (name) => headers[`webhook-${name}`],
  );
  return { id, timestamp, signature };
}

function asLink(output: unknown): string {
  if (typeof output !== 'string') throw new Error('the output is not one link');
  return output;
}

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}
