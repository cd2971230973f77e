import { z } from 'zod';
import { asDataUri, type Multipart } from '../../core/multipart';
import type { Recipe, SoundFormat } from '../../media/recipe';

/** What a call comes down to. */
export interface ElevenlabsPlan {
  readonly model: string;
  readonly prompt: string;
  readonly recipe: Recipe;
  /** US dollars, list price. */
  readonly priceUsd: number;
}

/** One endpoint. `voice` is the part of the path behind it, `format` its query parameter. */
export interface ElevenlabsCall {
  readonly path: string;
  readonly hasVoice: boolean;
  readonly isForm: boolean;
  readonly read: (
    body: unknown,
    place: { readonly voice: string; readonly format: SoundFormat; readonly seed: number },
  ) => { plan: ElevenlabsPlan } | { issues: z.core.$ZodIssue[] };
}

const speechModel = z
  .string()
  .regex(/^eleven_(v[234](_turbo)?|multilingual_v2|flash_v2(_5)?|turbo_v2(_5)?)$/);
const seed = z.int().min(0).max(4_294_967_295).optional();
const file = z.string().startsWith('data:');
const CHARACTERS_USD = 0.08 / 1_000;

/** Bodies: elevenlabs-js 2.73.0; prices: LiteLLM 1.109.1 and inference.sh, read 2026-11-26. */
export const elevenlabsCalls: readonly ElevenlabsCall[] = [
  call(
    { path: '/v1/text-to-speech', hasVoice: true, isForm: false },
    z.object({
      text: z.string().min(1).max(40_000),
      model_id: speechModel.default('eleven_multilingual_v2'),
      voice_settings: z.object({ speed: z.number().min(0.7).max(1.2).default(1) }).optional(),
      language_code: z.string().optional(),
      seed,
    }),
    ({ text, model_id, voice_settings }, { voice, format }) => ({
      model: model_id,
      prompt: text,
      recipe: { kind: 'speech', lines: [{ text, voice }], speed: voice_settings?.speed ?? 1, format },
      priceUsd: text.length * CHARACTERS_USD,
    }),
  ),
  call(
    { path: '/v1/text-to-dialogue', hasVoice: false, isForm: false },
    z.object({
      inputs: z.array(z.object({ text: z.string().min(1), voice_id: z.string().min(1) })).min(1),
      model_id: speechModel.default('eleven_v3'),
      seed,
    }),
    ({ inputs, model_id }, { format }) => {
      const text = inputs.map((line) => line.text).join(' ');
      const lines = inputs.map((line) => ({
        text: line.text.replace(/\[[^\]]*\]/g, ''),
        voice: line.voice_id,
      }));
      const recipe = { kind: 'speech', lines, speed: 1, format } as const;
      return { model: model_id, prompt: text, recipe, priceUsd: text.length * CHARACTERS_USD };
    },
  ),
  call(
    { path: '/v1/sound-generation', hasVoice: false, isForm: false },
    z.object({
      text: z.string().min(1),
      duration_seconds: z.number().min(0.5).max(30).default(5),
      prompt_influence: z.number().min(0).max(1).optional(),
      loop: z.boolean().optional(),
      model_id: z.literal('eleven_text_to_sound_v2').default('eleven_text_to_sound_v2'),
    }),
    ({ text, duration_seconds: seconds, model_id }, { format, seed: usual }) => ({
      model: model_id,
      prompt: text,
      recipe: { kind: 'sound', style: 'effect', prompt: text, seed: usual, seconds, format },
      priceUsd: (seconds / 60) * 0.12,
    }),
  ),
  call(
    { path: '/v1/music', hasVoice: false, isForm: false },
    z.object({
      prompt: z.string().min(1).max(4_100),
      music_length_ms: z.int().min(3_000).max(600_000).default(30_000),
      model_id: z.enum(['music_v1', 'music_v2', 'music_v2_5']).default('music_v1'),
      force_instrumental: z.boolean().optional(),
    }),
    ({ prompt, music_length_ms: length, model_id }, { format, seed: usual }) => ({
      model: model_id,
      prompt,
      recipe: { kind: 'sound', style: 'music', prompt, seed: usual, seconds: length / 1_000, format },
      priceUsd: (length / 60_000) * 0.15,
    }),
  ),
  call(
    { path: '/v1/speech-to-speech', hasVoice: true, isForm: true },
    z.object({ audio: file, model_id: z.string().default('eleven_english_sts_v2') }),
    ({ audio, model_id }, { voice, format }) => ({
      model: model_id,
      prompt: '',
      recipe: { kind: 'voice', source: audio, voice, format },
      priceUsd: 0.12,
    }),
  ),
  call(
    { path: '/v1/audio-isolation', hasVoice: false, isForm: true },
    z.object({ audio: file }),
    ({ audio }, { format }) => ({
      model: 'audio-isolation',
      prompt: '',
      recipe: { kind: 'voice', source: audio, format },
      priceUsd: 0.12,
    }),
  ),
  call(
    { path: '/v1/speech-to-text', hasVoice: false, isForm: true },
    z
      .object({
        model_id: z.enum(['scribe_v1', 'scribe_v2']),
        file: file.optional(),
        source_url: z.url().optional(),
      })
      .refine((body) => (body.file === undefined) !== (body.source_url === undefined), {
        path: ['file'],
        message: 'Exactly one of file and source_url must be given',
      }),
    ({ model_id, file: given, source_url: url }) => ({
      model: model_id,
      prompt: '',
      recipe: { kind: 'transcript', source: given ?? url ?? '' },
      priceUsd: 0.22 / 60,
    }),
  ),
];

/** A form's fields and files in one object, as the schemas above want it. */
export function formBody({ fields, files }: Multipart): Readonly<Record<string, string>> {
  return { ...fields, ...Object.fromEntries(files.map((part) => [part.field, asDataUri(part)])) };
}

function call<Schema extends z.ZodType>(
  form: Omit<ElevenlabsCall, 'read'>,
  schema: Schema,
  plan: (
    input: z.output<Schema>,
    place: { readonly voice: string; readonly format: SoundFormat; readonly seed: number },
  ) => ElevenlabsPlan,
): ElevenlabsCall {
  return {
    ...form,
    read: (body, place) => {
      const input = schema.safeParse(body, { reportInput: true });
      return input.success ? { plan: plan(input.data, place) } : { issues: input.error.issues };
    },
  };
}
