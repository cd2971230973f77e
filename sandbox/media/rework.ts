import sharp from 'sharp';
import { makeCutout } from './cutout';
import { openPicture } from './picture-file';
import type { Margins, Rework } from './recipe';

interface Sides {
  readonly width: number;
  readonly height: number;
}

/** A new scene and a given picture brought together as an editing model would; PNG of the scene's size. */
export async function rework(scene: Buffer, canvas: string, how: Rework): Promise<Buffer> {
  const { width, height } = await sharp(scene).metadata();
  const size = { width, height };
  switch (how.kind) {
    case 'fill':
      return fill(await fitted(canvas, size), scene, await maskOf(how.mask, size));
    case 'erase': {
      const base = await fitted(canvas, size);
      const healed = await sharp(base)
        .blur(Math.max(2, Math.min(width, height) / 24))
        .toBuffer();
      return fill(base, healed, await maskOf(how.mask, size));
    }
    case 'extend':
      return extend(scene, canvas, how.margins, size);
    case 'background': {
      const { bytes } = await makeCutout({ kind: 'cutout', source: canvas, format: 'png' });
      const subject = await sharp(bytes).resize(width, height, { fit: 'cover' }).toBuffer();
      return sharp(scene)
        .composite([{ input: subject }])
        .png({ compressionLevel: 0 })
        .toBuffer();
    }
  }
}

async function fitted(canvas: string, { width, height }: Sides): Promise<Buffer> {
  const { image } = await openPicture(canvas);
  return image.resize(width, height, { fit: 'fill' }).removeAlpha().png({ compressionLevel: 0 }).toBuffer();
}

/** One channel, white where something is to change; an oval in the middle stands for a mask that the model finds itself. */
async function maskOf(mask: string | undefined, { width, height }: Sides): Promise<Buffer> {
  const oval = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%"/><ellipse cx="50%" cy="52%" rx="26%" ry="30%" fill="#fff"/></svg>`;
  const image = mask === undefined ? sharp(Buffer.from(oval)) : (await openPicture(mask)).image;
  return image
    .resize(width, height, { fit: 'fill' })
    .flatten({ background: '#000000' })
    .toColourspace('b-w')
    .extractChannel(0)
    .blur(1.2)
    .raw()
    .toBuffer();
}

async function fill(base: Buffer, change: Buffer, mask: Buffer): Promise<Buffer> {
  const { width, height } = await sharp(base).metadata();
  const rgb = await sharp(change).removeAlpha().toColourspace('srgb').raw().toBuffer();
  const layer = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .joinChannel(mask, { raw: { width, height, channels: 1 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  return sharp(base)
    .composite([{ input: layer }])
    .removeAlpha()
    .png({ compressionLevel: 0 })
    .toBuffer();
}

async function extend(scene: Buffer, canvas: string, margins: Margins, size: Sides): Promise<Buffer> {
  const { image, width, height } = await openPicture(canvas);
  const scale = size.width / (width + margins.left + margins.right);
  const inner = {
    width: Math.max(1, Math.min(size.width, Math.round(width * scale))),
    height: Math.max(1, Math.min(size.height, Math.round(height * scale))),
  };
  const left = Math.min(size.width - inner.width, Math.round(margins.left * scale));
  const top = Math.min(size.height - inner.height, Math.round(margins.up * scale));
  const input = await image.resize(inner.width, inner.height, { fit: 'fill' }).removeAlpha().png().toBuffer();
  return sharp(scene).composite([{ input, left, top }]).removeAlpha().png({ compressionLevel: 0 }).toBuffer();
}
