import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { imageIsComplete } from '../../../../store/assets/media/image-is-complete';
import { withLocalFile } from '../../../../store/assets/media/local-file';
import { createMediaFixtures, type MediaFixtures } from '../../../activities/media/media-fixtures';

let media: MediaFixtures;
beforeAll(async () => {
  media = await createMediaFixtures();
});
afterAll(() => media.remove());

const clip = Buffer.alloc(20_000, 'a clip of the moments around the picture');

async function isComplete(content: Uint8Array, mimeType: string): Promise<boolean> {
  const path = await media.write('picture', content);
  return withLocalFile(path, (file) => imageIsComplete(file, mimeType));
}

/** With a preview of its own in its header, as cameras write it. */
async function photograph(isProgressive: boolean): Promise<Buffer> {
  const path = await media.picture('noise.png', { width: 300, height: 300, format: 'png', isNoise: true });
  const picture = await sharp(path).jpeg({ progressive: isProgressive, quality: 95 }).toBuffer();
  const preview = await sharp(path).resize(40).jpeg().toBuffer();
  const header = Buffer.from([0xff, 0xe1, 0, 0]);
  header.writeUInt16BE(preview.length + 2, 2);
  return Buffer.concat([picture.subarray(0, 2), header, preview, picture.subarray(2)]);
}

describe('imageIsComplete', () => {
  it.each([false, true])(
    'takes a photograph with a clip behind it for whole (progressive: %s)',
    async (isProgressive) => {
      const whole = await photograph(isProgressive);
      expect(await isComplete(whole, 'image/jpeg')).toBe(true);
      expect(await isComplete(Buffer.concat([whole, clip]), 'image/jpeg')).toBe(true);
    },
  );

  it.each([false, true])(
    'takes no photograph for whole that ends anywhere before its end (progressive: %s)',
    async (isProgressive) => {
      const whole = await photograph(isProgressive);
      for (const share of [0.02, 0.3, 0.5, 0.8, 0.95]) {
        const cut = whole.subarray(0, Math.floor(whole.length * share));
        expect([share, await isComplete(Buffer.concat([cut, Buffer.alloc(5_000)]), 'image/jpeg')]).toEqual([
          share,
          false,
        ]);
      }
    },
  );

  it('takes a PNG with something behind it for whole, and none that is cut off', async () => {
    const whole = await readFile(
      await media.picture('p.png', { width: 200, height: 200, format: 'png', isNoise: true }),
    );
    expect(await isComplete(Buffer.concat([whole, clip]), 'image/png')).toBe(true);
    for (const share of [0.01, 0.5, 0.99]) {
      const cut = whole.subarray(0, Math.floor(whole.length * share));
      expect(await isComplete(cut, 'image/png')).toBe(false);
    }
  });
});
