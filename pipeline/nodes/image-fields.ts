import { z } from 'zod';
import type { NodeRequest } from '../node-definition';
import { FLUX_ASPECT_RATIOS, FLUX_SIZES, sideOf } from './aspect-ratios';
import { oneOf } from './table/fields';
import { perMegapixel, type PriceSource } from './table/prices';

/** Config fields, ports and tables that image nodes share. */

export const PROMPT_LENGTH_MAX = 20_000;
const SEED_MAX = 2_147_483_647;

export const prompt = z
  .string()
  .min(1)
  .max(PROMPT_LENGTH_MAX)
  .optional()
  .describe('Used when no edge brings a prompt.');
export const seed = z
  .number()
  .int()
  .min(0)
  .max(SEED_MAX)
  .optional()
  .describe('The same seed and request give the same picture at one provider.');
export const negativePrompt = z
  .string()
  .min(1)
  .max(2_000)
  .optional()
  .describe('What must not be seen; a provider without such a field does not serve a node that sets it.');
export const aspectRatio = z.enum(FLUX_ASPECT_RATIOS).default('1:1').describe('Shape.');
/** The model's own format unless given: a provider that makes no other one does not serve a node that wants it. */
export const outputFormat = z
  .enum(['png', 'jpeg', 'webp'])
  .optional()
  .describe('The format that the model makes by itself unless given.');
export const strength = z
  .number()
  .min(0)
  .max(1)
  .optional()
  .describe('0 keeps the picture, 1 leaves nothing of it.');

export const promptPort = {
  type: 'text',
  required: true,
  orConfig: true,
  description: 'What the picture is to show.',
} as const;
export const changePort = { ...promptPort, description: 'What is to change.' } as const;
export const imagePort = { type: 'image', required: true, description: 'The picture to work on.' } as const;
export const imagesPort = {
  type: 'image',
  required: true,
  many: true,
  description: 'The picture to change first, then others that the prompt speaks of.',
} as const;
export const maskPort = {
  type: 'image',
  required: true,
  description: 'White where the picture is to change, black where it stays; as large as the picture.',
} as const;
export const imageOut = { image: { type: 'image', description: 'The picture.' } } as const;
export const vectorOut = { vector: { type: 'file', description: 'The drawing, SVG.' } } as const;

/** fal's `image_size` in pixels, about one megapixel. */
export const falSize = oneOf('aspectRatio', FLUX_SIZES);
/** Width and height apart, about one megapixel. */
export const pixelFields = {
  width: oneOf('aspectRatio', sideOf(FLUX_SIZES, 'width')),
  height: oneOf('aspectRatio', sideOf(FLUX_SIZES, 'height')),
};
export const pngOrJpeg = oneOf('outputFormat', ['png', 'jpeg']);

/** A price by the megapixel for pictures that are never larger than one. */
export function oneMegapixel(usd: number, source: PriceSource) {
  return perMegapixel({ pixels: () => 1, usd }, source);
}

/** A price by the megapixel of the result and of each picture that goes in, which counts as one. */
export function withReferences(
  usd: number,
  count: (request: NodeRequest) => number,
  source: PriceSource,
  furtherUsd = usd,
) {
  return perMegapixel(
    {
      pixels: (request) => (1 + count(request)) * 1_048_576,
      usd,
      furtherUsd,
      of: 'result and of each input',
    },
    source,
  );
}
