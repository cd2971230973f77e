import { z } from 'zod';
import type { NodeDefinition, Price } from '../node-definition';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { oneOf, text } from './table/fields';
import { perSecond } from './table/prices';
import { providerNode, type CandidateTable } from './table/provider-node';
import { lengthOf, resolutions, videoOut } from './video-fields';
import { falFile, falQueue } from './wire/fal';
import { klingAvatar, klingLipSync, klingVideo } from './wire/kling';

/** Seconds of a recording whose length is not known. */
const USUAL_SECONDS = 30;

const audioPort = { type: 'audio', required: true, description: 'What is said.' } as const;
const portraitPort = {
  type: 'image',
  required: true,
  description: 'Who speaks: a picture of a face.',
} as const;
const seconds = lengthOf('audio', USUAL_SECONDS);
const words = z.string().max(2_500).optional().describe('How the person moves and looks.');

const klingNote = 'the price at Kling itself';

function klingAvatarAs(mode: 'std' | 'pro', usd: number): CandidateTable {
  return {
    at: klingAvatar,
    model: 'kling-avatar',
    fields: { image: 'image', sound_file: 'audio', prompt: text('prompt', 2_500) },
    constants: { mode },
    reads: klingVideo,
    price: perSecond(usd, seconds, readIn('inferenceSh', klingNote)),
  };
}

function avatar(quality: 'standard' | 'pro', usd: number, atFal: Price): NodeDefinition {
  return providerNode({
    type: `video:kling_avatar_${quality}`,
    label: `Kling AI Avatar 2 (${quality})`,
    description: 'Lets a picture of a person speak or sing a recording.',
    config: nodeConfig({ prompt: words }),
    inputs: { image: portraitPort, audio: audioPort },
    outputs: videoOut,
    candidates: [
      {
        at: falQueue,
        model: `fal-ai/kling-video/ai-avatar/v2/${quality}`,
        fields: { image_url: 'image', audio_url: 'audio', prompt: text('prompt', 2_500) },
        reads: falFile('video'),
        price: atFal,
      },
      klingAvatarAs(quality === 'pro' ? 'pro' : 'std', usd),
    ],
    expectedSeconds: 180,
  });
}

const fabric = providerNode({
  type: 'video:veed_fabric',
  label: 'VEED Fabric 1.0',
  description: 'Makes a talking head of any picture and a recording. Kling’s avatar stands in for it.',
  config: nodeConfig({ resolution: resolutions('480p', '720p') }),
  inputs: { image: portraitPort, audio: audioPort },
  outputs: videoOut,
  candidates: [
    {
      at: falQueue,
      model: 'veed/fabric-1.0',
      fields: { image_url: 'image', audio_url: 'audio', resolution: 'resolution' },
      reads: falFile('video'),
      price: perSecond({ by: 'resolution', usd: { '480p': 0.08, '720p': 0.15 } }, seconds, readIn('fal')),
    },
    {
      ...klingAvatarAs('std', 0.056),
      fields: {
        image: 'image',
        sound_file: 'audio',
        mode: oneOf('resolution', { '480p': 'std', '720p': 'std' }),
      },
      constants: {},
    },
  ],
  expectedSeconds: 180,
});

/** Kling takes clips of 2 to 10 seconds, 720 to 1080 lines. */
const klingLip: CandidateTable = {
  at: klingLipSync,
  model: 'kling-lip-sync',
  fields: { 'input.video_url': 'video', 'input.audio_url': 'audio' },
  constants: { 'input.mode': 'audio2video', 'input.audio_type': 'url' },
  reads: klingVideo,
  price: perSecond(
    0.014,
    (request) => Math.max(5, lengthOf('video', 10)(request)),
    readIn('inferenceSh', 'five seconds at least'),
  ),
};

const clipPort = { type: 'video', required: true, description: 'Who speaks: a clip with a face.' } as const;

const lipSync = providerNode({
  type: 'video:veed_lipsync',
  label: 'VEED Lipsync 2',
  description:
    'Fits the lips of a person in a clip to a recording. Kling’s lip-sync stands in for it with short clips.',
  config: nodeConfig({}),
  inputs: { video: clipPort, audio: audioPort },
  outputs: videoOut,
  candidates: [
    {
      at: falQueue,
      model: 'veed/lipsync/v2',
      fields: { video_url: 'video', audio_url: 'audio' },
      reads: falFile('video'),
      price: perSecond(0.07, lengthOf('video', USUAL_SECONDS), readIn('falPages')),
    },
    klingLip,
  ],
  expectedSeconds: 180,
});

const klingLipsync = providerNode({
  type: 'video:kling_lipsync',
  label: 'Kling Lip Sync',
  description: 'Fits the lips of a person in a clip of 2 to 10 seconds to a recording of 2 to 60.',
  config: nodeConfig({}),
  inputs: { video: clipPort, audio: audioPort },
  outputs: videoOut,
  candidates: [
    klingLip,
    {
      at: falQueue,
      model: 'fal-ai/kling-video/lipsync/audio-to-video',
      fields: { video_url: 'video', audio_url: 'audio' },
      reads: falFile('video'),
      price: perSecond(
        0.014,
        (request) => Math.max(5, lengthOf('video', 10)(request)),
        readIn('inferenceSh', klingNote),
      ),
    },
  ],
  expectedSeconds: 180,
});

export const talkingVideoNodes: readonly NodeDefinition[] = [
  fabric,
  avatar('standard', 0.056, perSecond(0.0562, seconds, readIn('falBillingTable'))),
  avatar('pro', 0.112, perSecond(0.112, seconds, readIn('inferenceSh', klingNote))),
  lipSync,
  klingLipsync,
];
