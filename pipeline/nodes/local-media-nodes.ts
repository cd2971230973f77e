import { z } from 'zod';
import type { JsonObject } from '../../workflows/contract';
import { defineNode, type InputPort, type NodeDefinition } from '../node-definition';
import { audioWork } from './local/audio-work';
import { imageWork } from './local/image-work';
import { defineLocalNodes } from './local/local-work';
import { videoWork } from './local/video-work';
import { nodeConfig } from './node-config';

/** Local work, no provider: the activity runs the operation in a child process (activities/media). */

const side = z.number().int().min(1).max(16_383);
const image: InputPort = { type: 'image', required: true, description: 'The picture to work on.' };
const video: InputPort = { type: 'video', required: true, description: 'The clip to work on.' };
const imageOut = { image: { type: 'image', description: 'The new picture.' } } as const;

const operation =
  (kind: string) =>
  (config: JsonObject): JsonObject => ({ kind, ...config });

export const localMediaNodes: readonly NodeDefinition[] = [
  defineNode({
    type: 'image:resize',
    version: 1,
    label: 'Resize',
    description: 'Changes the size of a picture.',
    config: nodeConfig({
      width: side.optional().describe('Pixels.'),
      height: side.optional().describe('Pixels.'),
      fit: z
        .enum(['cover', 'contain', 'fill', 'inside'])
        .default('cover')
        .describe('cover crops, contain adds a border, fill distorts, inside keeps within the box.'),
      withoutEnlargement: z.boolean().default(false),
    }).refine((config) => config.width !== undefined || config.height !== undefined, {
      path: ['width'],
      message: 'give width, height or both',
    }),
    inputs: { image },
    outputs: imageOut,
    implementation: { kind: 'media', toOperation: operation('image.resize') },
    expectedSeconds: 2,
    deterministic: true,
  }),
  defineNode({
    type: 'image:format',
    version: 1,
    label: 'Change format',
    description: 'Writes a picture in another file format.',
    config: nodeConfig({
      format: z.enum(['png', 'webp', 'jpeg', 'avif']),
      quality: z.number().int().min(1).max(100).optional().describe('PNG has no loss and ignores it.'),
    }),
    inputs: { image },
    outputs: imageOut,
    implementation: { kind: 'media', toOperation: operation('image.format') },
    expectedSeconds: 2,
    deterministic: true,
  }),
  defineNode({
    type: 'video:probe',
    version: 1,
    label: 'Video facts',
    description: 'Reads size, duration, frame rate and codec of a clip.',
    config: nodeConfig({}),
    inputs: { video },
    outputs: {
      info: { type: 'json', description: 'width, height, durationSeconds, frameRate, hasAudio, codec.' },
    },
    implementation: { kind: 'media', toOperation: operation('video.probe') },
    expectedSeconds: 2,
    deterministic: true,
  }),
  defineNode({
    type: 'video:thumbnail',
    version: 1,
    label: 'Thumbnail',
    description: 'Takes one frame of a clip as a picture.',
    config: nodeConfig({
      atSeconds: z.number().min(0).default(0).describe('From the start; past the end, the last frame.'),
      width: side.optional().describe('Pixels; the size of the clip unless given.'),
      format: z.enum(['png', 'webp', 'jpeg', 'avif']).default('png'),
    }),
    inputs: { video },
    outputs: imageOut,
    implementation: { kind: 'media', toOperation: operation('video.thumbnail') },
    expectedSeconds: 3,
    deterministic: true,
  }),
  ...defineLocalNodes(imageWork),
  ...defineLocalNodes(videoWork),
  ...defineLocalNodes(audioWork),
];
