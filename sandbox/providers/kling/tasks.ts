import { z } from 'zod';
import { ratioOf } from '../../media/sizes';
import type { Recipe } from '../../media/recipe';

/** What a task comes down to. */
export interface KlingPlan {
  readonly prompt: string;
  readonly recipe: Recipe;
  /** US dollars, list price. */
  readonly priceUsd: number;
}

export interface KlingTaskKind {
  readonly path: string;
  readonly read: (body: unknown, seed: number) => { plan: KlingPlan } | { issues: z.core.$ZodIssue[] };
}

const prompt = z.string().min(1).max(2_500);
const common = {
  model_name: z.string().regex(/^kling-v\d/, 'model is not supported'),
  negative_prompt: z.string().max(2_500).optional(),
  mode: z.enum(['std', 'pro']).default('std'),
  duration: z
    .string()
    .regex(/^([3-9]|1[0-5])$/)
    .default('5'),
  sound: z.enum(['on', 'off']).optional(),
};
const aspect_ratio = z.enum(['16:9', '9:16', '1:1']).default('16:9');
/** An address, or base64 without the prefix of a data URI. */
const media = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith('data:'), 'must not be a data URI');

/**
 * Bodies of the classic dialect (kling.ai/document-api and vercel/ai packages/klingai, read 2026-11-26); prices: its
 * price list as inference.sh passes it on, the same day.
 */
export const klingTasks: readonly KlingTaskKind[] = [
  kind('/v1/videos/text2video', z.object({ ...common, prompt, aspect_ratio }), (input, seed) =>
    clip(input, seed, { aspect: ratioOf(input.aspect_ratio) }),
  ),
  kind(
    '/v1/videos/image2video',
    z.object({ ...common, prompt: prompt.optional(), image: media, image_tail: media.optional() }),
    (input, seed) => clip(input, seed, { source: asSource(input.image), end: asSource(input.image_tail) }),
  ),
  kind(
    '/v1/videos/multi-image2video',
    z.object({
      ...common,
      prompt,
      aspect_ratio,
      image_list: z
        .array(z.object({ image: media }))
        .min(1)
        .max(4),
    }),
    (input, seed) =>
      clip(input, seed, {
        source: asSource(input.image_list[0]?.image),
        end: asSource(input.image_list.at(1)?.image),
        aspect: ratioOf(input.aspect_ratio),
      }),
  ),
  kind(
    '/v1/videos/avatar/image2video',
    z.object({ image: media, sound_file: media, prompt: prompt.optional(), mode: common.mode }),
    (input, seed) => ({
      prompt: input.prompt ?? '',
      recipe: {
        kind: 'video',
        prompt: input.prompt ?? '',
        seed,
        label: 'kling · avatar',
        source: asSource(input.image),
        audio: asSource(input.sound_file),
        lines: linesOf(input.mode),
      },
      priceUsd: input.mode === 'pro' ? 0.112 : 0.056,
    }),
  ),
  kind(
    '/v1/videos/lip-sync',
    z.object({
      input: z.object({
        mode: z.literal('audio2video'),
        audio_type: z.literal('url'),
        audio_url: z.url(),
        video_url: z.url(),
      }),
    }),
    ({ input }, seed) => ({
      prompt: '',
      recipe: { kind: 'clip', source: input.video_url, audio: input.audio_url, prompt: '', seed },
      priceUsd: 0.07,
    }),
  ),
];

interface ClipInput {
  readonly model_name: string;
  readonly prompt?: string;
  readonly mode: 'std' | 'pro';
  readonly duration: string;
  readonly sound?: 'on' | 'off';
}

function clip(
  { model_name: model, prompt: words = '', mode, duration, sound }: ClipInput,
  seed: number,
  more: { readonly source?: string; readonly end?: string; readonly aspect?: number },
): KlingPlan {
  const seconds = Number(duration);
  const hasAmbience = sound === 'on';
  const label = `kling · ${model} ${mode}`;
  return {
    prompt: words,
    recipe: {
      kind: 'video',
      prompt: words,
      seed,
      label,
      seconds,
      lines: linesOf(mode),
      hasAmbience,
      ...more,
    },
    priceUsd: seconds * (mode === 'pro' ? 0.07 : 0.042) * (hasAmbience ? 2 : 1),
  };
}

/** Standard is 720p, professional 1080p. */
function linesOf(mode: 'std' | 'pro'): number {
  return mode === 'pro' ? 1_080 : 720;
}

function asSource(given: string | undefined): string | undefined {
  return given === undefined || /^https?:\/\//.test(given) ? given : `data:;base64,${given}`;
}

function kind<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  plan: (input: z.output<Schema>, seed: number) => KlingPlan,
): KlingTaskKind {
  return {
    path,
    read: (body, seed) => {
      const input = schema.safeParse(body);
      return input.success ? { plan: plan(input.data, seed) } : { issues: input.error.issues };
    },
  };
}
