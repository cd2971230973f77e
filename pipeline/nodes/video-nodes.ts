import { z } from 'zod';
import { nodeConfig } from './node-config';
import {
  defineNode,
  MediaInput,
  UnsupportedRequestError,
  type NodeDefinition,
  type NodeRequest,
} from '../node-definition';
import { PRICE_SOURCES, PRICES_READ_ON } from './price-sources';
import {
  definedOnly,
  optionalAsset,
  optionalNumber,
  optionalText,
  refuseIfSet,
  requiredAsset,
  requiredText,
} from './request';
import { falFile, falModel } from './wire/fal';
import { replicateFile, replicateModel } from './wire/replicate';

const PROMPT_LENGTH_MAX = 2_500;

/** The longest clip while the duration is not known yet. */
const highestUsd = (request: NodeRequest): number =>
  (optionalNumber(request, 'durationSeconds') ?? 10) * 0.07;

const image = (request: NodeRequest): MediaInput => new MediaInput(requiredAsset(request, 'image'), 'url');

function endImage(request: NodeRequest): MediaInput | undefined {
  const asset = optionalAsset(request, 'endImage');
  return asset && new MediaInput(asset, 'url');
}

export const videoNodes: readonly NodeDefinition[] = [
  defineNode({
    type: 'video:kling_video_2_5_i2v',
    version: 1,
    label: 'Kling 2.5 Turbo Pro (image to video)',
    description: 'Moves a picture as the prompt says: a clip of 5 or 10 seconds.',
    config: nodeConfig({
      prompt: z
        .string()
        .min(1)
        .max(PROMPT_LENGTH_MAX)
        .optional()
        .describe('Used when no edge brings a prompt.'),
      durationSeconds: z.union([z.literal(5), z.literal(10)]).default(5),
      negativePrompt: z.string().max(PROMPT_LENGTH_MAX).optional().describe('What must not be seen.'),
      cfgScale: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('How closely to follow the prompt. Only fal takes it; with it there is no fallback.'),
    }),
    inputs: {
      image: { type: 'image', required: true, description: 'The first frame.' },
      prompt: { type: 'text', required: true, orConfig: true, description: 'What happens in the clip.' },
      endImage: {
        type: 'image',
        description: 'The last frame. Only fal takes it; with it there is no fallback.',
      },
    },
    outputs: { video: { type: 'video', description: 'The clip.' } },
    implementation: {
      kind: 'provider',
      candidates: [
        falModel({
          model: 'fal-ai/kling-video/v2.5-turbo/pro/image-to-video',
          price: {
            usd: highestUsd,
            text: '$0.07 per second',
            source: PRICE_SOURCES.fal,
            readOn: PRICES_READ_ON,
          },
          toInput: (request) =>
            definedOnly({
              prompt: requiredText(request, 'prompt', PROMPT_LENGTH_MAX),
              image_url: image(request),
              // A text here, a number at Replicate.
              duration: String(optionalNumber(request, 'durationSeconds') ?? 5),
              negative_prompt: optionalText(request, 'negativePrompt'),
              cfg_scale: optionalNumber(request, 'cfgScale'),
              tail_image_url: endImage(request),
            }),
          toOutputs: falFile('video'),
        }),
        replicateModel({
          model: 'kwaivgi/kling-v2.5-turbo-pro',
          price: {
            usd: highestUsd,
            text: '$0.07 per second: the price at Kling itself; what Replicate takes could not be read',
            source: PRICE_SOURCES.kling,
            readOn: PRICES_READ_ON,
          },
          toInput: (request) => {
            refuseIfSet(request, ['cfgScale'], 'kling-v2.5-turbo-pro at Replicate');
            if (endImage(request)) {
              throw new UnsupportedRequestError('kling-v2.5-turbo-pro at Replicate documents no last frame.');
            }
            return definedOnly({
              prompt: requiredText(request, 'prompt', PROMPT_LENGTH_MAX),
              start_image: image(request),
              duration: optionalNumber(request, 'durationSeconds') ?? 5,
              negative_prompt: optionalText(request, 'negativePrompt'),
            });
          },
          toOutputs: replicateFile('video'),
        }),
      ],
    },
    expectedSeconds: 90,
  }),
];
