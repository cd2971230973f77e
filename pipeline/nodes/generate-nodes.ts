import { z } from 'zod';
import { nodeConfig } from './node-config';
import {
  defineNode,
  UnsupportedRequestError,
  type NodeDefinition,
  type NodeRequest,
} from '../node-definition';
import {
  FLUX_SIZES,
  FLUX_ASPECT_RATIOS,
  GEMINI_ASPECT_RATIOS,
  OPENAI_IMAGE_SIZES,
  sizeOf,
} from './aspect-ratios';
import { PRICE_SOURCES, PRICES_READ_ON } from './price-sources';
import { definedOnly, optionalNumber, optionalText, refuseIfSet, requiredText, textBytes } from './request';
import { falImage, falModel } from './wire/fal';
import { openaiImage, openaiModel, openaiUsage } from './wire/openai';
import { replicateFile, replicateModel } from './wire/replicate';

const PROMPT_LENGTH_MAX = 20_000;
const SEED_MAX = 2_147_483_647;

const prompt = z
  .string()
  .min(1)
  .max(PROMPT_LENGTH_MAX)
  .optional()
  .describe('Used when no edge brings a prompt.');
const seed = z.number().int().min(0).max(SEED_MAX).optional();
const promptPort = {
  type: 'text',
  required: true,
  orConfig: true,
  description: 'What the picture is to show.',
} as const;
const imageOut = { image: { type: 'image', description: 'The picture.' } } as const;

const promptOf = (request: NodeRequest): string => requiredText(request, 'prompt', PROMPT_LENGTH_MAX);

/** Replicate spells JPEG `jpg`, fal `jpeg`. */
function replicateFormat(request: NodeRequest, allowed: readonly string[], model: string): string {
  const format = optionalText(request, 'outputFormat') ?? 'png';
  const name = format === 'jpeg' ? 'jpg' : format;
  if (allowed.includes(name)) return name;
  throw new UnsupportedRequestError(
    `${model} at Replicate makes no ${format}; it makes ${allowed.join(', ')}.`,
  );
}

// ---------------------------------------------------------------- FLUX.2 [pro]

type PixelSize = Readonly<Record<'width' | 'height', number>>;

function fluxPixels(request: NodeRequest): PixelSize | undefined {
  const width = optionalNumber(request, 'width');
  const height = optionalNumber(request, 'height');
  return width !== undefined && height !== undefined ? { width, height } : undefined;
}

/** A megapixel is 1024 × 1024, begun ones count whole; every ratio's own size is within the first one. */
function fluxUsd(request: NodeRequest): number {
  const pixels = fluxPixels(request);
  const megapixels = pixels ? Math.max(1, Math.ceil((pixels.width * pixels.height) / 1_048_576)) : 1;
  return 0.03 + 0.015 * (megapixels - 1);
}

const fluxPixelsSchema = z.number().int().min(256).max(2_048).multipleOf(32);

const flux2Pro = defineNode({
  type: 'generate:flux_2_pro',
  version: 1,
  label: 'FLUX.2 [pro]',
  description: 'Photorealistic pictures from a prompt, by Black Forest Labs.',
  config: nodeConfig({
    prompt,
    aspectRatio: z.enum(FLUX_ASPECT_RATIOS).default('4:3').describe('Shape, at about one megapixel.'),
    width: fluxPixelsSchema.optional().describe('Pixels, with height, instead of aspectRatio.'),
    height: fluxPixelsSchema.optional().describe('Pixels, with width, instead of aspectRatio.'),
    seed: seed.describe('The same seed and request give the same picture at one provider.'),
    outputFormat: z.enum(['png', 'jpeg']).default('png'),
    safetyTolerance: z.number().int().min(1).max(5).default(2).describe('1 strict to 5 permissive.'),
  }).refine((config) => (config.width === undefined) === (config.height === undefined), {
    path: ['width'],
    message: 'width and height go together',
  }),
  inputs: { prompt: promptPort },
  outputs: imageOut,
  implementation: {
    kind: 'provider',
    candidates: [
      falModel({
        model: 'fal-ai/flux-2-pro',
        price: {
          usd: fluxUsd,
          text: '$0.03 for the first megapixel, $0.015 for each further one',
          source: PRICE_SOURCES.fal,
          readOn: PRICES_READ_ON,
        },
        toInput: (request) =>
          definedOnly({
            prompt: promptOf(request),
            image_size: falSize(request),
            seed: optionalNumber(request, 'seed'),
            output_format: optionalText(request, 'outputFormat'),
            safety_tolerance: optionalText(request, 'safetyTolerance'),
          }),
        toOutputs: falImage,
      }),
      replicateModel({
        model: 'black-forest-labs/flux-2-pro',
        price: {
          usd: fluxUsd,
          text: '$0.03 for the first megapixel, $0.015 for each further one (not confirmed by Replicate)',
          source: PRICE_SOURCES.blackForestLabs,
          readOn: PRICES_READ_ON,
        },
        toInput: (request) => {
          const pixels = fluxPixels(request);
          const ratio = optionalText(request, 'aspectRatio');
          return definedOnly({
            prompt: promptOf(request),
            // Replicate reads width and height only with the ratio `custom`, and then no resolution.
            ...(pixels ? { aspect_ratio: 'custom', ...pixels } : { aspect_ratio: ratio, resolution: '1 MP' }),
            seed: optionalNumber(request, 'seed'),
            output_format: replicateFormat(request, ['png', 'jpg', 'webp'], 'flux-2-pro'),
            safety_tolerance: optionalNumber(request, 'safetyTolerance'),
          });
        },
        toOutputs: replicateFile('image'),
      }),
    ],
  },
  expectedSeconds: 15,
  deterministic: true,
});

function falSize(request: NodeRequest): PixelSize {
  const ratio = optionalText(request, 'aspectRatio');
  const size = fluxPixels(request) ?? sizeOf(FLUX_SIZES, ratio);
  if (size) return { ...size };
  throw new UnsupportedRequestError(`FLUX.2 at fal has no aspect ratio ${ratio ?? '(none)'}.`);
}

// ---------------------------------------------------------------- Nano Banana Pro

const proUsd = (request: NodeRequest): number => (optionalText(request, 'resolution') === '4K' ? 0.3 : 0.15);

const nanoBananaPro = defineNode({
  type: 'generate:nano_banana_pro',
  version: 1,
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
  implementation: {
    kind: 'provider',
    candidates: [
      falModel({
        model: 'fal-ai/nano-banana-pro',
        price: {
          usd: proUsd,
          text: '$0.15 per picture, $0.30 at 4K',
          source: PRICE_SOURCES.fal,
          readOn: PRICES_READ_ON,
        },
        toInput: (request) =>
          definedOnly({
            prompt: promptOf(request),
            num_images: 1,
            aspect_ratio: optionalText(request, 'aspectRatio'),
            resolution: optionalText(request, 'resolution'),
            output_format: optionalText(request, 'outputFormat'),
            seed: optionalNumber(request, 'seed'),
          }),
        toOutputs: falImage,
      }),
      replicateModel({
        model: 'google/nano-banana-pro',
        price: {
          usd: proUsd,
          text: '$0.15 per picture, $0.30 at 4K (not confirmed by Replicate)',
          source: PRICE_SOURCES.lumenfall,
          readOn: PRICES_READ_ON,
        },
        toInput: (request) => {
          refuseIfSet(request, ['seed'], 'nano-banana-pro at Replicate');
          return definedOnly({
            prompt: promptOf(request),
            aspect_ratio: optionalText(request, 'aspectRatio'),
            resolution: optionalText(request, 'resolution'),
            output_format: replicateFormat(request, ['png', 'jpg'], 'nano-banana-pro'),
          });
        },
        toOutputs: replicateFile('image'),
      }),
    ],
  },
  expectedSeconds: 40,
});

// ---------------------------------------------------------------- Nano Banana Lite

/** gpt-image-2, US dollars per token. */
const IMAGE_USD_PER_TOKEN = { textInput: 5e-6, output: 30e-6 };
/** A low-quality picture of one megapixel is told to cost $0.006; twice that covers the wider sizes. */
const LOW_QUALITY_USD_MAX = 0.012;

const lowQualityUsd = (request: NodeRequest): number =>
  LOW_QUALITY_USD_MAX + (textBytes(request, 'prompt') / 2) * IMAGE_USD_PER_TOKEN.textInput;

const nanoBananaLite = defineNode({
  type: 'generate:nano_banana_lite',
  version: 1,
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
  implementation: {
    kind: 'provider',
    candidates: [
      falModel({
        model: 'google/nano-banana-2-lite',
        price: {
          usd: () => 0.042,
          text: '$0.042 per picture: 1,120 image tokens at $37.50 per million (not confirmed by fal)',
          source: PRICE_SOURCES.lumenfall,
          readOn: PRICES_READ_ON,
        },
        toInput: (request) =>
          definedOnly({
            prompt: promptOf(request),
            num_images: 1,
            aspect_ratio: optionalText(request, 'aspectRatio'),
            output_format: optionalText(request, 'outputFormat'),
            seed: optionalNumber(request, 'seed'),
          }),
        toOutputs: falImage,
      }),
      // An equivalent, not the same model: the cheapest quality of OpenAI's image model.
      openaiModel({
        model: 'gpt-image-2',
        operation: 'images',
        price: {
          usd: lowQualityUsd,
          billedUsd: (request, reply) => {
            const used = openaiUsage(reply, 'input_tokens', 'output_tokens');
            if (!used) return lowQualityUsd(request);
            return used.input * IMAGE_USD_PER_TOKEN.textInput + used.output * IMAGE_USD_PER_TOKEN.output;
          },
          text: '$5 per million text tokens in, $30 per million image tokens out; about $0.006 at low quality (third party)',
          source: PRICE_SOURCES.litellm,
          readOn: PRICES_READ_ON,
        },
        toInput: (request) => {
          refuseIfSet(request, ['seed'], 'gpt-image-2');
          return definedOnly({
            prompt: promptOf(request),
            n: 1,
            size: sizeOf(OPENAI_IMAGE_SIZES, optionalText(request, 'aspectRatio')),
            quality: 'low',
            output_format: optionalText(request, 'outputFormat'),
          });
        },
        toOutputs: openaiImage,
      }),
    ],
  },
  expectedSeconds: 5,
});

export const generateNodes: readonly NodeDefinition[] = [flux2Pro, nanoBananaPro, nanoBananaLite];
