import type sharp from 'sharp';
import { decoding } from '../image-operations';
import type { Picture, Size } from './picture';

const HASH_BITS = 64;

/** Difference hash: which of 64 neighbours is lighter, row by row; 16 hex digits. */
export async function perceptualHash(picture: Picture): Promise<string> {
  const grey = await greyPixels(picture, { width: 9, height: 8 });
  let bits = '';
  for (let row = 0; row < 8; row += 1) {
    for (let column = 0; column < 8; column += 1) {
      const at = row * 9 + column;
      bits += (grey[at] ?? 0) < (grey[at + 1] ?? 0) ? '1' : '0';
    }
  }
  return BigInt(`0b${bits}`)
    .toString(16)
    .padStart(HASH_BITS / 4, '0');
}

export function hashDistance(one: string, other: string): number {
  return [...(BigInt(`0x${one}`) ^ BigInt(`0x${other}`)).toString(2)].filter((bit) => bit === '1').length;
}

/** Structural similarity of light and dark (Wang et al. 2004) in windows of 8 × 8, −1 to 1. */
export function structuralSimilarity(one: Buffer, other: Buffer, { width, height }: Size): number {
  const [steady, steadier] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
  let sum = 0;
  let windows = 0;
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      const { meanA, meanB, varianceA, varianceB, covariance } = moments(one, other, {
        left,
        top,
        right: Math.min(left + 8, width),
        bottom: Math.min(top + 8, height),
        stride: width,
      });
      const light = (2 * meanA * meanB + steady) / (meanA ** 2 + meanB ** 2 + steady);
      sum += (light * (2 * covariance + steadier)) / (varianceA + varianceB + steadier);
      windows += 1;
    }
  }
  return sum / windows;
}

interface Window {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly stride: number;
}

function moments(one: Buffer, other: Buffer, { left, top, right, bottom, stride }: Window) {
  let [sumA, sumB, squareA, squareB, product] = [0, 0, 0, 0, 0];
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      const [a, b] = [one[y * stride + x] ?? 0, other[y * stride + x] ?? 0];
      sumA += a;
      sumB += b;
      squareA += a * a;
      squareB += b * b;
      product += a * b;
    }
  }
  const count = (right - left) * (bottom - top);
  const [meanA, meanB] = [sumA / count, sumB / count];
  return {
    meanA,
    meanB,
    varianceA: squareA / count - meanA ** 2,
    varianceB: squareB / count - meanB ** 2,
    covariance: product / count - meanA * meanB,
  };
}

/** Mean absolute difference of bytes, 0 to 1. */
export function meanDifference(one: Buffer, other: Buffer): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += Math.abs((one[at] ?? 0) - (other[at] ?? 0));
  return sum / one.length / 255;
}

export function greyPixels(picture: Picture, size: Size): Promise<Buffer> {
  return rawPixels(picture.image().flatten({ background: '#ffffff' }).grayscale(), size, 'b-w');
}

export function colourPixels(picture: Picture, size: Size): Promise<Buffer> {
  return rawPixels(picture.image().flatten({ background: '#ffffff' }), size, 'srgb');
}

function rawPixels(image: sharp.Sharp, size: Size, space: 'b-w' | 'srgb'): Promise<Buffer> {
  return decoding(() =>
    image
      .resize({ ...size, fit: 'fill' })
      .toColourspace(space)
      .raw()
      .toBuffer(),
  );
}

export interface PaletteColour {
  readonly color: string;
  /** Of all pixels, 0 to 1. */
  readonly share: number;
}

type Pixel = readonly [red: number, green: number, blue: number];

/** The main colours, by cutting the colour space at medians; the most frequent first. */
export function paletteOf(rgb: Buffer, count: number): readonly PaletteColour[] {
  const pixels: Pixel[] = [];
  for (let at = 0; at + 2 < rgb.length; at += 3)
    pixels.push([rgb[at] ?? 0, rgb[at + 1] ?? 0, rgb[at + 2] ?? 0]);
  const boxes = [pixels];
  while (boxes.length < count) {
    const widest = boxes.map((box) => ({ box, ...widestChannel(box) })).sort((a, b) => b.reach - a.reach)[0];
    if (!widest || widest.reach === 0) break;
    boxes.splice(boxes.indexOf(widest.box), 1, ...cutAtMedian(widest.box, widest.channel));
  }
  return boxes
    .map((box) => ({ color: meanColour(box), share: Number((box.length / pixels.length).toFixed(4)) }))
    .sort((a, b) => b.share - a.share);
}

function widestChannel(box: readonly Pixel[]): { readonly channel: 0 | 1 | 2; readonly reach: number } {
  const reaches = ([0, 1, 2] as const).map((channel) => {
    let [least, most] = [255, 0];
    for (const pixel of box) {
      least = Math.min(least, pixel[channel]);
      most = Math.max(most, pixel[channel]);
    }
    return { channel, reach: most - least };
  });
  return reaches.reduce((best, next) => (next.reach > best.reach ? next : best));
}

/** Between two different values, so that pixels of one colour stay together. */
function cutAtMedian(box: readonly Pixel[], channel: 0 | 1 | 2): readonly Pixel[][] {
  const sorted = [...box].sort((a, b) => a[channel] - b[channel]);
  const median = sorted[sorted.length >> 1]?.[channel] ?? 0;
  const least = sorted[0]?.[channel] ?? 0;
  const isLow = (pixel: Pixel): boolean =>
    median > least ? pixel[channel] < median : pixel[channel] <= median;
  return [sorted.filter(isLow), sorted.filter((pixel) => !isLow(pixel))];
}

function meanColour(box: readonly Pixel[]): string {
  const mean = ([0, 1, 2] as const).map((channel) =>
    Math.round(box.reduce((sum, pixel) => sum + pixel[channel], 0) / box.length),
  );
  return toHex(mean);
}

export function toHex(channels: readonly number[]): string {
  return `#${channels.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;
}
