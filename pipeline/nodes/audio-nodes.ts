import { z } from 'zod';
import { nodeConfig } from './node-config';
import { UnsupportedRequestError, type NodeDefinition, type NodeRequest } from '../node-definition';
import { GEMINI_VOICES, geminiSpeech } from './google-speech-nodes';
import { PRICE_SOURCES, PRICES_READ_ON, readIn } from './price-sources';
import { optionalNumber, optionalText, textBytes } from './request';
import { computed, oneOf, orElse, text, within } from './table/fields';
import { providerNode } from './table/provider-node';
import { falFile, falQueue } from './wire/fal';
import { openaiSpeak, openaiSpeech } from './wire/openai';

const OPENAI_LENGTH_MAX = 4_096;
const ELEVENLABS_LENGTH_MAX = 10_000;

const OPENAI_VOICES = [
  ...['alloy', 'ash', 'ballad', 'coral', 'echo', 'fable', 'onyx', 'nova', 'sage', 'shimmer', 'verse'],
  ...['marin', 'cedar'],
];

/** Speech is slower than 10 characters a second nowhere; 21 audio tokens a second make OpenAI's $0.015 a minute. */
function openaiUsd(request: NodeRequest): number {
  const bytes = textBytes(request, 'text', 1_000);
  const slowest = Math.min(1, optionalNumber(request, 'speed') ?? 1);
  return (bytes / 2) * 0.6e-6 + (bytes / 10 / slowest) * 21 * 12e-6;
}

const elevenlabsUsd = (request: NodeRequest): number => (textBytes(request, 'text', 1_000) / 1_000) * 0.1;

const openaiVoice = orElse(oneOf('voice', OPENAI_VOICES), 'alloy');
const geminiVoice = orElse(oneOf('voice', GEMINI_VOICES), 'Kore');
const elevenlabsVoice = computed(['voice'], (request) => {
  const voice = optionalText(request, 'voice') ?? 'Rachel';
  const others: readonly string[] = [...OPENAI_VOICES, ...GEMINI_VOICES];
  if (!others.includes(voice)) return voice;
  throw new UnsupportedRequestError(`"${voice}" is no voice of ElevenLabs, which has voices such as Rachel.`);
});

export const audioNodes: readonly NodeDefinition[] = [
  providerNode({
    type: 'audio:text_to_speech',
    label: 'Text to speech',
    description: 'Speaks a text.',
    config: nodeConfig({
      text: z
        .string()
        .min(1)
        .max(ELEVENLABS_LENGTH_MAX)
        .optional()
        .describe('Used when no edge brings a text.'),
      voice: z
        .string()
        .min(1)
        .max(100)
        .optional()
        .describe(
          'A voice of OpenAI (alloy, nova, …), ElevenLabs (Rachel, …) or Gemini (Kore, …); without it any provider can serve.',
        ),
      speed: z.number().min(0.25).max(4).optional().describe('1 is normal.'),
      instructions: z
        .string()
        .max(4_096)
        .optional()
        .describe('How to speak. Only OpenAI takes them; with them there is no fallback.'),
    }),
    inputs: { text: { type: 'text', required: true, orConfig: true, description: 'What is spoken.' } },
    outputs: { audio: { type: 'audio', description: 'The voice-over.' } },
    candidates: [
      // OpenAI ends this model on 2027-01-06 (LiteLLM price table).
      {
        at: openaiSpeak,
        model: 'gpt-4o-mini-tts',
        availableUntil: '2027-01-05',
        fields: {
          input: text('text', OPENAI_LENGTH_MAX),
          voice: openaiVoice,
          instructions: 'instructions',
          speed: 'speed',
        },
        constants: { response_format: 'wav' },
        reads: openaiSpeech,
        price: {
          usd: openaiUsd,
          text: '$0.60 per million text tokens in, $12 per million audio tokens out; about $0.015 a minute (estimate)',
          ...readIn('litellm'),
        },
      },
      {
        at: falQueue,
        model: 'fal-ai/elevenlabs/tts/multilingual-v2',
        fields: {
          text: text('text', ELEVENLABS_LENGTH_MAX),
          voice: elevenlabsVoice,
          speed: within('speed', 0.7, 1.2),
        },
        reads: falFile('audio'),
        price: {
          usd: elevenlabsUsd,
          text: '$0.10 per 1,000 characters: fal names no price for this model; this is its price for ElevenLabs v3 dialogue (ElevenLabs itself: $0.08)',
          source: `${PRICE_SOURCES.fal} (eleven-v3); ${PRICE_SOURCES.litellm}`,
          readOn: PRICES_READ_ON,
        },
      },
      geminiSpeech('gemini-3.8-flash-tts', 9, geminiVoice),
    ],
    expectedSeconds: 8,
  }),
];
