import { z } from 'zod';
import type { NodeDefinition, NodeRequest, WireValue } from '../node-definition';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { optionalNumber, requiredText } from './request';
import { computed, text, within } from './table/fields';
import { perThousandCharacters, perUnit, secondsOf } from './table/prices';
import { providerNode } from './table/provider-node';
import { voiceConfig, voiceId, voiceIdOf } from './speech-nodes';
import { lengthOf } from './video-fields';
import {
  elevenlabsDialogue,
  elevenlabsMusic,
  elevenlabsSound,
  elevenlabsSoundEffect,
  elevenlabsVoiceChanger,
} from './wire/elevenlabs';
import { falFile, falQueue } from './wire/fal';

const MP3 = { output_format: 'mp3_44100_128' } as const;
const audioOut = { audio: { type: 'audio', description: 'The sound.' } } as const;
const recording = {
  audio: { type: 'audio', required: true, description: 'A recording of a voice.' },
} as const;
const USUAL_SECONDS = 60;

const minutes = (seconds: (request: NodeRequest) => number) => (request: NodeRequest) =>
  seconds(request) / 60;
const sameAtFal = 'the price at ElevenLabs itself; what fal takes could not be read';

/** Characters that a model reads well at once. */
const DIALOGUE_LENGTH_MAX = 2_000;

interface Line {
  readonly text: string;
  readonly voice: string;
}

/** `Voice: words`, a line each; a line without a voice belongs to the one before. */
function linesOf(script: string): readonly Line[] {
  const lines: Line[] = [];
  for (const row of script.split('\n').map((each) => each.trim())) {
    const [, named, words = row] = /^([\p{L}\p{N}_-]{1,40}):\s+(.+)$/u.exec(row) ?? [];
    if (row !== '') lines.push({ text: words, voice: named ?? lines.at(-1)?.voice ?? 'Rachel' });
  }
  return lines;
}

function dialogueField(toLine: (line: Line) => Readonly<Record<string, WireValue>>) {
  return computed(['script'], (request) =>
    linesOf(requiredText(request, 'script', DIALOGUE_LENGTH_MAX)).map(toLine),
  );
}

const dialogue = providerNode({
  type: 'audio:elevenlabs_dialogue',
  label: 'ElevenLabs v3 Dialogue',
  description: 'Speaks a conversation of several voices in one recording.',
  config: nodeConfig({
    script: z
      .string()
      .min(1)
      .max(DIALOGUE_LENGTH_MAX)
      .optional()
      .describe('Used when no edge brings a script.'),
  }),
  inputs: {
    script: {
      type: 'text',
      required: true,
      orConfig: true,
      description: 'A line for each turn: the name of a voice, a colon, what it says.',
    },
  },
  outputs: audioOut,
  candidates: [
    {
      at: elevenlabsDialogue,
      model: 'eleven_v3',
      fields: { inputs: dialogueField((line) => ({ text: line.text, voice_id: voiceIdOf(line.voice) })) },
      constants: MP3,
      reads: elevenlabsSound,
      price: perThousandCharacters(0.1, 'script', readIn('inferenceSh')),
    },
    {
      at: falQueue,
      model: 'fal-ai/elevenlabs/text-to-dialogue/eleven-v3',
      fields: { inputs: dialogueField(({ text: spoken, voice }) => ({ text: spoken, voice })) },
      reads: falFile('audio'),
      price: perThousandCharacters(0.1, 'script', readIn('fal')),
    },
  ],
  expectedSeconds: 20,
});

const soundEffect = providerNode({
  type: 'audio:elevenlabs_sound_effect',
  label: 'ElevenLabs Sound Effects v2',
  description: 'Makes a sound of its description.',
  config: nodeConfig({
    prompt: z.string().min(1).max(450).optional().describe('Used when no edge brings a prompt.'),
    durationSeconds: z.number().min(0.5).max(22).default(5),
    promptInfluence: z.number().min(0).max(1).optional().describe('How closely to follow the prompt.'),
    isLoop: z.boolean().optional().describe('Whether end and beginning are to fit together.'),
  }),
  inputs: { prompt: { type: 'text', required: true, orConfig: true, description: 'What is heard.' } },
  outputs: audioOut,
  candidates: [
    {
      at: elevenlabsSoundEffect,
      model: 'eleven_text_to_sound_v2',
      fields: {
        text: text('prompt', 450),
        duration_seconds: within('durationSeconds', 0.5, 22),
        prompt_influence: 'promptInfluence',
        loop: 'isLoop',
      },
      constants: MP3,
      reads: elevenlabsSound,
      price: perUnit('minute', 0.12, minutes(secondsOf('durationSeconds', 22)), readIn('inferenceSh')),
    },
    {
      at: falQueue,
      model: 'fal-ai/elevenlabs/sound-effects/v2',
      fields: {
        text: text('prompt', 450),
        duration_seconds: within('durationSeconds', 0.5, 22),
        prompt_influence: 'promptInfluence',
        loop: 'isLoop',
      },
      constants: MP3,
      reads: falFile('audio'),
      price: perUnit(
        'minute',
        0.12,
        minutes(secondsOf('durationSeconds', 22)),
        readIn('inferenceSh', sameAtFal),
      ),
    },
  ],
  expectedSeconds: 15,
});

const millis = computed(['durationSeconds'], (request) =>
  Math.round((optionalNumber(request, 'durationSeconds') ?? 30) * 1_000),
);

const music = providerNode({
  type: 'audio:elevenlabs_music',
  label: 'ElevenLabs Music',
  description: 'Composes a piece of music of its description, 3 seconds to 10 minutes.',
  config: nodeConfig({
    prompt: z.string().min(1).max(4_100).optional().describe('Used when no edge brings a prompt.'),
    durationSeconds: z.number().min(3).max(600).default(30),
    isInstrumental: z.boolean().optional().describe('Whether nobody may sing.'),
  }),
  inputs: {
    prompt: { type: 'text', required: true, orConfig: true, description: 'Style, mood, instruments, words.' },
  },
  outputs: audioOut,
  candidates: [
    {
      at: elevenlabsMusic,
      model: 'music_v2',
      fields: {
        prompt: text('prompt', 4_100),
        music_length_ms: millis,
        force_instrumental: 'isInstrumental',
      },
      constants: MP3,
      reads: elevenlabsSound,
      price: perUnit('minute', 0.15, minutes(secondsOf('durationSeconds', 600)), readIn('inferenceSh')),
    },
    {
      at: falQueue,
      model: 'fal-ai/elevenlabs/music',
      fields: {
        prompt: text('prompt', 4_100),
        music_length_ms: millis,
        force_instrumental: 'isInstrumental',
      },
      constants: MP3,
      reads: falFile('audio'),
      price: perUnit(
        'minute',
        0.15,
        minutes(secondsOf('durationSeconds', 600)),
        readIn('inferenceSh', sameAtFal),
      ),
    },
  ],
  expectedSeconds: 60,
});

const recordedMinutes = minutes(lengthOf('audio', USUAL_SECONDS));

const voiceChangerPrice = perUnit(
  'minute',
  0.35,
  recordedMinutes,
  readIn('venice', 'the price at a reseller; what ElevenLabs and fal take could not be read'),
);

const voiceChanger = providerNode({
  type: 'audio:elevenlabs_voice_changer',
  label: 'ElevenLabs Voice Changer',
  description: 'Says what a recording says, as it says it, in another voice.',
  config: nodeConfig({
    voice: voiceConfig,
    removeBackgroundNoise: z.boolean().optional().describe('Whether to clean the recording first.'),
  }),
  inputs: recording,
  outputs: audioOut,
  candidates: [
    {
      at: elevenlabsVoiceChanger,
      model: 'eleven_multilingual_sts_v2',
      fields: { audio: 'audio', voice_id: voiceId, remove_background_noise: 'removeBackgroundNoise' },
      constants: MP3,
      reads: elevenlabsSound,
      price: voiceChangerPrice,
    },
    {
      at: falQueue,
      model: 'fal-ai/elevenlabs/voice-changer',
      fields: { audio_url: 'audio', voice: 'voice', remove_background_noise: 'removeBackgroundNoise' },
      constants: MP3,
      reads: falFile('audio'),
      price: voiceChangerPrice,
    },
  ],
  expectedSeconds: 20,
});

export const soundNodes: readonly NodeDefinition[] = [dialogue, soundEffect, music, voiceChanger];
