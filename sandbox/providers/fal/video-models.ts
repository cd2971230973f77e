import { z } from 'zod';
import { ratioOf } from '../../media/sizes';
import type { Recipe } from '../../media/recipe';
import { model, type FalModel, type FalPlan } from './define-model';

const prompt = z.string().min(1).max(20_000);
const link = z.string();
const seed = z.int().optional();
const negative_prompt = z.string().max(2_500).optional();
const generate_audio = z.boolean().default(true);
const cfg_scale = z.number().min(0).max(1).optional();
const resolution = (...names: readonly [string, ...string[]]) => z.enum(names);
const secondsAsText = (from: number, to: number) =>
  z.enum(Array.from({ length: to - from + 1 }, (_, index) => String(from + index)) as [string, ...string[]]);

const kling = {
  duration: z.enum(['5', '10']).default('5'),
  aspect_ratio: z.enum(['16:9', '9:16', '1:1']).optional(),
  negative_prompt,
  cfg_scale,
};
const veo = {
  prompt,
  aspect_ratio: z.enum(['auto', '16:9', '9:16']).default('16:9'),
  resolution: resolution('720p', '1080p', '4k').default('720p'),
  duration: z.enum(['4s', '6s', '8s']).default('8s'),
  generate_audio,
  negative_prompt,
  seed,
};
const seedance = {
  prompt,
  aspect_ratio: z.enum(['auto', '21:9', '16:9', '4:3', '1:1', '3:4', '9:16']).default('auto'),
  resolution: resolution('480p', '720p', '1080p'),
};

/** Prices of a second; the list prices that the catalog cites. */
interface ClipPrice {
  readonly usd: (input: ClipInput) => number;
}

const perSecond = (silent: number, withAudio = silent): ClipPrice => ({
  usd: ({ generate_audio: sound }) => (sound === true ? withAudio : silent),
});
const byResolution = (usd: Readonly<Record<string, number>>): ClipPrice => ({
  usd: ({ resolution: lines }) => usd[lines ?? ''] ?? 0,
});

/** Schemas: fal-js endpoints.ts of 2026-08-02. */
export const videoModels: readonly FalModel[] = [
  clip(
    /^fal-ai\/kling-video\/v2\.5-turbo\/(pro|standard)\/(image|text)-to-video$/,
    { ...kling, prompt, image_url: link.optional(), tail_image_url: link.optional() },
    perSecond(0.07),
  ),
  clip(
    /^fal-ai\/kling-video\/v2\.1\/master\/(image|text)-to-video$/,
    { ...kling, prompt, image_url: link.optional() },
    perSecond(0.28),
  ),
  clip(
    /^fal-ai\/kling-video\/v2\.6\/pro\/text-to-video$/,
    { ...kling, prompt, generate_audio },
    perSecond(0.07, 0.14),
  ),
  clip(
    /^fal-ai\/kling-video\/v2\.6\/pro\/image-to-video$/,
    {
      prompt,
      duration: kling.duration,
      negative_prompt,
      generate_audio,
      start_image_url: link,
      end_image_url: link.optional(),
    },
    perSecond(0.07, 0.14),
  ),
  clip(
    /^fal-ai\/kling-video\/v3\/(pro|standard)\/text-to-video$/,
    { ...kling, prompt, duration: secondsAsText(3, 15).default('5'), generate_audio },
    perSecond(0.112, 0.168),
  ),
  clip(
    /^fal-ai\/kling-video\/v3\/(pro|standard)\/image-to-video$/,
    {
      prompt,
      duration: secondsAsText(3, 15).default('5'),
      negative_prompt,
      cfg_scale,
      generate_audio,
      start_image_url: link,
      end_image_url: link.optional(),
    },
    perSecond(0.112, 0.168),
  ),
  clip(/^fal-ai\/veo3\.1$/, veo, perSecond(0.2, 0.4)),
  clip(/^fal-ai\/veo3\.1\/image-to-video$/, { ...veo, image_url: link }, perSecond(0.2, 0.4)),
  clip(
    /^fal-ai\/veo3\.1\/first-last-frame-to-video$/,
    { ...veo, first_frame_url: link, last_frame_url: link },
    perSecond(0.2, 0.4),
  ),
  clip(
    /^fal-ai\/veo3\.1\/reference-to-video$/,
    { ...veo, image_urls: z.array(link).min(1).max(3) },
    perSecond(0.2, 0.4),
  ),
  clip(
    /^fal-ai\/bytedance\/seedance\/v1\/pro\/(fast\/)?(image|text)-to-video$/,
    {
      ...seedance,
      resolution: seedance.resolution.default('1080p'),
      duration: secondsAsText(2, 12).default('5'),
      camera_fixed: z.boolean().optional(),
      image_url: link.optional(),
      end_image_url: link.optional(),
      seed,
    },
    byResolution({ '480p': 0.025, '720p': 0.052, '1080p': 0.124 }),
  ),
  clip(
    /^bytedance\/seedance-2\.0\/(image|text)-to-video$/,
    {
      ...seedance,
      resolution: resolution('480p', '720p', '1080p', '4k').default('720p'),
      duration: z.union([z.literal('auto'), secondsAsText(4, 15)]).default('auto'),
      generate_audio,
      image_url: link.optional(),
      end_image_url: link.optional(),
    },
    byResolution({ '480p': 0.1346, '720p': 0.3034, '1080p': 0.682, '4k': 1.5552 }),
  ),
  clip(
    /^google\/gemini-omni-flash$/,
    {
      prompt,
      aspect_ratio: z.enum(['16:9', '9:16']).default('16:9'),
      duration: z.int().min(3).max(10).default(8).transform(String),
    },
    perSecond(0.13),
  ),
  talking(
    /^veed\/fabric-1\.0(\/fast)?$/,
    { image_url: link, audio_url: link, resolution: resolution('480p', '720p') },
    0.15,
  ),
  talking(
    /^fal-ai\/kling-video\/ai-avatar\/v2\/(standard|pro)$/,
    { image_url: link, audio_url: link, prompt: z.string().default('.') },
    0.112,
  ),
  lips(/^veed\/lipsync(\/v2)?$/, 0.07),
  lips(/^fal-ai\/kling-video\/lipsync\/audio-to-video$/, 0.014),
];

interface ClipInput {
  readonly prompt: string;
  readonly duration?: string;
  readonly aspect_ratio?: string;
  readonly resolution?: string;
  readonly generate_audio?: boolean;
  readonly seed?: number;
  readonly image_url?: string;
  readonly start_image_url?: string;
  readonly first_frame_url?: string;
  readonly image_urls?: readonly string[];
  readonly tail_image_url?: string;
  readonly end_image_url?: string;
  readonly last_frame_url?: string;
}

/** A clip of a text, a picture or several. */
function clip(matches: RegExp, shape: z.ZodRawShape, price: ClipPrice): FalModel {
  return model(matches, z.object(shape), (parsed, id, usualSeed) => {
    const input = parsed as unknown as ClipInput;
    const seconds = Number.parseInt(input.duration ?? '5', 10) || 5;
    const source = input.image_url ?? input.start_image_url ?? input.first_frame_url ?? input.image_urls?.[0];
    return clipPlan(input.prompt, price.usd(input) * seconds, seconds, {
      kind: 'video',
      prompt: input.prompt,
      seed: input.seed ?? usualSeed,
      label: `fal · ${id}`,
      source,
      end: input.tail_image_url ?? input.end_image_url ?? input.last_frame_url,
      seconds,
      lines: linesOf(input.resolution),
      aspect: ratioOf(
        input.aspect_ratio === undefined || input.aspect_ratio === 'auto' ? '16:9' : input.aspect_ratio,
      ),
      hasAmbience: input.generate_audio,
    });
  });
}

interface TalkingInput {
  readonly image_url: string;
  readonly audio_url: string;
  readonly resolution?: string;
  readonly prompt?: string;
}

/** A picture that speaks for as long as the recording. The price is of a second; the length is known only then. */
function talking(matches: RegExp, shape: z.ZodRawShape, usd: number): FalModel {
  return model(matches, z.object(shape), (parsed, id, seed) => {
    const input = parsed as unknown as TalkingInput;
    const words = input.prompt ?? '';
    return clipPlan(words, usd, 1, {
      kind: 'video',
      prompt: words,
      seed,
      label: `fal · ${id}`,
      source: input.image_url,
      audio: input.audio_url,
      lines: linesOf(input.resolution),
    });
  });
}

function lips(matches: RegExp, usd: number): FalModel {
  return model(matches, z.object({ video_url: link, audio_url: link }), (input, _id, seed) =>
    clipPlan('', usd, 1, { kind: 'clip', source: input.video_url, audio: input.audio_url, prompt: '', seed }),
  );
}

function clipPlan(words: string, priceUsd: number, units: number, recipe: Recipe): FalPlan {
  return { prompt: words, recipes: [recipe], priceUsd, units, output: ([video]) => ({ video }) };
}

/** `720p`, `4k`: pixels of the short side. */
function linesOf(name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  return name === '4k' ? 2_160 : Number.parseInt(name, 10);
}
