import { z } from 'zod';
import type { NodeDefinition } from '../node-definition';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { optionalText } from './request';
import { computed, orElse, text, within, type FieldSource } from './table/fields';
import { perThousandCharacters } from './table/prices';
import { providerNode, type CandidateTable } from './table/provider-node';
import { falFile, falQueue } from './wire/fal';
import { elevenlabsSound, elevenlabsSpeech } from './wire/elevenlabs';

/** A model of ElevenLabs that speaks: with ElevenLabs itself, and what fal has of it or next to it. */
interface Voice {
  readonly type: string;
  readonly label: string;
  readonly description: string;
  readonly model: string;
  readonly lengthMax: number;
  readonly usd: number;
  readonly falModel: string;
  readonly usdAtFal: number;
  readonly hasSpeed: boolean;
}

const VOICES: readonly Voice[] = [
  {
    type: 'audio:elevenlabs_multilingual_v2',
    label: 'ElevenLabs Multilingual v2',
    description: 'Speaks a text in one of 29 languages, lifelike and steady.',
    model: 'eleven_multilingual_v2',
    lengthMax: 10_000,
    usd: 0.08,
    falModel: 'fal-ai/elevenlabs/tts/multilingual-v2',
    usdAtFal: 0.1,
    hasSpeed: true,
  },
  {
    type: 'audio:elevenlabs_v3',
    label: 'ElevenLabs v3',
    description: 'Speaks a text with feeling; directions stand in it in brackets, such as [whispers].',
    model: 'eleven_v3',
    lengthMax: 3_000,
    usd: 0.08,
    falModel: 'fal-ai/elevenlabs/tts/eleven-v3',
    usdAtFal: 0.1,
    hasSpeed: false,
  },
  {
    type: 'audio:elevenlabs_turbo_v2_5',
    label: 'ElevenLabs Turbo v2.5',
    description: 'Speaks a text quickly, at half the price.',
    model: 'eleven_turbo_v2_5',
    lengthMax: 40_000,
    usd: 0.04,
    falModel: 'fal-ai/elevenlabs/tts/turbo-v2.5',
    usdAtFal: 0.05,
    hasSpeed: true,
  },
  {
    type: 'audio:elevenlabs_flash_v2_5',
    label: 'ElevenLabs Flash v2.5',
    description: 'Speaks a text with the least delay. Turbo v2.5 stands in for it at fal.',
    model: 'eleven_flash_v2_5',
    lengthMax: 40_000,
    usd: 0.04,
    falModel: 'fal-ai/elevenlabs/tts/turbo-v2.5',
    usdAtFal: 0.05,
    hasSpeed: true,
  },
];

/**
 * The voice that fal speaks with unless told otherwise, by the id that ElevenLabs itself wants.
 * @see elevenlabs-js 2.73.0 (examples)
 */
export const VOICE_IDS: Readonly<Record<string, string>> = { Rachel: '21m00Tcm4TlvDq8ikWAM' };
const USUAL_VOICE = 'Rachel';

export const voiceConfig = z
  .string()
  .min(1)
  .max(100)
  .default(USUAL_VOICE)
  .describe(
    `${Object.keys(VOICE_IDS).join(', ')}, or the id of a voice of your ElevenLabs account: only ElevenLabs itself takes that.`,
  );

/** A name that is known stands for its id; anything else is taken for one. */
export const voiceId = computed(['voice'], (request) =>
  voiceIdOf(optionalText(request, 'voice') ?? USUAL_VOICE),
);

export function voiceIdOf(voice: string): string {
  return (Object.hasOwn(VOICE_IDS, voice) ? VOICE_IDS[voice] : undefined) ?? voice;
}

export const speechNodes: readonly NodeDefinition[] = VOICES.map((voice) =>
  providerNode({
    type: voice.type,
    label: voice.label,
    description: voice.description,
    config: nodeConfig({
      text: z.string().min(1).max(voice.lengthMax).optional().describe('Used when no edge brings a text.'),
      voice: voiceConfig,
      ...(voice.hasSpeed ? { speed: z.number().min(0.7).max(1.2).optional().describe('1 is normal.') } : {}),
      stability: z.number().min(0).max(1).optional().describe('Low varies more, high is steadier.'),
      languageCode: z
        .string()
        .regex(/^[a-z]{2}$/)
        .optional()
        .describe('ISO 639-1, to force a language.'),
    }),
    inputs: { text: { type: 'text', required: true, orConfig: true, description: 'What is spoken.' } },
    outputs: { audio: { type: 'audio', description: 'The voice-over.' } },
    candidates: [atElevenlabs(voice), atFal(voice)],
    expectedSeconds: 10,
  }),
);

function atElevenlabs({ model, lengthMax, usd, hasSpeed }: Voice): CandidateTable {
  const settings: Readonly<Record<string, FieldSource>> = {
    'voice_settings.stability': 'stability',
    ...(hasSpeed ? { 'voice_settings.speed': within('speed', 0.7, 1.2) } : {}),
  };
  return {
    at: elevenlabsSpeech,
    model,
    fields: { text: text('text', lengthMax), voice_id: voiceId, language_code: 'languageCode', ...settings },
    constants: { output_format: 'mp3_44100_128' },
    reads: elevenlabsSound,
    price: perThousandCharacters(usd, 'text', readIn('litellm')),
  };
}

function atFal({ falModel, lengthMax, usdAtFal, hasSpeed }: Voice): CandidateTable {
  return {
    at: falQueue,
    model: falModel,
    fields: {
      text: text('text', lengthMax),
      voice: orElse('voice', USUAL_VOICE),
      stability: 'stability',
      language_code: 'languageCode',
      ...(hasSpeed ? { speed: within('speed', 0.7, 1.2) } : {}),
    },
    reads: falFile('audio'),
    price: perThousandCharacters(
      usdAtFal,
      'text',
      readIn('inferenceSh', 'ElevenLabs’ price before its cut; fal names none for this model'),
    ),
  };
}
