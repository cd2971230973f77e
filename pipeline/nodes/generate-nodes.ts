import { z } from 'zod';
import { UnsupportedRequestError, type NodeDefinition, type NodeRequest } from '../node-definition';
import {
  FLUX_SIZES,
  FLUX_ASPECT_RATIOS,
  GEMINI_ASPECT_RATIOS,
  OPENAI_IMAGE_SIZES,
  sizeOf,
} from './aspect-ratios';
import { imageOut, prompt, promptPort, seed } from './image-fields';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { optionalNumber, optionalText, textBytes } from './request';
import { asText, computed, oneOf } from './table/fields';
import { perMegapixel, perPicture, type RateBy } from './table/prices';
import { providerNode } from './table/provider-node';
import { falImage, falQueue } from './wire/fal';
import { openaiImage, openaiImages, openaiUsage } from './wire/openai';
import { replicateFile, replicatePrediction } from './wire/replicate';

// ---------------------------------------------------------------- FLUX.2 [pro]

type PixelSize = Readonly<Record<'width' | 'height', number>>;

function fluxPixels(request: NodeRequest): PixelSize | undefined {
  const width = optionalNumber(request, 'width');
  const height = optionalNumber(request, 'height');
  return width !== undefined && height !== undefined ? { width, height } : undefined;
}

/** Every ratio's own size is within the first megapixel. */
const fluxRate = {
  pixels: (request: NodeRequest): number => {
    const { width, height } = fluxPixels(request) ?? { width: 1, height: 1 };
    return width * height;
  },
  usd: 0.03,
  furtherUsd: 0.015,
};

const falSize = computed(['aspectRatio', 'width', 'height'], (request, { model }) => {
  const ratio = optionalText(request, 'aspectRatio');
  const size = fluxPixels(request) ?? sizeOf(FLUX_SIZES, ratio);
  if (size) return { ...size };
  throw new UnsupportedRequestError(`${model} has no aspect ratio ${ratio ?? '(none)'}.`);
});

const fluxPixelsSchema = z.number().int().min(256).max(2_048).multipleOf(32);

const flux2Pro = providerNode({
  type: 'generate:flux_2_pro',
  label: 'FLUX.2 [pro]',
  description: 'Photorealistic pictures from a prompt, by Black Forest Labs.',
  config: nodeConfig({
    prompt,
    aspectRatio: z.enum(FLUX_ASPECT_RATIOS).default('4:3').describe('Shape, at about one megapixel.'),
    width: fluxPixelsSchema.optional().describe('Pixels, with height, instead of aspectRatio.'),
    height: fluxPixelsSchema.optional().describe('Pixels, with width, instead of aspectRatio.'),
    seed,
    outputFormat: z.enum(['png', 'jpeg']).default('png'),
    safetyTolerance: z.number().int().min(1).max(5).default(2).describe('1 strict to 5 permissive.'),
  }).refine((config) => (config.width === undefined) === (config.height === undefined), {
    path: ['width'],
    message: 'width and height go together',
  }),
  inputs: { prompt: promptPort },
  outputs: imageOut,
  candidates: [
    {
      at: falQueue,
      model: 'fal-ai/flux-2-pro',
      fields: {
        prompt: 'prompt',
        image_size: falSize,
        seed: 'seed',
        output_format: 'outputFormat',
        safety_tolerance: asText('safetyTolerance'),
      },
      reads: falImage,
      price: perMegapixel(fluxRate, readIn('fal')),
    },
    {
      at: replicatePrediction,
      model: 'black-forest-labs/flux-2-pro',
      fields: {
        prompt: 'prompt',
        // Replicate reads width and height only with the ratio `custom`, and then no resolution.
        aspect_ratio: computed(['aspectRatio'], (request) =>
          fluxPixels(request) ? 'custom' : optionalText(request, 'aspectRatio'),
        ),
        resolution: computed([], (request) => (fluxPixels(request) ? undefined : '1 MP')),
        width: 'width',
        height: 'height',
        seed: 'seed',
        output_format: oneOf('outputFormat', { png: 'png', jpeg: 'jpg' }),
        safety_tolerance: 'safetyTolerance',
      },
      reads: replicateFile('image'),
      price: perMegapixel(fluxRate, readIn('blackForestLabs', 'not confirmed by Replicate')),
    },
  ],
  expectedSeconds: 15,
  deterministic: true,
});

// ---------------------------------------------------------------- Nano Banana Pro

const proRate: RateBy = { by: 'resolution', usd: { '1K': 0.15, '2K': 0.15, '4K': 0.3 } };

const nanoBananaPro = providerNode({
  type: 'generate:nano_banana_pro',
  label: 'Nano Banana Pro',
  description: 'Pictures with exact text and composition from a prompt, by Google (Gemini 3 Pro Image).',
  config: nodeConfig({
    prompt,
    aspectRatio: z.enum(GEMINI_ASPECT_RATIOS).default('1:1'),
    resolution: z.enum(['1K', '2K', '4K']).default('1K').describe('About 1024, 2048 or 4096 pixels.'),
    outputFormat: z.enum(['png', 'jpeg', 'webp']).default('png'),
    seed: seed.describe('Only fal takes one; with a seed there is no fallback.'),
  }),
  inputs: { prompt: promptPort },
  outputs: imageOut,
  candidates: [
    {
      at: falQueue,
      model: 'fal-ai/nano-banana-pro',
      fields: {
        prompt: 'prompt',
        aspect_ratio: 'aspectRatio',
        resolution: 'resolution',
        output_format: 'outputFormat',
        seed: 'seed',
      },
      constants: { num_images: 1 },
      reads: falImage,
      price: perPicture(proRate, readIn('fal')),
    },
    {
      at: replicatePrediction,
      model: 'google/nano-banana-pro',
      fields: {
        prompt: 'prompt',
        aspect_ratio: 'aspectRatio',
        resolution: 'resolution',
        output_format: oneOf('outputFormat', { png: 'png', jpeg: 'jpg' }),
      },
      reads: replicateFile('image'),
      price: perPicture(proRate, readIn('lumenfall', 'not confirmed by Replicate')),
    },
  ],
  expectedSeconds: 40,
});

// ---------------------------------------------------------------- Nano Banana Lite

/** gpt-image-2, US dollars per token. */
const IMAGE_USD_PER_TOKEN = { textInput: 5e-6, output: 30e-6 };
/** A low-quality picture of one megapixel is told to cost $0.006; twice that covers the wider sizes. */
const LOW_QUALITY_USD_MAX = 0.012;

const lowQualityUsd = (request: NodeRequest): number =>
  LOW_QUALITY_USD_MAX + (textBytes(request, 'prompt') / 2) * IMAGE_USD_PER_TOKEN.textInput;

const nanoBananaLite = providerNode({
  type: 'generate:nano_banana_lite',
  label: 'Nano Banana Lite',
  description: 'Quick, cheap pictures of about 1024 pixels for drafts, by Google (Nano Banana 2 Lite).',
  config: nodeConfig({
    prompt,
    aspectRatio: z.enum(GEMINI_ASPECT_RATIOS).default('1:1'),
    outputFormat: z.enum(['png', 'jpeg', 'webp']).default('png'),
    seed: seed.describe('Only fal takes one; with a seed there is no fallback.'),
  }),
  inputs: { prompt: promptPort },
  outputs: imageOut,
  candidates: [
    {
      at: falQueue,
      model: 'google/nano-banana-2-lite',
      fields: {
        prompt: 'prompt',
        aspect_ratio: 'aspectRatio',
        output_format: 'outputFormat',
        seed: 'seed',
      },
      constants: { num_images: 1 },
      reads: falImage,
      price: perPicture(
        0.042,
        readIn('lumenfall', '1,120 image tokens at $37.50 per million (not confirmed by fal)'),
      ),
    },
    // An equivalent, not the same model: the cheapest quality of OpenAI's image model.
    {
      at: openaiImages,
      model: 'gpt-image-2',
      fields: {
        prompt: 'prompt',
        size: oneOf('aspectRatio', OPENAI_IMAGE_SIZES),
        output_format: 'outputFormat',
      },
      constants: { n: 1, quality: 'low' },
      reads: openaiImage,
      price: {
        usd: lowQualityUsd,
        billedUsd: (request, reply) => {
          const used = openaiUsage(reply, 'input_tokens', 'output_tokens');
          if (!used) return lowQualityUsd(request);
          return used.input * IMAGE_USD_PER_TOKEN.textInput + used.output * IMAGE_USD_PER_TOKEN.output;
        },
        text: '$5 per million text tokens in, $30 per million image tokens out; about $0.006 at low quality (third party)',
        ...readIn('litellm'),
      },
    },
  ],
  expectedSeconds: 5,
});

export const generateNodes: readonly NodeDefinition[] = [flux2Pro, nanoBananaPro, nanoBananaLite];
