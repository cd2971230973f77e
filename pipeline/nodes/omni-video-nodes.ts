import { z } from 'zod';
import type { NodeDefinition } from '../node-definition';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { optionalNumber, requiredText } from './request';
import { computed, text } from './table/fields';
import { perSecond, secondsOf } from './table/prices';
import { providerNode } from './table/provider-node';
import { aspectRatios, prompt, promptPort, videoOut } from './video-fields';
import { falFile, falQueue } from './wire/fal';
import { googleInteract, googleVideo } from './wire/google';

const PROMPT_LENGTH_MAX = 20_000;
const seconds = secondsOf('durationSeconds', 10);

const said = computed(['prompt'], (request) => [
  { type: 'text', text: requiredText(request, 'prompt', PROMPT_LENGTH_MAX) },
]);
const format = computed(['aspectRatio', 'durationSeconds'], (request) => [
  {
    type: 'video',
    aspect_ratio: request.config['aspectRatio'] ?? '16:9',
    resolution: '720p',
    duration: `${optionalNumber(request, 'durationSeconds') ?? 8}s`,
  },
]);

export const omniVideoNodes: readonly NodeDefinition[] = [
  providerNode({
    type: 'video:gemini_omni_flash',
    label: 'Gemini Omni Flash (text to video)',
    description: 'Makes a clip of a text at 720 lines.',
    config: nodeConfig({
      prompt: prompt(PROMPT_LENGTH_MAX),
      durationSeconds: z.number().int().min(3).max(10).default(8),
      aspectRatio: aspectRatios('16:9', '9:16'),
    }),
    inputs: { prompt: promptPort },
    outputs: videoOut,
    candidates: [
      {
        at: googleInteract,
        model: 'gemini-omni-1.2-flash',
        fields: { input: said, response_format: format },
        reads: googleVideo,
        price: perSecond(0.13, seconds, readIn('fal', 'the price at fal; Google bills by the token')),
      },
      {
        at: falQueue,
        model: 'google/gemini-omni-flash',
        fields: {
          prompt: text('prompt', PROMPT_LENGTH_MAX),
          duration: 'durationSeconds',
          aspect_ratio: 'aspectRatio',
        },
        reads: falFile('video'),
        price: perSecond(0.13, seconds, readIn('fal')),
      },
    ],
    expectedSeconds: 90,
  }),
];
