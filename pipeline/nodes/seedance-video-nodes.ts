import { z } from 'zod';
import type { NodeDefinition, NodeRequest, Price } from '../node-definition';
import { nodeConfig } from './node-config';
import { readIn, type PriceSourceName } from './price-sources';
import { optionalNumber, optionalText } from './request';
import { asText, oneOf, text, type FieldSource } from './table/fields';
import { perSecond, secondsOf } from './table/prices';
import { providerNode, type CandidateTable } from './table/provider-node';
import {
  aspectRatios,
  endImagePort,
  hasAudio,
  imagePort,
  lengths,
  prompt,
  promptPort,
  resolutions,
  seed,
  videoOut,
  yesOrNo,
} from './video-fields';
import { falFile, falQueue } from './wire/fal';
import { klingImageToVideo, klingTextToVideo, klingVideo } from './wire/kling';
import { replicateFile, replicatePrediction } from './wire/replicate';

const PROMPT_LENGTH_MAX = 2_500;
const RATIOS = ['16:9', '21:9', '4:3', '1:1', '3:4', '9:16'] as const;

/** Pixels of 16:9 at each resolution; other ratios have about as many. */
const PIXELS: Readonly<Record<string, number>> = {
  '480p': 864 * 480,
  '720p': 1_248 * 704,
  '1080p': 1_920 * 1_088,
};
const FRAMES_PER_SECOND = 24;

/** By video tokens: pixels × frames / 1024. */
function perVideoToken(usdPerMillion: number, source: PriceSourceName, note: string): Price {
  const usd = (request: NodeRequest): number => {
    const pixels = PIXELS[optionalText(request, 'resolution') ?? '1080p'] ?? 1_920 * 1_088;
    const seconds = optionalNumber(request, 'durationSeconds') ?? 12;
    return ((pixels * FRAMES_PER_SECOND * seconds) / 1_024 / 1e6) * usdPerMillion;
  };
  const words = `$${usdPerMillion.toFixed(2)} per million video tokens (width × height × 24 frames × seconds / 1024)`;
  const { source: page, readOn } = readIn(source);
  return { usd, text: `${words}: ${note}`, source: page, readOn };
}

const proPrice = perVideoToken(
  2.5,
  'finetunedPhotoGen',
  'computed of the $0.12 a second at 1080p that was read',
);
const fastPrice = perVideoToken(1, 'fal', 'a 1080p clip of 5 seconds is $0.243 there');

/** Seedance 1.0: fal has it in two speeds, Replicate the thorough one. */
function seedanceOneCandidates(isFast: boolean, isImage: boolean): readonly CandidateTable[] {
  const takesEnd = isImage && !isFast;
  const shared: Readonly<Record<string, FieldSource>> = {
    prompt: text('prompt', PROMPT_LENGTH_MAX),
    resolution: 'resolution',
    seed: 'seed',
    camera_fixed: 'isCameraFixed',
    ...(isImage ? {} : { aspect_ratio: 'aspectRatio' }),
  };
  const price = isFast ? fastPrice : proPrice;
  const atFal: CandidateTable = {
    at: falQueue,
    model: `fal-ai/bytedance/seedance/v1/pro/${isFast ? 'fast/' : ''}${isImage ? 'image' : 'text'}-to-video`,
    fields: {
      ...shared,
      duration: asText('durationSeconds'),
      ...(isImage ? { image_url: 'image' } : {}),
      ...(takesEnd ? { end_image_url: 'endImage' } : {}),
    },
    reads: falFile('video'),
    price,
  };
  const atReplicate: CandidateTable = {
    at: replicatePrediction,
    model: 'bytedance/seedance-1-pro',
    fields: {
      ...shared,
      duration: 'durationSeconds',
      ...(isImage ? { image: 'image' } : {}),
      ...(takesEnd ? { last_frame_image: 'endImage' } : {}),
    },
    reads: replicateFile('video'),
    price: proPrice,
  };
  return [atFal, atReplicate];
}

function seedanceOne(speed: 'pro' | 'fast', from: 'text' | 'image'): NodeDefinition {
  const isFast = speed === 'fast';
  const isImage = from === 'image';
  const takesEnd = isImage && !isFast;
  return providerNode({
    type: `video:seedance_1_${isFast ? 'pro_fast' : 'pro'}_${isImage ? 'i2v' : 't2v'}`,
    label: `Seedance 1.0 Pro${isFast ? ' Fast' : ''} (${from} to video)`,
    description: isImage ? 'Moves a picture as the prompt says.' : 'Makes a clip of a text.',
    config: nodeConfig({
      prompt: prompt(PROMPT_LENGTH_MAX),
      durationSeconds: z.number().int().min(2).max(12).default(5),
      resolution: resolutions('720p', '480p', '1080p'),
      ...(isImage ? {} : { aspectRatio: aspectRatios(...RATIOS) }),
      isCameraFixed: z.boolean().optional().describe('Whether the camera stands still.'),
      seed,
    }),
    inputs: {
      prompt: promptPort,
      ...(isImage ? { image: imagePort } : {}),
      ...(takesEnd ? { endImage: endImagePort } : {}),
    },
    outputs: videoOut,
    candidates: seedanceOneCandidates(isFast, isImage),
    expectedSeconds: isFast ? 45 : 90,
  });
}

const MODES = { '480p': 'std', '720p': 'std', '1080p': 'pro' } as const;

function seedanceTwoCandidates(from: 'text' | 'image'): readonly CandidateTable[] {
  const isImage = from === 'image';
  const words = text('prompt', PROMPT_LENGTH_MAX);
  return [
    {
      at: falQueue,
      model: `bytedance/seedance-2.0/${from}-to-video`,
      fields: {
        prompt: words,
        duration: asText('durationSeconds'),
        resolution: 'resolution',
        generate_audio: 'hasAudio',
        ...(isImage ? { image_url: 'image', end_image_url: 'endImage' } : { aspect_ratio: 'aspectRatio' }),
      },
      reads: falFile('video'),
      price: perSecond(
        { by: 'resolution', usd: { '480p': 0.1346, '720p': 0.3034, '1080p': 0.682 } },
        secondsOf('durationSeconds', 15),
        readIn('litellm'),
      ),
    },
    {
      at: isImage ? klingImageToVideo : klingTextToVideo,
      model: 'kling-v3',
      fields: {
        prompt: words,
        duration: asText('durationSeconds'),
        mode: oneOf('resolution', MODES),
        sound: yesOrNo('hasAudio', 'on', 'off'),
        ...(isImage
          ? { image: 'image', image_tail: 'endImage' }
          : { aspect_ratio: oneOf('aspectRatio', ['16:9', '9:16', '1:1']) }),
      },
      reads: klingVideo,
      price: perSecond(
        { by: 'resolution', usd: { '480p': 0.126, '720p': 0.126, '1080p': 0.168 } },
        secondsOf('durationSeconds', 15),
        readIn('inferenceSh', 'with sound; less without'),
      ),
    },
  ];
}

/** Seedance 2.0 at fal; Kling 3 is of the same kind: up to 15 s, with sound. */
function seedanceTwo(from: 'text' | 'image'): NodeDefinition {
  const isImage = from === 'image';
  return providerNode({
    type: `video:seedance_2_${isImage ? 'i2v' : 't2v'}`,
    label: `Seedance 2.0 (${from} to video)`,
    description: `${isImage ? 'Moves a picture as the prompt says' : 'Makes a clip of a text'}, with sound when asked. Kling 3 stands in for it.`,
    config: nodeConfig({
      prompt: prompt(PROMPT_LENGTH_MAX),
      durationSeconds: lengths(5, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
      resolution: resolutions('720p', '480p', '1080p'),
      ...(isImage ? {} : { aspectRatio: aspectRatios(...RATIOS) }),
      hasAudio,
    }),
    inputs: {
      prompt: promptPort,
      ...(isImage ? { image: imagePort, endImage: endImagePort } : {}),
    },
    outputs: videoOut,
    candidates: seedanceTwoCandidates(from),
    expectedSeconds: 150,
  });
}

export const seedanceVideoNodes: readonly NodeDefinition[] = [
  seedanceOne('pro', 'text'),
  seedanceOne('pro', 'image'),
  seedanceOne('fast', 'text'),
  seedanceOne('fast', 'image'),
  seedanceTwo('text'),
  seedanceTwo('image'),
];
