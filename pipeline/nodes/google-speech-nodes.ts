import { z } from 'zod';
import type { NodeDefinition, NodeRequest, Price } from '../node-definition';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { requiredText, textBytes } from './request';
import { voiceId } from './speech-nodes';
import { computed, text, type FieldSource } from './table/fields';
import { perMillionTokens, perThousandCharacters } from './table/prices';
import { providerNode, type CandidateTable } from './table/provider-node';
import { elevenlabsSound, elevenlabsSpeech } from './wire/elevenlabs';
import { googleContents, googleSpeak, googleSpeech } from './wire/google';

/**
 * Voices of Gemini that speak.
 * @see openrouter.ai/google/gemini-3.8-flash-tts/llms.txt, read 2026-11-26
 */
export const GEMINI_VOICES = [
  ...(['Kore', 'Zephyr', 'Puck', 'Charon', 'Fenrir', 'Leda', 'Orus', 'Aoede'] as const),
  ...(['Callirrhoe', 'Autonoe', 'Enceladus', 'Iapetus', 'Umbriel', 'Algieba', 'Despina', 'Erinome'] as const),
  ...(['Algenib', 'Rasalgethi', 'Laomedeia', 'Achernar', 'Alnilam', 'Schedar', 'Gacrux'] as const),
  ...(['Pulcherrima', 'Achird', 'Zubenelgenubi', 'Vindemiatrix', 'Sadachbia', 'Sadaltager'] as const),
  'Sulafat',
] as const;

/** The window of these models is 8,192 tokens. */
const LENGTH_MAX = 8_000;
/** More than any of these models makes of a second; speech is slower than ten characters a second nowhere. */
const OUTPUT_TOKENS_A_BYTE = 32 / 10;

function price(usdOut: number): Price {
  return perMillionTokens(
    { input: 0.5, output: usdOut },
    {
      texts: ['text'],
      output: (request: NodeRequest) => textBytes(request, 'text', 1_000) * OUTPUT_TOKENS_A_BYTE,
      usage: {
        input: ['usageMetadata', 'promptTokenCount'],
        output: ['usageMetadata', 'candidatesTokenCount'],
      },
    },
    readIn('litellm'),
  );
}

/** @param voice one of `GEMINI_VOICES`. */
export function geminiSpeech(model: string, usdOut: number, voice: FieldSource): CandidateTable {
  return {
    at: googleSpeak,
    model,
    fields: {
      contents: computed(['text'], (request) => googleContents(requiredText(request, 'text', LENGTH_MAX))),
      'generationConfig.speechConfig.voiceConfig.prebuiltVoiceConfig.voiceName': voice,
    },
    constants: { 'generationConfig.responseModalities': ['AUDIO'] },
    reads: googleSpeech,
    price: price(usdOut),
  };
}

function node(type: string, label: string, description: string, speaks: CandidateTable): NodeDefinition {
  return providerNode({
    type,
    label,
    description,
    config: nodeConfig({
      text: z.string().min(1).max(LENGTH_MAX).optional().describe('Used when no edge brings a text.'),
      voice: z
        .enum(GEMINI_VOICES)
        .default('Kore')
        .describe('With another one than Kore there is no fallback.'),
    }),
    inputs: { text: { type: 'text', required: true, orConfig: true, description: 'What is spoken.' } },
    outputs: { audio: { type: 'audio', description: 'The voice-over.' } },
    candidates: [
      speaks,
      // An equivalent, not the same model.
      {
        at: elevenlabsSpeech,
        model: 'eleven_turbo_v2_5',
        fields: { text: text('text', LENGTH_MAX), voice_id: computed([], voiceId.read) },
        constants: { output_format: 'mp3_44100_128' },
        reads: elevenlabsSound,
        price: perThousandCharacters(0.04, 'text', readIn('litellm')),
      },
    ],
    expectedSeconds: 10,
  });
}

export const googleSpeechNodes: readonly NodeDefinition[] = [
  node(
    'audio:gemini_flash_tts',
    'Gemini Flash TTS',
    'Speaks a text in one of 30 voices and over 130 languages, by Google.',
    geminiSpeech('gemini-3.8-flash-tts', 9, 'voice'),
  ),
  node(
    'audio:gemini_flash_lite_tts',
    'Gemini Flash Lite TTS',
    'Speaks a text in one of 30 voices at two thirds of the price, by Google.',
    geminiSpeech('gemini-3.8-flash-lite-tts', 6, 'voice'),
  ),
];
