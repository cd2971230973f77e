import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../workflows/contract';
import {
  UnexpectedReplyError,
  type NodeDefinition,
  type OutputItem,
  type ProviderReply,
} from '../node-definition';
import { isJsonObject, isList } from '../pure/values';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { field } from './request';
import { perUnit } from './table/prices';
import { providerNode } from './table/provider-node';
import { lengthOf } from './video-fields';
import { elevenlabsTranscription } from './wire/elevenlabs';
import { falQueue } from './wire/fal';

const USUAL_SECONDS = 600;
const hours = (port: string) => (request: Parameters<ReturnType<typeof lengthOf>>[0]) =>
  lengthOf(port, USUAL_SECONDS)(request) / 3_600;

/** Text and timed words in ElevenLabs' form, which fal passes on; `spacing` is left out. */
function transcript({ body }: ProviderReply): Readonly<Record<string, OutputItem>> {
  const text = field(body, 'text');
  const words = field(body, 'words');
  if (typeof text !== 'string' || !isList(words))
    throw new UnexpectedReplyError('The answer holds no transcript (text, words).');
  const timed = words.flatMap((word: unknown): JsonObject[] => timedWord(word));
  return { text: { kind: 'value', value: text }, words: { kind: 'value', value: timed } };
}

function timedWord(word: unknown): JsonObject[] {
  if (!isJsonObject(word)) return [];
  const { text, start, end, type, speaker_id: speaker }: Readonly<Record<string, JsonValue>> = word;
  if (typeof text !== 'string' || typeof start !== 'number' || typeof end !== 'number') return [];
  if (type === 'spacing') return [];
  return [{ text, start, end, ...(typeof speaker === 'string' ? { speaker } : {}) }];
}

export const transcriptionNodes: readonly NodeDefinition[] = [
  providerNode({
    type: 'audio:elevenlabs_scribe_v2',
    label: 'ElevenLabs Scribe v2',
    description: 'Writes down what is said in a recording, with the time of each word and who says it.',
    config: nodeConfig({
      languageCode: z
        .string()
        .regex(/^[a-z]{2,3}$/)
        .optional()
        .describe('ISO 639-1 or 639-3; found out unless given.'),
      hasSpeakers: z.boolean().default(true).describe('Whether to tell speakers apart.'),
      tagsAudioEvents: z.boolean().default(false).describe('Whether to note laughter, steps and the like.'),
    }),
    inputs: { audio: { type: 'audio', required: true, description: 'The recording.' } },
    outputs: {
      text: { type: 'text', description: 'What is said.' },
      words: {
        type: 'json',
        description: 'List of {text, start, end, speaker}; seconds. utility:subtitles makes subtitles of it.',
      },
    },
    candidates: [
      {
        at: elevenlabsTranscription,
        model: 'scribe_v2',
        fields: {
          file: 'audio',
          language_code: 'languageCode',
          diarize: 'hasSpeakers',
          tag_audio_events: 'tagsAudioEvents',
        },
        reads: transcript,
        price: perUnit('hour', 0.22, hours('audio'), readIn('litellm')),
      },
      {
        at: falQueue,
        model: 'fal-ai/elevenlabs/speech-to-text/scribe-v2',
        fields: {
          audio_url: 'audio',
          language_code: 'languageCode',
          diarize: 'hasSpeakers',
          tag_audio_events: 'tagsAudioEvents',
        },
        reads: transcript,
        price: perUnit(
          'hour',
          0.22,
          hours('audio'),
          readIn('litellm', 'the price at ElevenLabs itself; what fal takes could not be read'),
        ),
      },
    ],
    expectedSeconds: 30,
  }),
];
