import { z } from 'zod';
import type { Transcript } from '../../media/recipe';
import { model, type FalModel } from './define-model';
import { speechInput } from './inputs';

const output_format = z
  .string()
  .regex(/^(mp3|pcm|opus|ulaw|alaw)_\d+(_\d+)?$/)
  .optional();

/** Schemas: fal-js endpoints.ts of 2026-08-02; prices as the catalog cites them. */
export const soundModels: readonly FalModel[] = [
  model(/^fal-ai\/elevenlabs\/tts\/(multilingual-v2|turbo-v2\.5|eleven-v3)$/, speechInput, (input) => ({
    prompt: input.text,
    recipes: [
      {
        kind: 'speech',
        lines: [{ text: input.text, voice: input.voice }],
        speed: input.speed,
        format: 'mp3',
      },
    ],
    priceUsd: (0.1 * input.text.length) / 1000,
    units: input.text.length / 1000,
    output: ([audio]) => ({ audio, timestamps: null }),
  })),
  model(
    /^fal-ai\/elevenlabs\/text-to-dialogue\/eleven-v3$/,
    z.object({
      inputs: z.array(z.object({ text: z.string().min(1), voice: z.string() })).min(1),
      seed: z.int().optional(),
    }),
    ({ inputs, seed }, _id, usualSeed) => {
      const text = inputs.map((line) => line.text).join(' ');
      const lines = inputs.map((line) => ({ text: line.text.replace(/\[[^\]]*\]/g, ''), voice: line.voice }));
      return {
        prompt: text,
        recipes: [{ kind: 'speech', lines, speed: 1, format: 'mp3' }],
        priceUsd: (0.1 * text.length) / 1000,
        units: text.length / 1000,
        output: ([audio]) => ({ audio, seed: seed ?? usualSeed }),
      };
    },
  ),
  model(
    /^fal-ai\/elevenlabs\/sound-effects\/v2$/,
    z.object({
      text: z.string().min(1),
      duration_seconds: z.number().min(0.5).max(22).default(5),
      prompt_influence: z.number().min(0).max(1).optional(),
      loop: z.boolean().optional(),
      output_format,
    }),
    ({ text, duration_seconds: seconds }, _id, seed) => ({
      prompt: text,
      recipes: [{ kind: 'sound', style: 'effect', prompt: text, seed, seconds, format: 'mp3' }],
      priceUsd: (seconds / 60) * 0.12,
      units: seconds,
      output: ([audio]) => ({ audio }),
    }),
  ),
  model(
    /^fal-ai\/elevenlabs\/music$/,
    z.object({
      prompt: z.string().min(1).max(4_100),
      music_length_ms: z.int().min(3_000).max(600_000).default(30_000),
      force_instrumental: z.boolean().optional(),
      output_format,
    }),
    ({ prompt, music_length_ms: length }, _id, seed) => ({
      prompt,
      recipes: [{ kind: 'sound', style: 'music', prompt, seed, seconds: length / 1_000, format: 'mp3' }],
      priceUsd: (length / 60_000) * 0.15,
      units: length / 60_000,
      output: ([audio]) => ({ audio }),
    }),
  ),
  model(
    /^fal-ai\/elevenlabs\/voice-changer$/,
    z.object({
      audio_url: z.string(),
      voice: z.string().default('Rachel'),
      remove_background_noise: z.boolean().optional(),
      output_format,
    }),
    ({ audio_url: source, voice }, _id, seed) => ({
      prompt: '',
      recipes: [{ kind: 'voice', source, voice, format: 'mp3' }],
      priceUsd: 0.35,
      units: 1,
      output: ([audio]) => ({ audio, seed }),
    }),
  ),
  model(
    /^fal-ai\/elevenlabs\/speech-to-text\/scribe-v2$/,
    z.object({
      audio_url: z.string(),
      language_code: z.string().optional(),
      diarize: z.boolean().default(true),
      tag_audio_events: z.boolean().default(true),
    }),
    ({ audio_url: source }) => ({
      prompt: '',
      recipes: [{ kind: 'transcript', source }],
      priceUsd: 0.22 / 60,
      units: 1,
      output: (_files, [text = '']) => {
        const { words, ...rest } = JSON.parse(text) as Transcript;
        return {
          text: rest.text,
          language_code: 'eng',
          language_probability: 0.98,
          words: words.map((word) => ({ ...word, type: 'word', speaker_id: 'speaker_0' })),
        };
      },
    }),
  ),
];
