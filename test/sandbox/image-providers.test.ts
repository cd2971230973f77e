import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createBlackForestLabs } from '@ai-sdk/black-forest-labs';
import { createByteDance } from '@ai-sdk/bytedance';
import OpenAI from 'openai';
import sharp from 'sharp';
import { aSandbox, type TestSandbox } from './a-sandbox';

/** Media are CPU work, and the machine may be busy. */
jest.setTimeout(60_000);

let sandbox: TestSandbox;
let photo: Buffer;

beforeAll(async () => {
  sandbox = await aSandbox();
  photo = await sharp({ create: { width: 96, height: 64, channels: 3, background: '#3377aa' } })
    .png()
    .toBuffer();
});
afterAll(() => sandbox.remove());

/** How far a pixel is from the colour of the photo, all channels together; PNGs here have 256 colours. */
function distance(pixel: Buffer): number {
  return [0x33, 0x77, 0xaa].reduce((sum, value, at) => sum + Math.abs(value - (pixel[at] ?? 0)), 0);
}

async function pictureAt(url: string): Promise<Buffer> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

/** What the client of the AI SDK needs for one picture. */
const usual = { n: 1, files: undefined, mask: undefined, aspectRatio: undefined, size: undefined, seed: 7 };

describe('Black Forest Labs, driven by a client that others wrote', () => {
  const client = () =>
    createBlackForestLabs({ apiKey: 'any', baseURL: `${sandbox.url}/bfl/v1`, pollIntervalMillis: 20 });

  it('makes a picture of the asked size, names its seed and what it costs', async () => {
    const { images, providerMetadata } = await client()
      .image('flux-2-pro')
      .doGenerate({
        ...usual,
        prompt: 'a lighthouse at dawn',
        providerOptions: { blackForestLabs: { width: 320, height: 256, outputFormat: 'png' } },
      });
    const picture = Buffer.from(images[0] as Uint8Array);
    expect(await sharp(picture).metadata()).toMatchObject({ format: 'png', width: 320, height: 256 });
    expect(providerMetadata?.['blackForestLabs']).toMatchObject({ images: [{ cost: 3 }] });
  });

  it('derives an edit from the picture that was given', async () => {
    const { images } = await client()
      .image('flux-kontext-pro')
      .doGenerate({
        ...usual,
        prompt: 'at night',
        files: [{ type: 'file', mediaType: 'image/png', data: new Uint8Array(photo) }],
        providerOptions: {},
      });
    expect(await sharp(Buffer.from(images[0] as Uint8Array)).metadata()).toMatchObject({
      format: 'jpeg',
      width: 96,
      height: 64,
    });
  });

  it('tells a moderated task as a status and not as an error of HTTP', async () => {
    await sandbox.plan({ provider: 'bfl', action: 'refuse', times: 1 });
    const headers = { 'x-key': 'any', 'content-type': 'application/json' };
    const created = await fetch(`${sandbox.url}/bfl/v1/flux-2-pro`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ prompt: 'x' }),
    });
    const { polling_url: url } = (await created.json()) as { polling_url: string };
    let status = 'Pending';
    while (status === 'Pending')
      ({ status } = (await (await fetch(url, { headers })).json()) as { status: string });
    expect(status).toBe('Content Moderated');
    await sandbox.plan();
  });
});

describe('BytePlus Ark, driven by a client that others wrote', () => {
  it('makes a picture of the asked size', async () => {
    const client = createByteDance({ apiKey: 'any', baseURL: `${sandbox.url}/ark/api/v3` });
    const { images } = await client
      .image('seedream-4-0-250828')
      .doGenerate({ ...usual, seed: undefined, size: '1024x1024', prompt: 'a red fox', providerOptions: {} });
    const [image] = images;
    const bytes = typeof image === 'string' ? Buffer.from(image, 'base64') : Buffer.from(image ?? []);
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 1024, height: 1024 });
  });
});

describe('Recraft, driven by the client of OpenAI', () => {
  const client = () => new OpenAI({ apiKey: 'any', baseURL: `${sandbox.url}/recraft/v1`, maxRetries: 0 });

  it('makes a picture behind a link', async () => {
    const { data } = await client().images.generate({
      model: 'recraftv4',
      prompt: 'a tidy desk',
      size: '1024x1024',
    });
    expect(await sharp(await pictureAt(data?.[0]?.url ?? '')).metadata()).toMatchObject({
      format: 'webp',
      width: 1024,
      height: 1024,
    });
  });

  it('draws paths with the vector models, and traces a given picture', async () => {
    const { data } = await client().images.generate({ model: 'recraftv4_vector', prompt: 'a leaf' });
    expect((await pictureAt(data?.[0]?.url ?? '')).toString()).toMatch(/^<svg [^>]*viewBox="0 0 1024 1024"/);
    const traced = await fetch(`${sandbox.url}/recraft/v1/images/vectorize`, {
      method: 'POST',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      body: JSON.stringify({ image_url: `data:image/png;base64,${photo.toString('base64')}` }),
    });
    const { image } = (await traced.json()) as { image: { url: string } };
    const svg = (await pictureAt(image.url)).toString();
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 96 64"/);
    // The colour of the picture, in sixteen steps a channel.
    expect(svg).toContain('fill="#37a"');
  });

  it('says why in the form that the client expects of an error', async () => {
    await expect(client().images.generate({ model: 'recraftv9', prompt: 'x' })).rejects.toMatchObject({
      status: 400,
    });
  });
});

describe('Stability AI', () => {
  const post = (service: string, form: FormData, accept = 'image/*') =>
    fetch(`${sandbox.url}/stability/v2beta/stable-image/${service}`, {
      method: 'POST',
      headers: { authorization: 'Bearer any', accept },
      body: form,
    });
  const formOf = (fields: Record<string, string>, files: Record<string, Buffer> = {}): FormData => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    for (const [name, bytes] of Object.entries(files))
      form.set(name, new Blob([new Uint8Array(bytes)]), `${name}.png`);
    return form;
  };

  it('answers bytes with the reason in a header, or JSON with base64', async () => {
    const fields = { prompt: 'a boat', output_format: 'webp', seed: '3' };
    const bytes = await post('generate/core', formOf(fields));
    expect(bytes.headers.get('finish-reason')).toBe('SUCCESS');
    const picture = Buffer.from(await bytes.arrayBuffer());
    expect((await sharp(picture).metadata()).format).toBe('webp');
    const json = await post('generate/core', formOf(fields), 'application/json');
    expect(await json.json()).toMatchObject({ image: picture.toString('base64'), finish_reason: 'SUCCESS' });
  });

  it('refuses what is no form, what misses a file, and what is out of bounds', async () => {
    const json = await fetch(`${sandbox.url}/stability/v2beta/stable-image/generate/core`, {
      method: 'POST',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      body: '{"prompt":"x"}',
    });
    expect([json.status, await json.json()]).toEqual([400, expect.objectContaining({ name: 'bad_request' })]);
    const missing = await post('edit/erase', formOf({ grow_mask: '1000' }));
    expect(await missing.json()).toMatchObject({
      errors: ['image: is required', expect.stringContaining('grow_mask')],
    });
  });

  it('changes a picture only where the mask is white', async () => {
    const mask = await sharp({ create: { width: 48, height: 64, channels: 3, background: '#ffffff' } })
      .extend({ left: 48, background: '#000000' })
      .png()
      .toBuffer();
    const answer = await post('edit/inpaint', formOf({ prompt: 'a volcano' }, { image: photo, mask }));
    const changed = sharp(Buffer.from(await answer.arrayBuffer())).removeAlpha();
    const colourAt = (left: number): Promise<Buffer> =>
      changed.clone().extract({ left, top: 30, width: 1, height: 1 }).raw().toBuffer();
    expect(distance(await colourAt(8))).toBeLessThan(20);
    expect(distance(await colourAt(88))).toBeGreaterThan(20);
  });

  it('extends a picture by the asked margins around it', async () => {
    const answer = await post('edit/outpaint', formOf({ left: '32', up: '16' }, { image: photo }));
    const larger = sharp(Buffer.from(await answer.arrayBuffer())).removeAlpha();
    expect(await larger.metadata()).toMatchObject({ width: 128, height: 80 });
    const inner = await larger.clone().extract({ left: 100, top: 60, width: 1, height: 1 }).raw().toBuffer();
    const outer = await larger.clone().extract({ left: 8, top: 60, width: 1, height: 1 }).raw().toBuffer();
    expect([distance(inner) < 25, distance(outer) < 25]).toEqual([true, false]);
  });

  it('answers 202 for a slow service until its result is there', async () => {
    const started = await post('upscale/creative', formOf({ prompt: 'sharp' }, { image: photo }));
    const { id } = (await started.json()) as { id: string };
    const ask = () =>
      fetch(`${sandbox.url}/stability/v2beta/results/${id}`, {
        headers: { authorization: 'Bearer any', accept: 'application/json' },
      });
    let answer = await ask();
    while (answer.status === 202) answer = await ask();
    const { result } = (await answer.json()) as { result: string };
    const { width = 0, height = 0 } = await sharp(Buffer.from(result, 'base64')).metadata();
    expect(width * height).toBeGreaterThan(4_000_000);
    expect((await fetch(`${sandbox.url}/stability/v2beta/results/${'0'.repeat(64)}`)).status).toBe(401);
  });
});
