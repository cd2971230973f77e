import { z } from 'zod';
import type { NodeDefinition } from '../node-definition';
import {
  aspectRatio,
  changePort,
  falSize,
  imageOut,
  imagePort,
  imagesPort,
  maskPort,
  negativePrompt,
  oneMegapixel,
  outputFormat,
  pngOrJpeg,
  prompt,
  promptPort,
  seed,
  strength,
  withReferences,
} from './image-fields';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { computed, nth, oneOf, text } from './table/fields';
import { perPicture, type RateBy } from './table/prices';
import { providerNode, type CandidateTable } from './table/provider-node';
import { bflImage, bflTask } from './wire/bfl';
import { falImage, falQueue } from './wire/fal';
import { recraftFile, recraftImages, recraftTool } from './wire/recraft';
import { stabilityImage, stabilityJob, stabilityPicture } from './wire/stability';

/** Edits that several makers offer: by mask, by margin, of the background; and what Ideogram does. */

type Table = Pick<CandidateTable, 'model' | 'fields' | 'price'> & Partial<CandidateTable>;
const atFal = (table: Table): CandidateTable => ({ at: falQueue, reads: falImage, ...table });
const atBfl = (table: Table): CandidateTable => ({ at: bflTask, reads: bflImage, ...table });
const atStability = (model: string, credits: number, fields: CandidateTable['fields']): CandidateTable => ({
  at: stabilityImage,
  model,
  fields,
  reads: stabilityPicture,
  price: perPicture(credits / 100, readIn('stability')),
});
const atRecraft = (
  model: string,
  usd: number,
  fields: CandidateTable['fields'],
  v3 = true,
): CandidateTable => ({
  at: recraftTool,
  model,
  fields,
  constants: { response_format: 'url', ...(v3 ? { model: 'recraftv3', n: 1 } : {}) },
  reads: recraftFile('image'),
  price: perPicture(usd, readIn('recraft')),
});

/** Stability's and Recraft's limits, characters. */
const stabilityPrompt = text('prompt', 10_000);
const recraftPrompt = text('prompt', 1_000);
const once = { num_images: 1 };

const inpaint = providerNode({
  type: 'edit:inpaint',
  label: 'Inpaint',
  description: 'Draws something new where a mask is white.',
  config: nodeConfig({ prompt, seed, negativePrompt, outputFormat }),
  inputs: {
    image: imagePort,
    mask: maskPort,
    prompt: { ...changePort, description: 'What the masked part is to show.' },
  },
  outputs: imageOut,
  candidates: [
    atFal({
      model: 'fal-ai/flux-pro/v1/fill',
      fields: {
        prompt: 'prompt',
        image_url: 'image',
        mask_url: 'mask',
        seed: 'seed',
        output_format: pngOrJpeg,
      },
      constants: once,
      price: oneMegapixel(
        0.05,
        readIn('bfl', 'the vendor’s price a picture, as third parties tell it of fal'),
      ),
    }),
    atBfl({
      model: 'flux-pro-1.0-fill',
      fields: { prompt: 'prompt', image: 'image', mask: 'mask', seed: 'seed', output_format: pngOrJpeg },
      price: perPicture(0.05, readIn('bfl')),
    }),
    atStability('edit/inpaint', 5, {
      prompt: stabilityPrompt,
      image: 'image',
      mask: 'mask',
      negative_prompt: 'negativePrompt',
      seed: 'seed',
      output_format: 'outputFormat',
    }),
    atRecraft('inpaint', 0.04, {
      prompt: recraftPrompt,
      image_url: 'image',
      mask_url: 'mask',
      negative_prompt: 'negativePrompt',
      random_seed: 'seed',
    }),
  ],
  expectedSeconds: 15,
  deterministic: true,
});

const margin = z.number().int().min(0).max(2_000).default(0);

const outpaint = providerNode({
  type: 'edit:outpaint',
  label: 'Outpaint',
  description: 'Goes on with a picture beyond its edges.',
  config: nodeConfig({
    prompt,
    left: margin.describe('Pixels to add.'),
    right: margin.describe('Pixels to add.'),
    up: margin.describe('Pixels to add.'),
    down: margin.describe('Pixels to add.'),
    seed,
    outputFormat,
  }).refine((config) => ['left', 'right', 'up', 'down'].some((side) => config[side] !== 0), {
    path: ['left'],
    message: 'add pixels at one side at least',
  }),
  inputs: {
    image: imagePort,
    prompt: { ...changePort, required: false, description: 'What is around the picture.' },
  },
  outputs: imageOut,
  candidates: [
    atStability('edit/outpaint', 4, {
      prompt: stabilityPrompt,
      image: 'image',
      left: 'left',
      right: 'right',
      up: 'up',
      down: 'down',
      seed: 'seed',
      output_format: 'outputFormat',
    }),
    atBfl({
      model: 'flux-pro-1.0-expand',
      fields: {
        prompt: 'prompt',
        image: 'image',
        left: 'left',
        right: 'right',
        top: 'up',
        bottom: 'down',
        seed: 'seed',
        output_format: pngOrJpeg,
      },
      price: perPicture(0.05, readIn('bfl')),
    }),
  ],
  expectedSeconds: 15,
  deterministic: true,
});

const erase = providerNode({
  type: 'edit:erase',
  label: 'Erase',
  description: 'Takes away what a mask marks and closes the gap.',
  config: nodeConfig({}),
  inputs: { image: imagePort, mask: maskPort },
  outputs: imageOut,
  candidates: [
    atRecraft('eraseRegion', 0.002, { image_url: 'image', mask_url: 'mask' }, false),
    atStability('edit/erase', 5, { image: 'image', mask: 'mask' }),
  ],
  expectedSeconds: 8,
});

const eraseByName = providerNode({
  type: 'edit:erase_by_name',
  label: 'Erase by name',
  description: 'Takes a thing that the prompt names out of a picture, with its shadow.',
  config: nodeConfig({
    prompt,
    quality: z
      .enum(['express', 'standard', 'premium'])
      .default('standard')
      .describe('Only Finegrain has it.'),
    seed,
  }),
  inputs: {
    image: imagePort,
    prompt: { ...changePort, description: 'What is to go, such as "the lamp post".' },
  },
  outputs: imageOut,
  candidates: [
    atFal({
      model: 'fal-ai/finegrain-eraser',
      fields: { prompt: 'prompt', image_url: 'image', mode: 'quality', seed: 'seed' },
      price: perPicture(
        { by: 'quality', usd: { express: 0.18, standard: 0.27, premium: 0.36 } },
        readIn('fal'),
      ),
    }),
    {
      ...atStability('edit/search-and-replace', 5, {
        search_prompt: stabilityPrompt,
        image: 'image',
        seed: 'seed',
      }),
      constants: { prompt: 'empty background' },
      ignores: ['quality'],
    },
  ],
  expectedSeconds: 15,
});

const styleTransfer = providerNode({
  type: 'edit:style_transfer',
  label: 'Style transfer',
  description: 'Draws a picture in the style of another one.',
  config: nodeConfig({
    prompt,
    styleStrength: strength.describe('0 to 1; only Stability AI has it.'),
    compositionFidelity: strength.describe('How closely to keep the composition; only Stability AI has it.'),
    seed,
    outputFormat,
  }),
  inputs: {
    image: imagePort,
    style: { type: 'image', required: true, description: 'The picture whose style is taken.' },
    prompt: { ...changePort, required: false, description: 'What else the model is told.' },
  },
  outputs: imageOut,
  candidates: [
    atStability('control/style-transfer', 8, {
      init_image: 'image',
      style_image: 'style',
      prompt: stabilityPrompt,
      style_strength: 'styleStrength',
      composition_fidelity: 'compositionFidelity',
      seed: 'seed',
      output_format: 'outputFormat',
    }),
    // An equivalent, not the same: an editing model is told.
    atBfl({
      model: 'flux-2-pro',
      fields: {
        prompt: computed(['prompt'], (request) => {
          const more = request.inputs['prompt'] ?? request.config['prompt'];
          const said = typeof more === 'string' && more !== '' ? ` ${more}` : '';
          return `Redraw the first picture in the style of the second one; keep its content.${said}`;
        }),
        input_image: 'image',
        input_image_2: 'style',
        seed: 'seed',
        output_format: pngOrJpeg,
      },
      price: withReferences(0.03, () => 2, readIn('bfl'), 0.015),
    }),
  ],
  expectedSeconds: 20,
});

const qwenEdit = providerNode({
  type: 'edit:qwen_image_edit',
  label: 'Qwen Image edit',
  description: 'Changes pictures and their lettering, by Alibaba.',
  config: nodeConfig({ prompt, seed, negativePrompt, outputFormat }),
  inputs: { images: imagesPort, prompt: changePort },
  outputs: imageOut,
  candidates: [
    atFal({
      model: 'fal-ai/qwen-image-edit-2511',
      fields: {
        prompt: 'prompt',
        image_urls: 'images',
        negative_prompt: 'negativePrompt',
        seed: 'seed',
        output_format: 'outputFormat',
      },
      constants: { ...once, image_size: 'square_hd' },
      price: oneMegapixel(0.03, readIn('fal')),
    }),
    // An equivalent, not the same model.
    atBfl({
      model: 'flux-kontext-pro',
      fields: { prompt: 'prompt', input_image: nth('images', 0, 1), seed: 'seed', output_format: pngOrJpeg },
      price: perPicture(0.04, readIn('bfl')),
    }),
  ],
  expectedSeconds: 15,
});

// ---------------------------------------------------------------- Ideogram

const SPEEDS: RateBy = { by: 'speed', usd: { turbo: 0.03, balanced: 0.06, quality: 0.09 } };
const speed = z
  .enum(['turbo', 'balanced', 'quality'])
  .default('balanced')
  .describe('Quicker or better; only Ideogram has it.');
const renderingSpeed = oneOf('speed', { turbo: 'TURBO', balanced: 'BALANCED', quality: 'QUALITY' });
const byIdeogram = (model: string, fields: CandidateTable['fields']): CandidateTable =>
  atFal({
    model,
    fields: { seed: 'seed', rendering_speed: renderingSpeed, ...fields },
    constants: once,
    price: perPicture(SPEEDS, readIn('fal')),
  });

const ideogram = providerNode({
  type: 'generate:ideogram_v3',
  label: 'Ideogram 3',
  description: 'Posters, logos and lettering from a prompt.',
  config: nodeConfig({ prompt, aspectRatio, speed, seed, negativePrompt }),
  inputs: { prompt: promptPort },
  outputs: imageOut,
  candidates: [
    byIdeogram('fal-ai/ideogram/v3', {
      prompt: 'prompt',
      image_size: falSize,
      negative_prompt: 'negativePrompt',
    }),
    // An equivalent, not the same model.
    {
      at: recraftImages,
      model: 'recraftv4',
      fields: { prompt: text('prompt', 10_000), size: 'aspectRatio' },
      constants: { n: 1, response_format: 'url' },
      ignores: ['speed'],
      reads: recraftFile('image'),
      price: perPicture(0.04, readIn('recraft')),
    },
  ],
  expectedSeconds: 15,
});

const ideogramInpaint = providerNode({
  type: 'edit:ideogram_inpaint',
  label: 'Ideogram 3 inpaint',
  description: 'Draws something new, also lettering, where a mask is white.',
  config: nodeConfig({ prompt, speed, seed }),
  inputs: {
    image: imagePort,
    mask: maskPort,
    prompt: { ...changePort, description: 'What the masked part is to show.' },
  },
  outputs: imageOut,
  candidates: [
    byIdeogram('fal-ai/ideogram/v3/edit', { prompt: 'prompt', image_url: 'image', mask_url: 'mask' }),
    {
      ...atRecraft('inpaint', 0.04, {
        prompt: recraftPrompt,
        image_url: 'image',
        mask_url: 'mask',
        random_seed: 'seed',
      }),
      ignores: ['speed'],
    },
  ],
  expectedSeconds: 15,
});

const ideogramRemix = providerNode({
  type: 'edit:ideogram_remix',
  label: 'Ideogram 3 remix',
  description: 'Imagines a picture anew along a prompt.',
  config: nodeConfig({ prompt, speed, strength: strength.default(0.8), seed, negativePrompt }),
  inputs: { image: imagePort, prompt: changePort },
  outputs: imageOut,
  candidates: [
    byIdeogram('fal-ai/ideogram/v3/remix', {
      prompt: 'prompt',
      image_url: 'image',
      strength: 'strength',
      negative_prompt: 'negativePrompt',
    }),
    {
      ...atRecraft('imageToImage', 0.04, {
        prompt: recraftPrompt,
        image_url: 'image',
        strength: 'strength',
        negative_prompt: 'negativePrompt',
        random_seed: 'seed',
      }),
      ignores: ['speed'],
    },
  ],
  expectedSeconds: 15,
});

// ---------------------------------------------------------------- backgrounds

const cutOut = { image: { type: 'image', description: 'The subject on a transparent ground.' } } as const;
/** What a run of a few seconds costs at the rate of the machine. */
const BIREFNET_USD = 0.00111 * 5;

const removeBackground = providerNode({
  type: 'image:remove_background',
  label: 'Remove the background',
  description: 'Cuts the subject out of a picture.',
  config: nodeConfig({ outputFormat: z.enum(['png', 'webp']).default('png') }),
  inputs: { image: imagePort },
  outputs: cutOut,
  candidates: [
    atFal({
      model: 'fal-ai/birefnet/v2',
      fields: { image_url: 'image', output_format: 'outputFormat' },
      price: perPicture(BIREFNET_USD, readIn('fal', '$0.00111 a second of computing, five seconds at most')),
    }),
    atStability('edit/remove-background', 5, { image: 'image', output_format: 'outputFormat' }),
    atRecraft('removeBackground', 0.01, { image_url: 'image' }, false),
  ],
  expectedSeconds: 6,
});

const removeBackgroundBria = providerNode({
  type: 'image:remove_background_bria',
  label: 'Remove the background (Bria)',
  description: 'Cuts the subject out by a model that was trained on licensed pictures only.',
  config: nodeConfig({}),
  inputs: { image: imagePort },
  outputs: cutOut,
  candidates: [
    atFal({
      model: 'fal-ai/bria/background/remove',
      fields: { image_url: 'image' },
      price: perPicture(0.018, readIn('fal')),
    }),
    atRecraft('removeBackground', 0.01, { image_url: 'image' }, false),
  ],
  expectedSeconds: 6,
});

const background = { ...changePort, description: 'What is to be behind the subject.' } as const;

const replaceBackground = providerNode({
  type: 'image:replace_background',
  label: 'Replace the background',
  description: 'Puts the subject of a picture before something else.',
  config: nodeConfig({ prompt, speed, seed }),
  inputs: { image: imagePort, prompt: background },
  outputs: imageOut,
  candidates: [
    byIdeogram('fal-ai/ideogram/v3/replace-background', { prompt: 'prompt', image_url: 'image' }),
    {
      ...atRecraft('replaceBackground', 0.04, {
        prompt: recraftPrompt,
        image_url: 'image',
        random_seed: 'seed',
      }),
      ignores: ['speed'],
    },
  ],
  expectedSeconds: 15,
});

const relight = providerNode({
  type: 'image:replace_background_and_relight',
  label: 'Replace the background and relight',
  description: 'Puts the subject before something else and lights it to fit.',
  config: nodeConfig({
    prompt,
    lightFrom: z.enum(['above', 'below', 'left', 'right']).optional().describe('Only Stability AI has it.'),
    seed,
    outputFormat,
  }),
  inputs: { image: imagePort, prompt: background },
  outputs: imageOut,
  candidates: [
    {
      at: stabilityJob,
      model: 'edit/replace-background-and-relight',
      fields: {
        subject_image: 'image',
        background_prompt: stabilityPrompt,
        light_source_direction: 'lightFrom',
        seed: 'seed',
        output_format: 'outputFormat',
      },
      reads: stabilityPicture,
      price: perPicture(0.08, readIn('stability')),
    },
    atFal({
      model: 'fal-ai/ideogram/v3/replace-background',
      fields: { prompt: 'prompt', image_url: 'image', seed: 'seed' },
      constants: { ...once, rendering_speed: 'BALANCED' },
      price: perPicture(0.06, readIn('fal')),
    }),
  ],
  expectedSeconds: 40,
});

export const editNodes: readonly NodeDefinition[] = [
  inpaint,
  outpaint,
  erase,
  eraseByName,
  styleTransfer,
  qwenEdit,
  ideogram,
  ideogramInpaint,
  ideogramRemix,
  removeBackground,
  removeBackgroundBria,
  replaceBackground,
  relight,
];
