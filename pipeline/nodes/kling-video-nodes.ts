import { z } from 'zod';
import type { NodeDefinition, Price } from '../node-definition';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { asText, oneOf, text, type FieldSource } from './table/fields';
import { perSecond, secondsOf, type Rate } from './table/prices';
import { providerNode, type CandidateTable } from './table/provider-node';
import {
  aspectRatios,
  endImagePort,
  hasAudio,
  imagePort,
  lengths,
  negativePrompt,
  prompt,
  promptPort,
  videoOut,
  yesOrNo,
} from './video-fields';
import { falFile, falQueue } from './wire/fal';
import { klingImageToVideo, klingTextToVideo, klingVideo } from './wire/kling';

const PROMPT_LENGTH_MAX = 2_500;

/** A version of Kling in one quality: what it is called at each provider, what it can, what a second costs. */
interface KlingVersion {
  readonly type: string;
  readonly label: string;
  /** Path at fal behind `fal-ai/kling-video/`. */
  readonly falPath: string;
  readonly model: string;
  readonly mode?: 'std' | 'pro';
  readonly lengths: readonly [number, ...number[]];
  readonly usd: number;
  /** A second with sound, where the model makes any. */
  readonly usdWithAudio?: number;
  /** fal's name of the first frame; it takes a text otherwise. */
  readonly imageField?: 'image_url' | 'start_image_url';
  /** fal's name of the last frame. */
  readonly endField?: 'tail_image_url' | 'end_image_url';
}

const UP_TO_15 = [5, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] as const;

const VERSIONS: readonly KlingVersion[] = [
  {
    type: 'video:kling_video_2_5_t2v',
    label: 'Kling 2.5 Turbo Pro (text to video)',
    falPath: 'v2.5-turbo/pro/text-to-video',
    model: 'kling-v2-5-turbo',
    mode: 'pro',
    lengths: [5, 10],
    usd: 0.07,
  },
  {
    type: 'video:kling_video_2_5_standard_i2v',
    label: 'Kling 2.5 Turbo Standard (image to video)',
    falPath: 'v2.5-turbo/standard/image-to-video',
    model: 'kling-v2-5-turbo',
    mode: 'std',
    lengths: [5, 10],
    usd: 0.042,
    imageField: 'image_url',
  },
  {
    type: 'video:kling_video_2_6_t2v',
    label: 'Kling 2.6 Pro (text to video)',
    falPath: 'v2.6/pro/text-to-video',
    model: 'kling-v2-6',
    mode: 'pro',
    lengths: [5, 10],
    usd: 0.07,
    usdWithAudio: 0.14,
  },
  {
    type: 'video:kling_video_2_6_i2v',
    label: 'Kling 2.6 Pro (image to video)',
    falPath: 'v2.6/pro/image-to-video',
    model: 'kling-v2-6',
    mode: 'pro',
    lengths: [5, 10],
    usd: 0.07,
    usdWithAudio: 0.14,
    imageField: 'start_image_url',
    endField: 'end_image_url',
  },
  {
    type: 'video:kling_video_3_standard_t2v',
    label: 'Kling 3 Standard (text to video)',
    falPath: 'v3/standard/text-to-video',
    model: 'kling-v3',
    mode: 'std',
    lengths: UP_TO_15,
    usd: 0.084,
    usdWithAudio: 0.126,
  },
  {
    type: 'video:kling_video_3_standard_i2v',
    label: 'Kling 3 Standard (image to video)',
    falPath: 'v3/standard/image-to-video',
    model: 'kling-v3',
    mode: 'std',
    lengths: UP_TO_15,
    usd: 0.084,
    usdWithAudio: 0.126,
    imageField: 'start_image_url',
    endField: 'end_image_url',
  },
  {
    type: 'video:kling_video_3_pro_t2v',
    label: 'Kling 3 Pro (text to video)',
    falPath: 'v3/pro/text-to-video',
    model: 'kling-v3',
    mode: 'pro',
    lengths: UP_TO_15,
    usd: 0.112,
    usdWithAudio: 0.168,
  },
  {
    type: 'video:kling_video_3_pro_i2v',
    label: 'Kling 3 Pro (image to video)',
    falPath: 'v3/pro/image-to-video',
    model: 'kling-v3',
    mode: 'pro',
    lengths: UP_TO_15,
    usd: 0.112,
    usdWithAudio: 0.168,
    imageField: 'start_image_url',
    endField: 'end_image_url',
  },
  {
    type: 'video:kling_video_2_1_master_t2v',
    label: 'Kling 2.1 Master (text to video)',
    falPath: 'v2.1/master/text-to-video',
    model: 'kling-v2-1-master',
    lengths: [5, 10],
    usd: 0.28,
  },
  {
    type: 'video:kling_video_2_1_master_i2v',
    label: 'Kling 2.1 Master (image to video)',
    falPath: 'v2.1/master/image-to-video',
    model: 'kling-v2-1-master',
    lengths: [5, 10],
    usd: 0.28,
    imageField: 'image_url',
  },
];

/** Fields that both providers call the same. */
const SHARED: Readonly<Record<string, FieldSource>> = {
  prompt: text('prompt', PROMPT_LENGTH_MAX),
  duration: asText('durationSeconds'),
  negative_prompt: 'negativePrompt',
};

export const klingVideoNodes: readonly NodeDefinition[] = VERSIONS.map(toNode);

function toNode(version: KlingVersion): NodeDefinition {
  const { type, label, imageField, endField, usdWithAudio } = version;
  const [first, ...more] = version.lengths;
  return providerNode({
    type,
    label,
    description: imageField === undefined ? 'Makes a clip of a text.' : 'Moves a picture as the prompt says.',
    config: nodeConfig({
      prompt: prompt(PROMPT_LENGTH_MAX),
      durationSeconds: lengths(first, ...more),
      negativePrompt,
      ...(usdWithAudio === undefined ? {} : { hasAudio }),
      ...(imageField === undefined ? { aspectRatio: aspectRatios('16:9', '9:16', '1:1') } : {}),
      cfgScale: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('How closely to follow the prompt. Not every provider takes it.'),
    }),
    inputs: {
      prompt: promptPort,
      ...(imageField === undefined ? {} : { image: imagePort }),
      ...(endField === undefined ? {} : { endImage: endImagePort }),
    },
    outputs: videoOut,
    candidates: [atFal(version), atKling(version)],
    expectedSeconds: 120,
  });
}

function atFal(version: KlingVersion): CandidateTable {
  const { falPath, imageField, endField, usdWithAudio } = version;
  const takesScale = !falPath.startsWith('v2.6/pro/image');
  return {
    at: falQueue,
    model: `fal-ai/kling-video/${falPath}`,
    fields: {
      ...SHARED,
      ...(imageField === undefined ? { aspect_ratio: 'aspectRatio' } : { [imageField]: 'image' }),
      ...(endField === undefined ? {} : { [endField]: 'endImage' }),
      ...(usdWithAudio === undefined ? {} : { generate_audio: 'hasAudio' }),
      ...(takesScale ? { cfg_scale: 'cfgScale' } : {}),
    },
    reads: falFile('video'),
    price: priceOf(version),
  };
}

/** Kling itself has no cfg_scale for its second generation and later. */
function atKling(version: KlingVersion): CandidateTable {
  const { model, mode, imageField, endField, usdWithAudio } = version;
  return {
    at: imageField === undefined ? klingTextToVideo : klingImageToVideo,
    model,
    fields: {
      ...SHARED,
      ...(imageField === undefined
        ? { aspect_ratio: oneOf('aspectRatio', ['16:9', '9:16', '1:1']) }
        : { image: 'image' }),
      ...(endField === undefined ? {} : { image_tail: 'endImage' }),
      ...(usdWithAudio === undefined ? {} : { sound: yesOrNo('hasAudio', 'on', 'off') }),
    },
    ...(mode === undefined ? {} : { constants: { mode } }),
    reads: klingVideo,
    price: priceOf(version),
  };
}

function priceOf({ usd, usdWithAudio, lengths: all }: KlingVersion): Price {
  const rate: Rate =
    usdWithAudio === undefined ? usd : { by: 'hasAudio', usd: { false: usd, true: usdWithAudio } };
  const note = 'the price at Kling itself, which fal’s pages repeat for the versions that were read';
  return perSecond(rate, secondsOf('durationSeconds', Math.max(...all)), readIn('inferenceSh', note));
}
