import { z } from 'zod';
import type { NodeDefinition, NodeRequest, Price } from '../node-definition';
import { GEMINI_ASPECT_RATIOS, OPENAI_IMAGE_SIZES } from './aspect-ratios';
import {
  changePort,
  imageOut,
  imagesPort,
  outputFormat,
  prompt,
  promptPort,
  seed,
  withReferences,
} from './image-fields';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { optionalText, textBytes } from './request';
import { countOf, oneOf } from './table/fields';
import { perPicture, type RateBy } from './table/prices';
import { providerNode, type CandidateTable } from './table/provider-node';
import { bflImage, bflReferences, bflTask } from './wire/bfl';
import { falImage, falQueue } from './wire/fal';
import { openaiImage, openaiImages, openaiUsage } from './wire/openai';
import { replicateFile, replicatePrediction } from './wire/replicate';

const geminiRatio = z.enum(GEMINI_ASPECT_RATIOS).default('1:1');
const falSeed = seed.describe('Only fal takes one; with a seed there is no fallback.');
const pngOrJpg = oneOf('outputFormat', { png: 'png', jpeg: 'jpg' });
const falFields = {
  prompt: 'prompt',
  aspect_ratio: 'aspectRatio',
  output_format: 'outputFormat',
  seed: 'seed',
};

// ---------------------------------------------------------------- gpt-image-2, as itself and as a stand-in

/** US dollars per token. */
const USD_PER_TOKEN = { textInput: 5e-6, output: 30e-6 };
type Quality = 'low' | 'medium' | 'high';
/** Told per picture of one megapixel: $0.006, $0.053, $0.211; half as much again covers the wider sizes. */
const USD_MAX: Readonly<Record<Quality, number>> = { low: 0.012, medium: 0.08, high: 0.32 };

function gptPrice(quality: (request: NodeRequest) => Quality): Price {
  const usd = (request: NodeRequest): number =>
    USD_MAX[quality(request)] + (textBytes(request, 'prompt') / 2) * USD_PER_TOKEN.textInput;
  return {
    usd,
    billedUsd: (request, reply) => {
      const used = openaiUsage(reply, 'input_tokens', 'output_tokens');
      if (!used) return usd(request);
      return used.input * USD_PER_TOKEN.textInput + used.output * USD_PER_TOKEN.output;
    },
    text: '$5 per million text tokens in, $30 per million image tokens out; a square of 1024 pixels is about $0.006 at low, $0.053 at medium, $0.211 at high quality',
    ...readIn('litellm'),
  };
}

const gptFields = {
  prompt: 'prompt',
  size: oneOf('aspectRatio', OPENAI_IMAGE_SIZES),
  output_format: 'outputFormat',
};

function gptStandIn(quality: Quality): CandidateTable {
  return {
    at: openaiImages,
    model: 'gpt-image-2',
    fields: gptFields,
    constants: { n: 1, quality },
    reads: openaiImage,
    price: gptPrice(() => quality),
  };
}

const qualityOf = (request: NodeRequest): Quality => {
  const quality = optionalText(request, 'quality');
  return quality === 'low' || quality === 'medium' ? quality : 'high';
};

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
    outputFormat: z.enum(['png', 'jpeg', 'webp']).default('png'),
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
  candidates: [nanoBanana2Fal, gptStandIn('medium')],
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
  candidates: [nanoBanana2Fal, gptStandIn('medium')],
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
    outputFormat: z.enum(['png', 'jpeg', 'webp']).default('png'),
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
    // An equivalent, not the same model: the cheapest quality of OpenAI's image model.
    gptStandIn('low'),
  ],
  expectedSeconds: 5,
});

const gptImage2 = providerNode({
  type: 'generate:gpt_image_2',
  label: 'GPT image 2',
  description: 'Follows long instructions closely, with exact lettering, by OpenAI.',
  config: nodeConfig({
    prompt,
    aspectRatio: geminiRatio,
    quality: z.enum(['low', 'medium', 'high']).default('medium'),
    background: z.enum(['opaque', 'transparent']).optional().describe('Only OpenAI makes it transparent.'),
    outputFormat,
  }),
  inputs: { prompt: promptPort },
  outputs: imageOut,
  candidates: [
    {
      at: openaiImages,
      model: 'gpt-image-2',
      fields: { ...gptFields, quality: 'quality', background: 'background' },
      constants: { n: 1 },
      reads: openaiImage,
      price: gptPrice(qualityOf),
    },
    // An equivalent, not the same model.
    {
      at: falQueue,
      model: 'fal-ai/nano-banana-pro',
      fields: { prompt: 'prompt', aspect_ratio: 'aspectRatio', output_format: 'outputFormat' },
      constants: { num_images: 1, resolution: '1K' },
      ignores: ['quality'],
      reads: falImage,
      price: perPicture(0.15, readIn('fal')),
    },
  ],
  expectedSeconds: 40,
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
  ],
  expectedSeconds: 15,
});

export const googleImageNodes: readonly NodeDefinition[] = [
  nanoBananaPro,
  nanoBanana2,
  nanoBananaLite,
  imagen4,
  gptImage2,
  editPro,
  edit2,
];
