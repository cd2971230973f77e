import sharp from 'sharp';
import { openPicture } from './picture-file';
import type { CutoutRecipe, Made } from './recipe';

/** Long side at which the background is judged; the mask is enlarged from there. */
const maskSide = 320;
/** How far a pixel's colour may be from the border's to count as background, as a share of the border's own spread. */
const tolerance = 2.6;

/**
 * The picture with its background made transparent. Background is what is connected to the border and looks like
 * it; a soft oval around the middle is kept in any case, so that there is always a subject.
 */
export async function makeCutout({ source, format }: CutoutRecipe): Promise<Made> {
  const { image, width, height } = await openPicture(source);
  const scale = Math.min(1, maskSide / Math.max(width, height));
  const small = {
    width: Math.max(8, Math.round(width * scale)),
    height: Math.max(8, Math.round(height * scale)),
  };
  const pixels = await image
    .clone()
    .resize(small.width, small.height, { fit: 'fill' })
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer();
  const mask = maskOf(pixels, small.width, small.height);
  const smooth = await sharp(mask, { raw: { ...small, channels: 1 } })
    .median(5)
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  const alpha = await sharp(smooth, { raw: { ...small, channels: 1 } })
    .resize(width, height, { kernel: 'cubic', fit: 'fill' })
    .blur(Math.max(0.5, 0.8 / scale))
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  const cut = sharp(await image.removeAlpha().toColourspace('srgb').raw().toBuffer(), {
    raw: { width, height, channels: 3 },
  }).joinChannel(alpha, {
    raw: { width, height, channels: 1 },
  });
  const bytes = await (
    format === 'webp' ? cut.webp({ quality: 90 }) : cut.png({ compressionLevel: 6, effort: 1 })
  ).toBuffer();
  return { bytes, contentType: `image/${format}`, extension: format, width, height };
}

function maskOf(pixels: Buffer, width: number, height: number): Buffer {
  const mask = Buffer.alloc(width * height, 255);
  const inOval = (x: number, y: number): boolean =>
    ((x / width - 0.5) / 0.3) ** 2 + ((y / height - 0.52) / 0.34) ** 2 < 1;
  const border = borderOf(width, height);
  const limit = tolerance * Math.max(14, spreadOf(pixels, border));
  const open = [...border];
  for (const at of open) mask[at] = 0;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const next of neighbours(at, width, height)) {
      if (
        mask[next] === 0 ||
        inOval(next % width, Math.floor(next / width)) ||
        difference(pixels, at, next) > limit
      )
        continue;
      mask[next] = 0;
      open.push(next);
    }
  }
  return mask;
}

function borderOf(width: number, height: number): number[] {
  const across = Array.from({ length: width }, (_, x) => [x, (height - 1) * width + x]).flat();
  const down = Array.from({ length: height }, (_, y) => [y * width, y * width + width - 1]).flat();
  return [...across, ...down];
}

function spreadOf(pixels: Buffer, places: readonly number[]): number {
  const steps = places.slice(1).map((at, index) => difference(pixels, at, places[index] ?? at));
  return steps.reduce((sum, step) => sum + step, 0) / Math.max(1, steps.length);
}

function neighbours(at: number, width: number, height: number): number[] {
  const x = at % width;
  const y = Math.floor(at / width);
  return [
    x > 0 ? at - 1 : -1,
    x < width - 1 ? at + 1 : -1,
    y > 0 ? at - width : -1,
    y < height - 1 ? at + width : -1,
  ].filter((place) => place >= 0);
}

function difference(pixels: Buffer, left: number, right: number): number {
  return [0, 1, 2].reduce(
    (sum, channel) => sum + Math.abs((pixels[left * 3 + channel] ?? 0) - (pixels[right * 3 + channel] ?? 0)),
    0,
  );
}
