import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../workflows/contract';
import {
  UnexpectedReplyError,
  type NodeDefinition,
  type NodeRequest,
  type OutputItem,
  type ProviderReply,
} from '../node-definition';
import { isJsonObject, isList } from '../pure/values';
import { jsonValueSchema } from './json-value';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { field } from './request';
import { perUnit } from './table/prices';
import { providerNode } from './table/provider-node';
import { utilityNode } from './text-utility-nodes';
import { lengthOf } from './video-fields';
import { elevenlabsTranscription } from './wire/elevenlabs';
import { falQueue } from './wire/fal';
import { openaiTranscriptions } from './wire/openai';

const USUAL_SECONDS = 600;
const hours = lengthIn(3_600);
const minutes = lengthIn(60);
const SCRIBE_AT_FAL = 'fal-ai/elevenlabs/speech-to-text/scribe-v2';
const NO_PRICE_AT_FAL = 'the price at ElevenLabs itself; what fal takes could not be read';

function lengthIn(seconds: number) {
  return (port: string) => (request: NodeRequest) => lengthOf(port, USUAL_SECONDS)(request) / seconds;
}

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

/** What OpenAI heard; gpt-transcribe gives no times. */
function heard({ body }: ProviderReply): Readonly<Record<string, OutputItem>> {
  const text = field(body, 'text');
  if (typeof text === 'string') return { text: { kind: 'value', value: text } };
  throw new UnexpectedReplyError('The answer holds no transcript (text).');
}

const spokenOnly = (reply: ProviderReply): Readonly<Record<string, OutputItem>> => {
  const { text } = transcript(reply);
  if (text !== undefined) return { text };
  throw new UnexpectedReplyError('The answer holds no transcript (text).');
};

export const transcriptionNodes: readonly NodeDefinition[] = [
  providerNode({
    type: 'audio:transcribe',
    label: 'Transcribe',
    description: 'Writes down what is said in a recording; any of three providers serves it.',
    config: nodeConfig({
      languageCode: z
        .string()
        .regex(/^[a-z]{2}$/)
        .optional()
        .describe('ISO 639-1; found out unless given.'),
      hint: z
        .string()
        .min(1)
        .max(2_000)
        .optional()
        .describe('Names and words that are said. Only OpenAI takes it; with it there is no fallback.'),
    }),
    inputs: { audio: { type: 'audio', required: true, description: 'The recording.' } },
    outputs: { text: { type: 'text', description: 'What is said.' } },
    candidates: [
      {
        at: openaiTranscriptions,
        model: 'gpt-transcribe',
        fields: { file: 'audio', language: 'languageCode', prompt: 'hint' },
        constants: { response_format: 'json' },
        reads: heard,
        price: perUnit('minute', 0.0045, minutes('audio'), readIn('litellm')),
      },
      {
        at: elevenlabsTranscription,
        model: 'scribe_v2',
        fields: { file: 'audio', language_code: 'languageCode' },
        constants: { tag_audio_events: false },
        reads: spokenOnly,
        price: perUnit('hour', 0.22, hours('audio'), readIn('litellm')),
      },
      {
        at: falQueue,
        model: SCRIBE_AT_FAL,
        fields: { audio_url: 'audio', language_code: 'languageCode' },
        constants: { diarize: false, tag_audio_events: false },
        reads: spokenOnly,
        price: perUnit('hour', 0.22, hours('audio'), readIn('litellm', NO_PRICE_AT_FAL)),
      },
    ],
    expectedSeconds: 20,
  }),
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
        model: SCRIBE_AT_FAL,
        fields: {
          audio_url: 'audio',
          language_code: 'languageCode',
          diarize: 'hasSpeakers',
          tag_audio_events: 'tagsAudioEvents',
        },
        reads: transcript,
        price: perUnit('hour', 0.22, hours('audio'), readIn('litellm', NO_PRICE_AT_FAL)),
      },
    ],
    expectedSeconds: 30,
  }),
  utilityNode('subtitles', {
    label: 'Subtitles',
    description: 'Makes SRT or WebVTT of timed words, for a player or to be written into a clip.',
    config: nodeConfig({
      words: z.array(jsonValueSchema).max(50_000).optional().describe('Used when no edge brings them.'),
      format: z.enum(['srt', 'vtt']).default('srt').describe('SubRip or WebVTT.'),
      charactersMax: z.number().int().min(10).max(500).default(84).describe('Of one subtitle.'),
      secondsMax: z
        .number()
        .min(0.5)
        .max(60)
        .default(6)
        .describe('One subtitle is shown, unless a word lasts longer.'),
    }),
    inputs: {
      words: {
        type: 'json',
        required: true,
        orConfig: true,
        description:
          'List of {text, start, end, speaker}; seconds. Such as that of audio:elevenlabs_scribe_v2.',
      },
    },
    outputs: { text: { type: 'text', description: 'The subtitles, by pauses, sentences and speakers.' } },
  }),
];
