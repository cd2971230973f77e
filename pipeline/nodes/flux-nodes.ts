import { z } from 'zod';
import { UnsupportedRequestError, type NodeDefinition, type NodeRequest } from '../node-definition';
import { FLUX_ASPECT_RATIOS, FLUX_SIZES, sizeOf } from './aspect-ratios';
import {
  aspectRatio,
  changePort,
  falSize,
  imageOut,
  imagePort,
  imagesPort,
  oneMegapixel,
  outputFormat,
  pixelFields,
  pngOrJpeg,
  prompt,
  promptPort,
  seed,
  withReferences,
} from './image-fields';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { optionalNumber, optionalText } from './request';
import { asText, computed, countOf, oneOf } from './table/fields';
import { perMegapixel, perPicture } from './table/prices';
import { providerNode, type CandidateTable, type ProviderNode } from './table/provider-node';
import { bflImage, bflReferences, bflTask } from './wire/bfl';
import { falImage, falQueue } from './wire/fal';
import { replicateFile, replicatePrediction } from './wire/replicate';

// ---------------------------------------------------------------- FLUX.2 [pro], in any size

type PixelSize = Readonly<Record<'width' | 'height', number>>;

function fluxPixels(request: NodeRequest): PixelSize | undefined {
  const width = optionalNumber(request, 'width');
  const height = optionalNumber(request, 'height');
  return width !== undefined && height !== undefined ? { width, height } : undefined;
}

function fluxSize(request: NodeRequest, model: string): PixelSize {
  const ratio = optionalText(request, 'aspectRatio');
  const size = fluxPixels(request) ?? sizeOf(FLUX_SIZES, ratio);
  if (size) return { ...size };
  throw new UnsupportedRequestError(`${model} has no aspect ratio ${ratio ?? '(none)'}.`);
}

const SHAPE = ['aspectRatio', 'width', 'height'];

/** Every ratio's own size is within the first megapixel. */
const fluxRate = {
  pixels: (request: NodeRequest): number => {
    const { width, height } = fluxPixels(request) ?? { width: 1, height: 1 };
    return width * height;
  },
  usd: 0.03,
  furtherUsd: 0.015,
};

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
        image_size: computed(SHAPE, (request, { model }) => ({ ...fluxSize(request, model) })),
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

// ---------------------------------------------------------------- the other models, at one megapixel

type Table = Omit<CandidateTable, 'at' | 'reads'>;
const atFal = (table: Table): CandidateTable => ({ at: falQueue, reads: falImage, ...table });
const atBfl = (table: Table): CandidateTable => ({ at: bflTask, reads: bflImage, ...table });

const drawn = { prompt: 'prompt', seed: 'seed', output_format: pngOrJpeg };
const bySize = { ...drawn, image_size: falSize };
const byPixels = { ...drawn, ...pixelFields };
const byRatio = { ...drawn, aspect_ratio: 'aspectRatio' };

/** A stand-in that is quick and cheap as well. */
const klein4b = atBfl({
  model: 'flux-2-klein-4b',
  fields: byPixels,
  price: perPicture(0.014, readIn('bfl', 'the price of one megapixel')),
});

const ULTRA_RATIOS = FLUX_ASPECT_RATIOS.filter((ratio) => ratio !== '5:4' && ratio !== '4:5');

function generate(node: Pick<ProviderNode, 'type' | 'label' | 'description' | 'candidates'>): NodeDefinition {
  return providerNode({
    ...node,
    config: nodeConfig({ prompt, aspectRatio, seed, outputFormat }),
    inputs: { prompt: promptPort },
    outputs: imageOut,
    expectedSeconds: 12,
    deterministic: true,
  });
}

const generating: readonly NodeDefinition[] = [
  generate({
    type: 'generate:flux_2_max',
    label: 'FLUX.2 [max]',
    description: 'The most faithful FLUX.2 model, for final pictures.',
    candidates: [
      atBfl({ model: 'flux-2-max', fields: byPixels, price: oneMegapixel(0.07, readIn('bfl')) }),
      atFal({
        model: 'fal-ai/flux-2-max',
        fields: bySize,
        price: oneMegapixel(0.07, readIn('bfl', 'the vendor’s price; not confirmed by fal')),
      }),
    ],
  }),
  generate({
    type: 'generate:flux_2_flex',
    label: 'FLUX.2 [flex]',
    description: 'FLUX.2 with care for lettering and fine control.',
    candidates: [
      atFal({ model: 'fal-ai/flux-2-flex', fields: bySize, price: oneMegapixel(0.05, readIn('fal')) }),
      atBfl({ model: 'flux-2-flex', fields: byPixels, price: oneMegapixel(0.05, readIn('bfl')) }),
    ],
  }),
  generate({
    type: 'generate:flux_2_klein',
    label: 'FLUX.2 [klein] 4B',
    description: 'The small FLUX.2 model: quick and cheap.',
    candidates: [
      atFal({
        model: 'fal-ai/flux-2/klein/4b/base',
        fields: { ...bySize, output_format: 'outputFormat' },
        constants: { num_images: 1 },
        price: oneMegapixel(0.009, readIn('fal')),
      }),
      klein4b,
    ],
  }),
  generate({
    type: 'generate:flux_1_1_pro',
    label: 'FLUX 1.1 [pro]',
    description: 'The proven professional FLUX model.',
    candidates: [
      atFal({
        model: 'fal-ai/flux-pro/v1.1',
        fields: bySize,
        constants: { num_images: 1 },
        price: oneMegapixel(0.04, readIn('falPricingApi')),
      }),
      atBfl({ model: 'flux-pro-1.1', fields: byPixels, price: perPicture(0.04, readIn('bfl')) }),
    ],
  }),
  generate({
    type: 'generate:flux_1_1_pro_ultra',
    label: 'FLUX 1.1 [pro] ultra',
    description: 'FLUX 1.1 at up to four megapixels.',
    candidates: [
      atFal({
        model: 'fal-ai/flux-pro/v1.1-ultra',
        fields: { ...byRatio, aspect_ratio: oneOf('aspectRatio', ULTRA_RATIOS) },
        constants: { num_images: 1 },
        price: perPicture(0.06, readIn('falPricingApi')),
      }),
      atBfl({ model: 'flux-pro-1.1-ultra', fields: byRatio, price: perPicture(0.06, readIn('bfl')) }),
    ],
  }),
  generate({
    type: 'generate:flux_1_dev',
    label: 'FLUX.1 [dev]',
    description: 'The open FLUX.1 model, balanced in quality and cost.',
    candidates: [
      atFal({
        model: 'fal-ai/flux/dev',
        fields: bySize,
        constants: { num_images: 1 },
        price: oneMegapixel(0.025, readIn('falPricingApi')),
      }),
      atBfl({ model: 'flux-dev', fields: byPixels, price: perPicture(0.025, readIn('bfl')) }),
    ],
  }),
  generate({
    type: 'generate:flux_1_schnell',
    label: 'FLUX.1 [schnell]',
    description: 'Drafts in a second, at the lowest cost.',
    candidates: [
      atFal({
        model: 'fal-ai/flux/schnell',
        fields: bySize,
        constants: { num_images: 1 },
        price: oneMegapixel(0.003, readIn('falPricingApi')),
      }),
      klein4b,
    ],
  }),
  generate({
    type: 'generate:sana_sprint',
    label: 'Sana Sprint',
    description: 'Very quick drafts, by NVIDIA.',
    candidates: [
      atFal({
        model: 'fal-ai/sana/sprint',
        fields: bySize,
        constants: { num_images: 1 },
        price: oneMegapixel(0.0025, readIn('falPricingApi')),
      }),
      klein4b,
    ],
  }),
  generate({
    type: 'generate:z_image_turbo',
    label: 'Z-Image Turbo',
    description: 'Quick photorealistic pictures, by Tongyi.',
    candidates: [
      atFal({
        model: 'fal-ai/z-image/turbo',
        fields: { ...bySize, output_format: 'outputFormat' },
        constants: { num_images: 1 },
        price: oneMegapixel(0.005, readIn('fal', 'of the same model for image to image')),
      }),
      klein4b,
    ],
  }),
];

// ---------------------------------------------------------------- edits

const pictures = (request: NodeRequest): number => countOf(request, 'images');
const referenced = { ...drawn, image_urls: 'images' };
const asReferences = { ...drawn, ...bflReferences('images') };

function edit(node: Pick<ProviderNode, 'type' | 'label' | 'description' | 'candidates'>): NodeDefinition {
  return providerNode({
    ...node,
    config: nodeConfig({ prompt, seed, outputFormat }),
    inputs: { images: imagesPort, prompt: changePort },
    outputs: imageOut,
    expectedSeconds: 20,
    deterministic: true,
  });
}

function kontext(tier: 'pro' | 'max', usd: number): NodeDefinition {
  const fields = { ...drawn, aspect_ratio: 'aspectRatio' };
  return providerNode({
    type: `edit:flux_kontext_${tier}`,
    label: `FLUX.1 Kontext [${tier}]`,
    description: 'Changes a picture as the prompt says and keeps the rest.',
    config: nodeConfig({
      prompt,
      aspectRatio: z.enum(KONTEXT_RATIOS).optional().describe('That of the picture unless given.'),
      seed,
      outputFormat,
    }),
    inputs: { image: imagePort, prompt: changePort },
    outputs: imageOut,
    candidates: [
      atFal({
        model: tier === 'pro' ? 'fal-ai/flux-pro/kontext' : 'fal-ai/flux-pro/kontext/max',
        fields: { ...fields, image_url: 'image' },
        constants: { num_images: 1 },
        price: perPicture(usd, readIn(tier === 'pro' ? 'fal' : 'falPricingApi')),
      }),
      atBfl({
        model: `flux-kontext-${tier}`,
        fields: { ...fields, input_image: 'image' },
        price: perPicture(usd, readIn('bfl')),
      }),
    ],
    expectedSeconds: 12,
    deterministic: true,
  });
}

const KONTEXT_RATIOS = ['21:9', '16:9', '4:3', '3:2', '1:1', '2:3', '3:4', '9:16', '9:21'] as const;

const editing: readonly NodeDefinition[] = [
  edit({
    type: 'edit:flux_2_edit',
    label: 'FLUX.2 [pro] edit',
    description: 'Changes or combines up to eight pictures as the prompt says.',
    candidates: [
      atFal({
        model: 'fal-ai/flux-2-pro/edit',
        fields: referenced,
        price: withReferences(0.03, pictures, readIn('fal'), 0.015),
      }),
      atBfl({
        model: 'flux-2-pro',
        fields: asReferences,
        price: withReferences(0.03, pictures, readIn('bfl'), 0.015),
      }),
      {
        at: replicatePrediction,
        model: 'black-forest-labs/flux-2-pro',
        fields: {
          prompt: 'prompt',
          input_images: 'images',
          seed: 'seed',
          output_format: oneOf('outputFormat', { png: 'png', jpeg: 'jpg', webp: 'webp' }),
        },
        constants: { aspect_ratio: 'match_input_image', resolution: '1 MP' },
        reads: replicateFile('image'),
        price: withReferences(0.03, pictures, readIn('blackForestLabs', 'not confirmed by Replicate'), 0.015),
      },
    ],
  }),
  edit({
    type: 'edit:flux_2_flex_edit',
    label: 'FLUX.2 [flex] edit',
    description: 'Changes pictures with care for lettering.',
    candidates: [
      atFal({
        model: 'fal-ai/flux-2-flex/edit',
        fields: referenced,
        price: withReferences(0.05, pictures, readIn('fal')),
      }),
      atBfl({
        model: 'flux-2-flex',
        fields: asReferences,
        price: withReferences(0.05, pictures, readIn('bfl')),
      }),
    ],
  }),
  edit({
    type: 'edit:flux_2_max_edit',
    label: 'FLUX.2 [max] edit',
    description: 'The most faithful edits of FLUX.2.',
    candidates: [
      atBfl({
        model: 'flux-2-max',
        fields: asReferences,
        price: withReferences(0.07, pictures, readIn('bfl'), 0.03),
      }),
      atFal({
        model: 'fal-ai/flux-2-max/edit',
        fields: referenced,
        price: withReferences(
          0.07,
          pictures,
          readIn('bfl', 'the vendor’s price; not confirmed by fal'),
          0.03,
        ),
      }),
    ],
  }),
  edit({
    type: 'edit:flux_2_klein_edit',
    label: 'FLUX.2 [klein] 9B edit',
    description: 'Quick, cheap changes of a picture.',
    candidates: [
      atFal({
        model: 'fal-ai/flux-2/klein/9b/edit',
        fields: { ...referenced, output_format: 'outputFormat' },
        constants: { num_images: 1 },
        price: withReferences(0.011, pictures, readIn('fal')),
      }),
      atBfl({
        model: 'flux-2-pro',
        fields: asReferences,
        price: withReferences(0.03, pictures, readIn('bfl'), 0.015),
      }),
    ],
  }),
  kontext('pro', 0.04),
  kontext('max', 0.08),
];

export const fluxNodes: readonly NodeDefinition[] = [flux2Pro, ...generating, ...editing];
