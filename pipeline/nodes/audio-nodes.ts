import { z } from 'zod';
import { nodeConfig } from './node-config';
import {
  defineNode,
  UnsupportedRequestError,
  type NodeDefinition,
  type NodeRequest,
} from '../node-definition';
import { PRICE_SOURCES, PRICES_READ_ON } from './price-sources';
import { definedOnly, optionalNumber, optionalText, refuseIfSet, requiredText, textBytes } from './request';
import { falFile, falModel } from './wire/fal';
import { openaiModel, openaiSpeech } from './wire/openai';

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

function openaiVoice(request: NodeRequest): string {
  const voice = optionalText(request, 'voice') ?? 'alloy';
  if (OPENAI_VOICES.includes(voice)) return voice;
  throw new UnsupportedRequestError(
    `gpt-4o-mini-tts has no voice "${voice}"; it has ${OPENAI_VOICES.join(', ')}.`,
  );
}

function elevenlabsVoice(request: NodeRequest): string {
  const voice = optionalText(request, 'voice') ?? 'Rachel';
  if (!OPENAI_VOICES.includes(voice)) return voice;
  throw new UnsupportedRequestError(`"${voice}" is a voice of OpenAI; ElevenLabs has voices such as Rachel.`);
}

function elevenlabsSpeed(request: NodeRequest): number | undefined {
  const speed = optionalNumber(request, 'speed');
  if (speed === undefined || (speed >= 0.7 && speed <= 1.2)) return speed;
  throw new UnsupportedRequestError(`ElevenLabs speaks at 0.7 to 1.2 times the normal speed, not ${speed}.`);
}

export const audioNodes: readonly NodeDefinition[] = [
  defineNode({
    type: 'audio:text_to_speech',
    version: 1,
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
          'A voice of OpenAI (alloy, nova, …) or of ElevenLabs (Rachel, …); without it any provider can serve.',
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
    implementation: {
      kind: 'provider',
      candidates: [
        // OpenAI ends this model on 2027-01-06 (LiteLLM price table).
        openaiModel({
          model: 'gpt-4o-mini-tts',
          availableUntil: '2027-01-05',
          operation: 'speech',
          price: {
            usd: openaiUsd,
            text: '$0.60 per million text tokens in, $12 per million audio tokens out; about $0.015 a minute (estimate)',
            source: PRICE_SOURCES.litellm,
            readOn: PRICES_READ_ON,
          },
          toInput: (request) =>
            definedOnly({
              input: requiredText(request, 'text', OPENAI_LENGTH_MAX),
              voice: openaiVoice(request),
              instructions: optionalText(request, 'instructions'),
              speed: optionalNumber(request, 'speed'),
              response_format: 'wav',
            }),
          toOutputs: openaiSpeech,
        }),
        falModel({
          model: 'fal-ai/elevenlabs/tts/multilingual-v2',
          price: {
            usd: elevenlabsUsd,
            text: '$0.10 per 1,000 characters: fal names no price for this model; this is its price for ElevenLabs v3 dialogue (ElevenLabs itself: $0.08)',
            source: `${PRICE_SOURCES.fal} (eleven-v3); ${PRICE_SOURCES.litellm}`,
            readOn: PRICES_READ_ON,
          },
          toInput: (request) => {
            refuseIfSet(request, ['instructions'], 'ElevenLabs multilingual v2 at fal');
            return definedOnly({
              text: requiredText(request, 'text', ELEVENLABS_LENGTH_MAX),
              voice: elevenlabsVoice(request),
              speed: elevenlabsSpeed(request),
            });
          },
          toOutputs: falFile('audio'),
        }),
      ],
    },
    expectedSeconds: 8,
  }),
];
