import { createFalClient, type FalClient } from '@fal-ai/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { aSandbox, type TestSandbox } from './a-sandbox';

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
    const { images } = data as { images: FalImage[] };
    const picture = await download(images[0]?.url);
    expect(await sharp(picture).metadata()).toMatchObject({ format: 'jpeg', width: 1024, height: 1024 });

    const upscaled = await client.subscribe('clarityai/crystal-upscaler', {
      input: { image_url: images[0]?.url ?? '', scale_factor: 4 },
      pollInterval: 20,
    });
    const [large] = (upscaled.data as { images: FalImage[] }).images;
    expect(large).toMatchObject({ width: 4096, height: 4096, content_type: 'image/jpeg' });
    expect(await sharp(await download(large?.url)).metadata()).toMatchObject({ width: 4096, height: 4096 });
  });
});

async function download(url: string | undefined): Promise<Buffer> {
  const response = await fetch(url ?? '');
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}
