import { z } from 'zod';
import { UnsupportedRequestError, type NodeDefinition, type NodeRequest } from '../node-definition';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { optionalAsset, optionalNumber, optionalText, requiredAsset } from './request';
import { computed } from './table/fields';
import { perMegapixel } from './table/prices';
import { providerNode } from './table/provider-node';
import { falImage, falQueue } from './wire/fal';
import { replicateFile, replicatePrediction } from './wire/replicate';

/** Long side of a 4K picture, pixels. */
const LONG_SIDE_4K = 3_840;
const SCALE_FACTOR_MAX = 10;
/** What the rest of the house is ready to decode. */
const PIXELS_MAX = 100_000_000;

/** Whole numbers only: whether the models take others is not documented. */
function wantedFactor(request: NodeRequest, width: number, height: number): number {
  if (optionalText(request, 'targetResolution') !== '4k') return optionalNumber(request, 'scaleFactor') ?? 2;
  return Math.max(1, Math.ceil(LONG_SIDE_4K / Math.max(width, height)));
}

/** @throws UnsupportedRequestError when the size is unknown but needed, or the result would be too large. */
function scaleFactor(request: NodeRequest): number {
  const { width, height } = requiredAsset(request, 'image');
  if (width === undefined || height === undefined) {
    const factor = optionalText(request, 'targetResolution') ? undefined : wantedFactor(request, 1, 1);
    if (factor !== undefined) return factor;
    throw new UnsupportedRequestError(
      'The size of "image" is not known. Set scaleFactor instead of targetResolution.',
    );
  }
  const factor = wantedFactor(request, width, height);
  if (factor > SCALE_FACTOR_MAX) {
    throw new UnsupportedRequestError(
      `${width} × ${height} pixels are too few for 4K: the factor would be ${factor}.`,
    );
  }
  const pixels = width * height * factor * factor;
  if (pixels <= PIXELS_MAX) return factor;
  const size = `${width} × ${height} by ${factor}`;
  throw new UnsupportedRequestError(
    `${size} would be ${Math.round(pixels / 1e6)} megapixels; 100 are allowed.`,
  );
}

/** Of the result; a square of 1024 pixels stands for a picture that is not there yet. */
function resultPixels(request: NodeRequest): number {
  const { width = 1_024, height = 1_024 } = optionalAsset(request, 'image') ?? {};
  const factor = wantedFactor(request, width, height);
  return Math.min(width * height * factor * factor, PIXELS_MAX);
}

const factorField = computed(['scaleFactor', 'targetResolution'], scaleFactor);
const price = perMegapixel(
  { pixels: resultPixels, usd: 0.016, pixelsOfOne: 1e6, byPart: true, of: 'result' },
  readIn(
    'lumenfall',
    'as far as known: a reseller names $0.016 and bills by the megapixel; the provider publishes nothing that we could read',
  ),
);

const crystalUpscaler = providerNode({
  type: 'image:crystal_upscaler',
  label: 'Crystal Upscaler',
  description: 'Enlarges a picture and makes its detail crisp; portraits, products, up to 4K and beyond.',
  config: nodeConfig({
    scaleFactor: z
      .number()
      .int()
      .min(1)
      .max(SCALE_FACTOR_MAX)
      .optional()
      .describe('How many times wider and higher; 2 unless given.'),
    targetResolution: z
      .enum(['4k'])
      .optional()
      .describe(
        'Instead of scaleFactor: the least whole factor that makes the long side 3840 pixels or more.',
      ),
    creativity: z
      .number()
      .min(0)
      .max(10)
      .optional()
      .describe('Only fal takes it; with it there is no fallback.'),
  }).refine((config) => config.scaleFactor === undefined || config.targetResolution === undefined, {
    path: ['scaleFactor'],
    message: 'give scaleFactor or targetResolution, not both',
  }),
  inputs: { image: { type: 'image', required: true, description: 'The picture to enlarge.' } },
  outputs: { image: { type: 'image', description: 'The enlarged picture.' } },
  candidates: [
    {
      at: falQueue,
      model: 'clarityai/crystal-upscaler',
      fields: { image_url: 'image', scale_factor: factorField, creativity: 'creativity' },
      constants: { output_format: 'png' },
      reads: falImage,
      price,
    },
    {
      at: replicatePrediction,
      model: 'philz1337x/crystal-upscaler',
      fields: { image: 'image', scale_factor: factorField },
      reads: replicateFile('image'),
      price,
    },
  ],
  expectedSeconds: 30,
});

export const upscaleNodes: readonly NodeDefinition[] = [crystalUpscaler];
