import { z } from 'zod';
import type { NodeDefinition } from '../node-definition';
import { STABILITY_ASPECT_RATIOS, FLUX_SIZES } from './aspect-ratios';
import {
  changePort,
  falSize,
  imageOut,
  imagePort,
  negativePrompt,
  oneMegapixel,
  outputFormat,
  pngOrJpeg,
  prompt,
  promptPort,
  seed,
} from './image-fields';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { optionalText, requiredText } from './request';
import { computed, listed, oneOf, text } from './table/fields';
import { perPicture, type RateBy } from './table/prices';
import { providerNode, type CandidateTable, type ProviderNode } from './table/provider-node';
import { falImage, falQueue } from './wire/fal';
import { stabilityImage, stabilityPicture } from './wire/stability';

/** Stability AI's models and services, and what stands in for them. */

const LENGTH_MAX = 10_000;
const STYLES = [
  ...['enhance', 'anime', 'photographic', 'digital-art', 'comic-book', 'fantasy-art', 'line-art'],
  ...['analog-film', 'neon-punk', 'isometric', 'low-poly', 'origami', 'modeling-compound', 'cinematic'],
  ...['3d-model', 'pixel-art', 'tile-texture'],
] as const;

const ratio = z.enum(STABILITY_ASPECT_RATIOS).default('1:1').describe('Shape, at about one megapixel.');
const stylePreset = z.enum(STYLES).optional().describe('Only Stability AI has such styles.');
const controlStrength = z.number().min(0).max(1).optional().describe('How closely to keep to the picture.');

const drawn = {
  prompt: text('prompt', LENGTH_MAX),
  negative_prompt: 'negativePrompt',
  seed: 'seed',
  output_format: 'outputFormat',
};

type Table = Pick<CandidateTable, 'model' | 'fields' | 'price'> & Partial<CandidateTable>;
const atStability = (model: string, credits: number, fields: CandidateTable['fields']): CandidateTable => ({
  at: stabilityImage,
  model,
  fields,
  reads: stabilityPicture,
  price: perPicture(credits / 100, readIn('stability')),
});
const atFal = (table: Table): CandidateTable => ({ at: falQueue, reads: falImage, ...table });

const falDrawn = { prompt: 'prompt', seed: 'seed', image_size: falSize, output_format: pngOrJpeg };
const diffusionAtFal = atFal({
  model: 'fal-ai/stable-diffusion-v35-medium',
  fields: { ...falDrawn, negative_prompt: 'negativePrompt' },
  constants: { num_images: 1 },
  price: perPicture(0.0398, readIn('litellm')),
});

const generated = { ...drawn, aspect_ratio: 'aspectRatio', style_preset: 'stylePreset' };

function generate(node: Pick<ProviderNode, 'type' | 'label' | 'description' | 'candidates'>): NodeDefinition {
  return providerNode({
    ...node,
    config: nodeConfig({ prompt, aspectRatio: ratio, seed, negativePrompt, stylePreset, outputFormat }),
    inputs: { prompt: promptPort },
    outputs: imageOut,
    expectedSeconds: 10,
    deterministic: true,
  });
}

/** What another model is told where Stability has a service for it. */
const told = (from: readonly string[], say: (read: (name: string) => string) => string) =>
  computed(from, (request) => say((name) => requiredText(request, name, LENGTH_MAX)));

const kontext = (
  model: string,
  usd: number,
  source: 'fal' | 'falPricingApi',
  words: CandidateTable['fields'][string],
) =>
  atFal({
    model,
    fields: { prompt: words, image_url: 'image', seed: 'seed', output_format: pngOrJpeg },
    constants: { num_images: 1 },
    price: perPicture(usd, readIn(source)),
  });
const kontextPro = (words: CandidateTable['fields'][string]) =>
  kontext('fal-ai/flux-pro/kontext', 0.04, 'fal', words);

const edited = { ...drawn, image: 'image', style_preset: 'stylePreset' };

function rework(
  node: Pick<ProviderNode, 'type' | 'label' | 'description' | 'candidates'>,
  more: z.ZodRawShape = {},
): NodeDefinition {
  return providerNode({
    ...node,
    config: nodeConfig({ prompt, ...more, seed, negativePrompt, stylePreset, outputFormat }),
    inputs: { image: imagePort, prompt: changePort },
    outputs: imageOut,
    expectedSeconds: 12,
    deterministic: true,
  });
}

const speeds: RateBy = { by: 'speed', usd: { turbo: 0.03, balanced: 0.06, quality: 0.09 } };

export const stabilityNodes: readonly NodeDefinition[] = [
  generate({
    type: 'generate:stable_image_core',
    label: 'Stable Image Core',
    description: 'Quick, affordable pictures in many styles, by Stability AI.',
    candidates: [atStability('generate/core', 3, generated), diffusionAtFal],
  }),
  generate({
    type: 'generate:stable_image_ultra',
    label: 'Stable Image Ultra',
    description: 'The best of Stability AI: photorealistic pictures with fine detail.',
    candidates: [
      atStability('generate/ultra', 8, generated),
      atFal({
        model: 'fal-ai/flux-pro/v1.1',
        fields: falDrawn,
        constants: { num_images: 1 },
        price: oneMegapixel(0.04, readIn('falPricingApi')),
      }),
    ],
  }),
  generate({
    type: 'generate:stable_diffusion_3_5_large',
    label: 'Stable Diffusion 3.5 Large',
    description: 'The large open model of Stability AI.',
    candidates: [atStability('sd3.5-large', 6.5, generated), diffusionAtFal],
  }),
  generate({
    type: 'generate:stable_diffusion_3_5_medium',
    label: 'Stable Diffusion 3.5 Medium',
    description: 'The medium open model of Stability AI.',
    candidates: [diffusionAtFal, atStability('sd3.5-medium', 3.5, generated)],
  }),
  generate({
    type: 'generate:stable_diffusion_3_5_flash',
    label: 'Stable Diffusion 3.5 Flash',
    description: 'Four steps of Stable Diffusion: drafts.',
    candidates: [
      atStability('sd3.5-flash', 2.5, generated),
      atFal({
        model: 'fal-ai/flux/schnell',
        fields: falDrawn,
        constants: { num_images: 1 },
        price: oneMegapixel(0.003, readIn('falPricingApi')),
      }),
    ],
  }),
  generate({
    type: 'generate:qwen_image',
    label: 'Qwen Image',
    description: 'Pictures with long lettering, by Alibaba.',
    candidates: [
      atFal({
        model: 'fal-ai/qwen-image',
        fields: { ...falDrawn, negative_prompt: 'negativePrompt' },
        constants: { num_images: 1 },
        price: oneMegapixel(0.02, readIn('fal')),
      }),
      atStability('generate/core', 3, generated),
    ],
  }),
  generate({
    type: 'generate:hidream_i1_fast',
    label: 'HiDream-I1 fast',
    description: 'The quick open model of HiDream.',
    candidates: [
      atFal({
        model: 'fal-ai/hidream-i1-fast',
        fields: { ...falDrawn, negative_prompt: 'negativePrompt' },
        constants: { num_images: 1 },
        price: oneMegapixel(0.01, readIn('falPricingApi')),
      }),
      atStability('sd3.5-flash', 2.5, generated),
    ],
  }),
  generate({
    type: 'generate:bria_fast',
    label: 'Bria fast',
    description: 'A model that was trained on licensed pictures only.',
    candidates: [
      atFal({
        model: 'fal-ai/bria/text-to-image/fast',
        fields: {
          prompt: 'prompt',
          negative_prompt: 'negativePrompt',
          seed: 'seed',
          aspect_ratio: oneOf('aspectRatio', Object.keys(FLUX_SIZES)),
        },
        constants: { num_images: 1 },
        price: perPicture(0.028, readIn('fal')),
      }),
      atStability('generate/core', 3, generated),
    ],
  }),
  rework(
    {
      type: 'edit:search_and_replace',
      label: 'Search and replace',
      description: 'Finds a thing in a picture by its name and puts another in its place.',
      candidates: [
        atStability('edit/search-and-replace', 5, { ...edited, search_prompt: 'search' }),
        kontextPro(
          told(
            ['prompt', 'search'],
            (read) => `Replace ${read('search')} with ${read('prompt')}. Keep the rest.`,
          ),
        ),
      ],
    },
    { search: z.string().min(1).max(1_000).describe('What is to be replaced, such as "the dog".') },
  ),
  rework(
    {
      type: 'edit:search_and_recolor',
      label: 'Search and recolour',
      description: 'Finds a thing in a picture by its name and gives it another colour.',
      candidates: [
        atStability('edit/search-and-recolor', 5, { ...edited, select_prompt: 'select' }),
        kontextPro(
          told(
            ['prompt', 'select'],
            (read) => `Recolour ${read('select')}: ${read('prompt')}. Keep the rest.`,
          ),
        ),
      ],
    },
    { select: z.string().min(1).max(1_000).describe('What is to be recoloured, such as "the car".') },
  ),
  rework(
    {
      type: 'edit:sketch_to_image',
      label: 'Sketch to picture',
      description: 'Turns a sketch into a finished picture of the same lines.',
      candidates: [
        atStability('control/sketch', 5, { ...edited, control_strength: 'controlStrength' }),
        kontextPro(told(['prompt'], (read) => `Turn this sketch into a finished picture: ${read('prompt')}`)),
      ],
    },
    { controlStrength },
  ),
  rework(
    {
      type: 'edit:keep_structure',
      label: 'Keep the structure',
      description: 'Draws something else in the structure of a picture.',
      candidates: [
        atStability('control/structure', 5, { ...edited, control_strength: 'controlStrength' }),
        kontext(
          'fal-ai/flux-pro/kontext/max',
          0.08,
          'falPricingApi',
          told(
            ['prompt'],
            (read) => `Keep the composition of this picture and show instead: ${read('prompt')}`,
          ),
        ),
      ],
    },
    { controlStrength },
  ),
  providerNode({
    type: 'generate:in_style_of',
    label: 'In the style of a picture',
    description: 'Makes a new picture from a prompt in the style of a given one.',
    config: nodeConfig({
      prompt,
      aspectRatio: ratio,
      seed,
      negativePrompt,
      outputFormat,
      speed: z.enum(['turbo', 'balanced', 'quality']).default('balanced').describe('Only Ideogram has it.'),
    }),
    inputs: {
      style: { type: 'image', required: true, description: 'The picture whose style is taken.' },
      prompt: promptPort,
    },
    outputs: imageOut,
    candidates: [
      {
        ...atStability('control/style', 5, { ...drawn, aspect_ratio: 'aspectRatio', image: 'style' }),
        ignores: ['speed'],
      },
      atFal({
        model: 'fal-ai/ideogram/v3',
        fields: {
          prompt: 'prompt',
          negative_prompt: 'negativePrompt',
          seed: 'seed',
          image_size: falSize,
          image_urls: listed('style'),
          rendering_speed: computed(['speed'], (request) => optionalText(request, 'speed')?.toUpperCase()),
        },
        constants: { num_images: 1 },
        price: perPicture(speeds, readIn('fal')),
      }),
    ],
    expectedSeconds: 12,
  }),
];
