import { z } from 'zod';
import { UnsupportedRequestError, type NodeDefinition, type NodeRequest } from '../node-definition';
import { GEMINI_ASPECT_RATIOS } from './aspect-ratios';
import {
  changePort,
  imageOut,
  imagesPort,
  outputFormat,
  prompt,
  PROMPT_LENGTH_MAX,
  promptPort,
  seed,
  withReferences,
} from './image-fields';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { gptEditStandIn, gptStandIn } from './openai-image-nodes';
import { requiredText } from './request';
import { assetsAt, computed, countOf, oneOf } from './table/fields';
import {
  dollars,
  perMillionTokens,
  perPicture,
  usdOf,
  type Rate,
  type RateBy,
  type TokenRates,
} from './table/prices';
import { providerNode, type CandidateTable } from './table/provider-node';
import { bflImage, bflReferences, bflTask } from './wire/bfl';
import { falImage, falQueue } from './wire/fal';
import { googleContents, googleGenerate, googleImage } from './wire/google';
import { replicateFile, replicatePrediction } from './wire/replicate';

const geminiRatio = z.enum(GEMINI_ASPECT_RATIOS).default('1:1');
const falSeed = seed.describe('Only fal takes one; with a seed there is no fallback.');
const pngUnlessGiven = z
  .enum(['png', 'jpeg', 'webp'])
  .default('png')
  .describe('Google itself chooses PNG or JPEG, and serves no node that sets another one.');
const pngOrJpg = oneOf('outputFormat', { png: 'png', jpeg: 'jpg' });
const falFields = {
  prompt: 'prompt',
  aspect_ratio: 'aspectRatio',
  output_format: 'outputFormat',
  seed: 'seed',
};

// ---------------------------------------------------------------- at Google itself

const GEMINI_PICTURES_MAX = 14;
/** Nothing in a request chooses the format: PNG or JPEG, as the model likes. */
const geminiContents = computed(['prompt', 'images'], (request, { model }) => {
  const pictures = assetsAt(request, 'images');
  if (pictures.length > GEMINI_PICTURES_MAX)
    throw new UnsupportedRequestError(
      `${model} takes ${GEMINI_PICTURES_MAX} pictures, not ${pictures.length}.`,
    );
  return googleContents(requiredText(request, 'prompt', PROMPT_LENGTH_MAX), pictures);
});

interface GeminiModel {
  readonly model: string;
  /** US dollars per million tokens. */
  readonly rates: TokenRates;
  /** What a picture of each size counts; without a choice of sizes there is one. */
  readonly tokens: number | Readonly<Record<string, number>>;
  /** The size by Google's name where it is another than ours. */
  readonly sizes?: Readonly<Record<string, string>>;
  readonly has: readonly ('aspectRatio' | 'images')[];
}

/** What a picture that goes in counts, and a prompt's wrapping. */
const PICTURE_IN_TOKENS = 1_120;

function atGoogle({ model, rates, tokens, sizes, has }: GeminiModel): CandidateTable {
  const tokensOf = (request: NodeRequest): number => usdOf(rateOf(tokens), request);
  const picturesIn = (request: NodeRequest): number =>
    has.includes('images') ? countOf(request, 'images') * PICTURE_IN_TOKENS : 0;
  return {
    at: googleGenerate,
    model,
    fields: {
      contents: geminiContents,
      ...(has.includes('aspectRatio') ? { 'generationConfig.imageConfig.aspectRatio': 'aspectRatio' } : {}),
      ...(sizes ? { 'generationConfig.imageConfig.imageSize': oneOf('resolution', sizes) } : {}),
    },
    constants: { 'generationConfig.responseModalities': ['IMAGE'] },
    reads: googleImage,
    price: perMillionTokens(
      rates,
      {
        texts: ['prompt'],
        moreInput: picturesIn,
        output: tokensOf,
        usage: {
          input: ['usageMetadata', 'promptTokenCount'],
          output: ['usageMetadata', 'candidatesTokenCount'],
        },
      },
      readIn('googleImages', `a picture is ${told(rates, tokens)}`),
    ),
  };
}

function rateOf(tokens: GeminiModel['tokens']): Rate {
  return typeof tokens === 'number' ? tokens : { by: 'resolution', usd: tokens };
}

function told({ output }: TokenRates, tokens: GeminiModel['tokens']): string {
  const cost = (count: number): string => dollars(Math.round((count * output) / 100) / 10_000);
  return typeof tokens === 'number'
    ? cost(tokens)
    : Object.entries(tokens)
        .map(([size, count]) => `${cost(count)} (${size})`)
        .join(', ');
}

const geminiPro = {
  model: 'gemini-3-pro-image',
  rates: { input: 2, output: 120 },
  tokens: { '1K': 1_120, '2K': 1_120, '4K': 2_000 },
  sizes: { '1K': '1K', '2K': '2K', '4K': '4K' },
} as const;
const geminiFlash = {
  model: 'gemini-3.1-flash-image',
  rates: { input: 0.5, output: 60 },
  tokens: { '0.5K': 747, '1K': 1_120, '2K': 1_680, '4K': 2_520 },
  sizes: { '0.5K': '512', '1K': '1K', '2K': '2K', '4K': '4K' },
} as const;
const geminiLite = {
  model: 'gemini-3.1-flash-lite-image',
  rates: { input: 0.25, output: 30 },
  tokens: 1_120,
} as const;

// ---------------------------------------------------------------- generate

const proRate: RateBy = { by: 'resolution', usd: { '1K': 0.15, '2K': 0.15, '4K': 0.3 } };
const secondRate: RateBy = { by: 'resolution', usd: { '0.5K': 0.06, '1K': 0.08, '2K': 0.12, '4K': 0.16 } };

const nanoBananaPro = providerNode({
  type: 'generate:nano_banana_pro',
  label: 'Nano Banana Pro',
  description: 'Pictures with exact text and composition from a prompt, by Google (Gemini 3 Pro Image).',
  config: nodeConfig({
    prompt,
    aspectRatio: geminiRatio,
    resolution: z.enum(['1K', '2K', '4K']).default('1K').describe('About 1024, 2048 or 4096 pixels.'),
    outputFormat: pngUnlessGiven,
    seed: falSeed,
  }),
  inputs: { prompt: promptPort },
  outputs: imageOut,
  candidates: [
    {
      at: falQueue,
      model: 'fal-ai/nano-banana-pro',
      fields: { ...falFields, resolution: 'resolution' },
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
        output_format: pngOrJpg,
      },
      reads: replicateFile('image'),
      price: perPicture(proRate, readIn('lumenfall', 'not confirmed by Replicate')),
    },
    atGoogle({ ...geminiPro, has: ['aspectRatio'] }),
  ],
  expectedSeconds: 40,
});

const nanoBanana2Fal: CandidateTable = {
  at: falQueue,
  model: 'fal-ai/nano-banana-2',
  fields: { ...falFields, resolution: 'resolution' },
  constants: { num_images: 1 },
  reads: falImage,
  price: perPicture(secondRate, readIn('litellm')),
};

const nanoBanana2 = providerNode({
  type: 'generate:nano_banana_2',
  label: 'Nano Banana 2',
  description: 'Pictures with good lettering, quickly, by Google (Gemini 3.1 Flash Image).',
  config: nodeConfig({
    prompt,
    aspectRatio: geminiRatio,
    resolution: z.enum(['0.5K', '1K', '2K', '4K']).default('1K').describe('About 512 to 4096 pixels.'),
    outputFormat,
    seed: falSeed,
  }),
  inputs: { prompt: promptPort },
  outputs: imageOut,
  candidates: [nanoBanana2Fal, atGoogle({ ...geminiFlash, has: ['aspectRatio'] }), gptStandIn('medium')],
  expectedSeconds: 15,
});

const imagen4 = providerNode({
  type: 'generate:imagen4',
  label: 'Imagen 4 (closed)',
  description: 'Google closed Imagen 4; served by what it names in its place, Nano Banana 2.',
  config: nodeConfig({
    prompt,
    aspectRatio: z.enum(['1:1', '16:9', '9:16', '4:3', '3:4']).default('1:1'),
    resolution: z.enum(['1K', '2K']).default('1K').describe('About 1024 or 2048 pixels.'),
    outputFormat,
    seed: falSeed,
  }),
  inputs: { prompt: promptPort },
  outputs: imageOut,
  candidates: [nanoBanana2Fal, atGoogle({ ...geminiFlash, has: ['aspectRatio'] }), gptStandIn('medium')],
  availableUntil: '2026-08-17',
  successor: 'generate:nano_banana_2',
  expectedSeconds: 15,
});

const nanoBananaLite = providerNode({
  type: 'generate:nano_banana_lite',
  label: 'Nano Banana Lite',
  description: 'Quick, cheap pictures of about 1024 pixels for drafts, by Google (Nano Banana 2 Lite).',
  config: nodeConfig({
    prompt,
    aspectRatio: geminiRatio,
    outputFormat: pngUnlessGiven,
    seed: falSeed,
  }),
  inputs: { prompt: promptPort },
  outputs: imageOut,
  candidates: [
    {
      at: falQueue,
      model: 'google/nano-banana-2-lite',
      fields: falFields,
      constants: { num_images: 1 },
      reads: falImage,
      price: perPicture(
        0.042,
        readIn('lumenfall', '1,120 image tokens at $37.50 per million (not confirmed by fal)'),
      ),
    },
    atGoogle({ ...geminiLite, has: ['aspectRatio'] }),
    // An equivalent, not the same model: the cheapest quality of OpenAI's image model.
    gptStandIn('low'),
  ],
  expectedSeconds: 5,
});

// ---------------------------------------------------------------- edit

const editPro = providerNode({
  type: 'edit:nano_banana_pro',
  label: 'Nano Banana Pro edit',
  description: 'Changes or combines up to 14 pictures with exact text, by Google.',
  config: nodeConfig({
    prompt,
    resolution: z.enum(['1K', '2K', '4K']).default('1K').describe('About 1024, 2048 or 4096 pixels.'),
    outputFormat,
    seed: falSeed,
  }),
  inputs: { images: imagesPort, prompt: changePort },
  outputs: imageOut,
  candidates: [
    {
      at: falQueue,
      model: 'fal-ai/nano-banana-pro/edit',
      fields: {
        prompt: 'prompt',
        image_urls: 'images',
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
        image_input: 'images',
        resolution: 'resolution',
        output_format: pngOrJpg,
      },
      reads: replicateFile('image'),
      price: perPicture(proRate, readIn('lumenfall', 'not confirmed by Replicate')),
    },
    atGoogle({ ...geminiPro, has: ['images'] }),
    // An equivalent, not the same model.
    gptEditStandIn('high'),
  ],
  expectedSeconds: 40,
});

const edit2 = providerNode({
  type: 'edit:nano_banana_2',
  label: 'Nano Banana 2 edit',
  description: 'Changes or combines pictures quickly, by Google.',
  config: nodeConfig({
    prompt,
    resolution: z.enum(['0.5K', '1K', '2K', '4K']).default('1K').describe('About 512 to 4096 pixels.'),
    outputFormat,
    seed,
  }),
  inputs: { images: imagesPort, prompt: changePort },
  outputs: imageOut,
  candidates: [
    {
      at: falQueue,
      model: 'fal-ai/nano-banana-2/edit',
      fields: {
        prompt: 'prompt',
        image_urls: 'images',
        resolution: 'resolution',
        output_format: 'outputFormat',
        seed: 'seed',
      },
      constants: { num_images: 1 },
      reads: falImage,
      price: perPicture(secondRate, readIn('litellm', 'of the same model without pictures')),
    },
    atGoogle({ ...geminiFlash, has: ['images'] }),
    // An equivalent, not the same model.
    {
      at: bflTask,
      model: 'flux-2-pro',
      fields: {
        prompt: 'prompt',
        ...bflReferences('images'),
        seed: 'seed',
        output_format: oneOf('outputFormat', ['png', 'jpeg']),
      },
      reads: bflImage,
      price: withReferences(0.03, (request) => countOf(request, 'images'), readIn('bfl'), 0.015),
    },
    gptEditStandIn('medium'),
  ],
  expectedSeconds: 15,
});

export const googleImageNodes: readonly NodeDefinition[] = [
  nanoBananaPro,
  nanoBanana2,
  nanoBananaLite,
  imagen4,
  editPro,
  edit2,
];
