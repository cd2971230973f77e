import { z } from 'zod';
import { UnsupportedRequestError, type NodeDefinition, type NodeRequest } from '../node-definition';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { optionalAsset, optionalNumber, optionalText, requiredAsset } from './request';
import { negativePrompt, seed } from './image-fields';
import { computed, text } from './table/fields';
import { perMegapixel, perPicture } from './table/prices';
import { providerNode, type CandidateTable } from './table/provider-node';
import { falImage, falQueue } from './wire/fal';
import { recraftFile, recraftTool } from './wire/recraft';
import { replicateFile, replicatePrediction } from './wire/replicate';
import { stabilityImage, stabilityJob, stabilityPicture } from './wire/stability';

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

// ---------------------------------------------------------------- others

const image = { type: 'image', required: true, description: 'The picture to enlarge.' } as const;
const enlarged = { image: { type: 'image', description: 'The enlarged picture.' } } as const;
const timesField = z.number().int().min(1).max(4).default(2).describe('How many times wider and higher.');

/** By a fixed or a wanted factor. */
function pixelsTimes(request: NodeRequest, times: number): number {
  const { width = 1_024, height = 1_024 } = optionalAsset(request, 'image') ?? {};
  return width * height * times * times;
}
const wantedTimes = (request: NodeRequest): number => optionalNumber(request, 'factor') ?? 4;

const crispAtRecraft: CandidateTable = {
  at: recraftTool,
  model: 'crispUpscale',
  fields: { image_url: 'image' },
  constants: { response_format: 'url' },
  reads: recraftFile('image'),
  price: perPicture(0.004, readIn('recraft')),
};
const creativeAtRecraft: CandidateTable = {
  ...crispAtRecraft,
  model: 'creativeUpscale',
  price: perPicture(0.25, readIn('recraft')),
};
const seedvrAtFal: CandidateTable = {
  at: falQueue,
  model: 'fal-ai/seedvr/upscale/image',
  fields: { image_url: 'image', upscale_factor: 'factor', seed: 'seed' },
  constants: { upscale_mode: 'factor', output_format: 'png' },
  reads: falImage,
  price: perMegapixel(
    {
      pixels: (request) => pixelsTimes(request, wantedTimes(request)),
      usd: 0.001,
      byPart: true,
      of: 'result',
    },
    readIn('fal'),
  ),
};

const clarityUpscaler = providerNode({
  type: 'image:clarity_upscaler',
  label: 'Clarity Upscaler',
  description: 'Enlarges a picture and invents fine detail along a prompt.',
  config: nodeConfig({
    factor: timesField,
    prompt: z.string().max(2_000).optional().describe('What is to be seen; only Clarity has it.'),
    creativity: z.number().min(0).max(1).optional().describe('Only Clarity has it.'),
    resemblance: z.number().min(0).max(1).optional().describe('Only Clarity has it.'),
    negativePrompt,
    seed,
  }),
  inputs: { image },
  outputs: enlarged,
  candidates: [
    {
      at: falQueue,
      model: 'fal-ai/clarity-upscaler',
      fields: {
        image_url: 'image',
        upscale_factor: 'factor',
        prompt: 'prompt',
        creativity: 'creativity',
        resemblance: 'resemblance',
        negative_prompt: 'negativePrompt',
        seed: 'seed',
      },
      reads: falImage,
      price: perMegapixel(
        { pixels: (request) => pixelsTimes(request, wantedTimes(request)), usd: 0.03, of: 'result' },
        readIn('falPricingApi'),
      ),
    },
    { ...creativeAtRecraft, ignores: ['factor'] },
  ],
  expectedSeconds: 40,
});

const topazUpscaler = providerNode({
  type: 'image:topaz_upscaler',
  label: 'Topaz Upscaler',
  description: 'Enlarges a photo true to the original, by Topaz Labs.',
  config: nodeConfig({
    factor: timesField,
    model: z
      .enum(['Low Resolution V2', 'Standard V2', 'CGI', 'High Fidelity V2', 'Text Refine'])
      .optional()
      .describe('For what kind of picture; only Topaz has it.'),
    faceEnhancement: z.boolean().optional().describe('Only Topaz has it.'),
  }),
  inputs: { image },
  outputs: enlarged,
  candidates: [
    {
      at: falQueue,
      model: 'fal-ai/topaz/upscale/image',
      fields: {
        image_url: 'image',
        upscale_factor: 'factor',
        model: 'model',
        face_enhancement: 'faceEnhancement',
      },
      constants: { output_format: 'png' },
      reads: falImage,
      price: {
        usd: (request) => 0.08 * Math.ceil(pixelsTimes(request, wantedTimes(request)) / 24e6),
        text: '$0.08 for each begun 24 megapixels of the result',
        ...readIn('fal'),
      },
    },
    { ...crispAtRecraft, ignores: ['factor'] },
  ],
  expectedSeconds: 30,
});

const seedvrUpscaler = providerNode({
  type: 'image:seedvr_upscaler',
  label: 'SeedVR2 Upscaler',
  description: 'Enlarges a picture quickly at the lowest cost, by ByteDance.',
  config: nodeConfig({ factor: timesField, seed }),
  inputs: { image },
  outputs: enlarged,
  candidates: [seedvrAtFal, { ...crispAtRecraft, ignores: ['factor'] }],
  expectedSeconds: 10,
});

const crispUpscaler = providerNode({
  type: 'image:crisp_upscaler',
  label: 'Recraft crisp upscale',
  description: 'Enlarges a picture and sharpens small detail and faces.',
  config: nodeConfig({}),
  inputs: { image },
  outputs: enlarged,
  candidates: [
    {
      at: falQueue,
      model: 'fal-ai/recraft/upscale/crisp',
      fields: { image_url: 'image' },
      reads: falImage,
      price: perPicture(0.004, readIn('fal')),
    },
    crispAtRecraft,
  ],
  expectedSeconds: 10,
});

const fastUpscaler = providerNode({
  type: 'image:fast_upscaler',
  label: 'Stability fast upscale',
  description: 'Four times as wide and high in about a second; pictures of up to one megapixel.',
  config: nodeConfig({}),
  inputs: { image },
  outputs: enlarged,
  candidates: [
    {
      at: stabilityImage,
      model: 'upscale/fast',
      fields: { image: 'image' },
      constants: { output_format: 'png' },
      reads: stabilityPicture,
      price: perPicture(0.02, readIn('stability')),
    },
    {
      ...seedvrAtFal,
      fields: { image_url: 'image' },
      constants: { ...seedvrAtFal.constants, upscale_factor: 4 },
    },
  ],
  expectedSeconds: 5,
});

const upscalePrompt = z.string().min(1).max(10_000).optional().describe('Used when no edge brings a prompt.');
const seen = {
  type: 'text',
  required: true,
  orConfig: true,
  description: 'What the picture shows: the model needs to know.',
} as const;
const toldFields = {
  image: 'image',
  prompt: text('prompt', 10_000),
  negative_prompt: 'negativePrompt',
  creativity: 'creativity',
  seed: 'seed',
};

const conservativeUpscaler = providerNode({
  type: 'image:conservative_upscaler',
  label: 'Stability conservative upscale',
  description: 'Enlarges to four megapixels and changes nothing else.',
  config: nodeConfig({
    prompt: upscalePrompt,
    creativity: z.number().min(0.2).max(0.5).optional(),
    negativePrompt,
    seed,
  }),
  inputs: { image, prompt: seen },
  outputs: enlarged,
  candidates: [
    {
      at: stabilityImage,
      model: 'upscale/conservative',
      fields: toldFields,
      constants: { output_format: 'png' },
      reads: stabilityPicture,
      price: perPicture(0.4, readIn('stability')),
    },
    {
      at: falQueue,
      model: 'fal-ai/clarity-upscaler',
      fields: { image_url: 'image', prompt: 'prompt', negative_prompt: 'negativePrompt', seed: 'seed' },
      constants: { upscale_factor: 2, creativity: 0.2 },
      reads: falImage,
      price: perMegapixel(
        { pixels: (request) => pixelsTimes(request, 2), usd: 0.03, of: 'result' },
        readIn('falPricingApi'),
      ),
    },
  ],
  expectedSeconds: 30,
});

const creativeUpscaler = providerNode({
  type: 'image:creative_upscaler',
  label: 'Stability creative upscale',
  description: 'Enlarges a small or poor picture and imagines what is missing.',
  config: nodeConfig({
    prompt: upscalePrompt,
    creativity: z.number().min(0.1).max(0.5).optional(),
    negativePrompt,
    seed,
  }),
  inputs: { image, prompt: seen },
  outputs: enlarged,
  candidates: [
    {
      at: stabilityJob,
      model: 'upscale/creative',
      fields: toldFields,
      constants: { output_format: 'png' },
      reads: stabilityPicture,
      price: perPicture(0.6, readIn('stability')),
    },
    { ...creativeAtRecraft, ignores: ['prompt'] },
  ],
  expectedSeconds: 60,
});

export const upscaleNodes: readonly NodeDefinition[] = [
  crystalUpscaler,
  clarityUpscaler,
  topazUpscaler,
  seedvrUpscaler,
  crispUpscaler,
  fastUpscaler,
  conservativeUpscaler,
  creativeUpscaler,
];
