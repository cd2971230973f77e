import { z } from 'zod';
import type { PictureFormat, Recipe, Rework } from '../../media/recipe';
import { sizeOf, type Size } from '../../media/sizes';
import { falSize, imageSize } from './inputs';
import type { FalModel, FalPlan } from './define-model';

/** A row of the table: an endpoint that gives pictures. */
interface ImageModel {
  readonly models: RegExp;
  /** Required fields. */
  readonly needs: readonly (keyof Input)[];
  readonly makes: 'picture' | 'vector' | 'upscale' | 'cutout' | 'fill' | 'erase' | 'background';
  /** Format where the caller names none. */
  readonly format: PictureFormat;
  /** US dollars; by `rendering_speed` or `mode` for some. */
  readonly usd: number | Readonly<Record<string, number>>;
  readonly per: 'picture' | 'megapixel';
  /** The result is one `image` instead of `images`. */
  readonly single?: boolean;
  /** Times larger on both sides, where the caller names no factor. */
  readonly factor?: number;
}

const link = z.string().min(1);
const links = z.array(link).min(1).max(14);
const number = z.number();

/** Every field that one of them takes; what an endpoint does not know it ignores, as fal does. */
const input = z.object({
  prompt: z.string().min(1).optional(),
  negative_prompt: z.string().optional(),
  image_url: link.optional(),
  image_urls: links.optional(),
  mask_url: link.optional(),
  image_size: imageSize().optional(),
  aspect_ratio: z.string().optional(),
  seed: z.int().optional(),
  num_images: z.int().min(1).max(8).default(1),
  output_format: z.enum(['png', 'jpeg', 'jpg', 'webp']).optional(),
  sync_mode: z.boolean().optional(),
  strength: number.min(0).max(1).optional(),
  rendering_speed: z.enum(['TURBO', 'BALANCED', 'QUALITY']).optional(),
  mode: z.enum(['express', 'standard', 'premium']).optional(),
  upscale_factor: number.min(1).max(10).optional(),
  upscale_mode: z.enum(['target', 'factor']).optional(),
});
type Input = z.output<typeof input>;

const SPEEDS = { TURBO: 0.03, BALANCED: 0.06, QUALITY: 0.09 };

/** Fields: @fal-ai/client 1.10.1; prices: as the catalog cites them. Read 2026-11-26. */
const table: readonly ImageModel[] = [
  generated(/^fal-ai\/flux-2-max(\/edit)?$/, 'jpeg', 0.07, 'megapixel'),
  generated(/^fal-ai\/flux-2-flex(\/edit)?$/, 'jpeg', 0.05, 'megapixel'),
  generated(/^fal-ai\/flux-2\/klein\/4b\/base$/, 'png', 0.009, 'megapixel'),
  generated(/^fal-ai\/flux-2\/klein\/9b\/edit$/, 'png', 0.011, 'megapixel'),
  generated(/^fal-ai\/flux-pro\/v1\.1$/, 'jpeg', 0.04, 'megapixel'),
  generated(/^fal-ai\/flux-pro\/v1\.1-ultra$/, 'jpeg', 0.06, 'picture'),
  generated(/^fal-ai\/flux\/dev$/, 'jpeg', 0.025, 'megapixel'),
  generated(/^fal-ai\/flux\/schnell$/, 'jpeg', 0.003, 'megapixel'),
  generated(/^fal-ai\/sana\/sprint$/, 'jpeg', 0.0025, 'megapixel'),
  generated(/^fal-ai\/z-image\/turbo$/, 'png', 0.005, 'megapixel'),
  generated(/^fal-ai\/qwen-image$/, 'png', 0.02, 'megapixel'),
  generated(/^fal-ai\/hidream-i1-fast$/, 'jpeg', 0.01, 'megapixel'),
  generated(/^fal-ai\/stable-diffusion-v35-medium$/, 'jpeg', 0.0398, 'picture'),
  generated(/^fal-ai\/bria\/text-to-image\/fast$/, 'png', 0.028, 'picture'),
  generated(/^fal-ai\/ideogram\/v3$/, 'png', SPEEDS, 'picture'),
  generated(/^fal-ai\/bytedance\/seedream\/v3\/text-to-image$/, 'jpeg', 0.03, 'picture'),
  generated(/^fal-ai\/bytedance\/seedream\/v4\.5\/(text-to-image|edit)$/, 'png', 0.04, 'picture'),
  generated(/^fal-ai\/bytedance\/seedream\/v5\/lite\/(text-to-image|edit)$/, 'png', 0.035, 'picture'),
  edited(/^fal-ai\/flux-pro\/kontext$/, 'jpeg', 0.04),
  edited(/^fal-ai\/flux-pro\/kontext\/max$/, 'jpeg', 0.08),
  edited(/^fal-ai\/recraft\/v3\/image-to-image$/, 'webp', 0.04),
  edited(/^fal-ai\/ideogram\/v3\/remix$/, 'png', SPEEDS),
  {
    models: /^fal-ai\/qwen-image-edit-2511$/,
    needs: ['prompt', 'image_urls'],
    makes: 'picture',
    format: 'png',
    usd: 0.03,
    per: 'megapixel',
  },
  masked(/^fal-ai\/flux-pro\/v1\/fill$/, 'fill', 'jpeg', 0.05),
  masked(/^fal-ai\/ideogram\/v3\/edit$/, 'fill', 'png', SPEEDS),
  {
    models: /^fal-ai\/ideogram\/v3\/replace-background$/,
    needs: ['prompt', 'image_url'],
    makes: 'background',
    format: 'png',
    usd: SPEEDS,
    per: 'picture',
  },
  {
    models: /^fal-ai\/finegrain-eraser$/,
    needs: ['prompt', 'image_url'],
    makes: 'erase',
    format: 'png',
    usd: { express: 0.18, standard: 0.27, premium: 0.36 },
    per: 'picture',
    single: true,
  },
  drawn(/^fal-ai\/recraft\/v4\/text-to-vector$/, ['prompt'], 0.08),
  drawn(/^fal-ai\/recraft\/v4\/pro\/text-to-vector$/, ['prompt'], 0.3),
  { ...drawn(/^fal-ai\/recraft\/vectorize$/, ['image_url'], 0.01), single: true },
  enlarged(/^fal-ai\/recraft\/upscale\/crisp$/, 'webp', 0.004, 4),
  enlarged(/^fal-ai\/topaz\/upscale\/image$/, 'jpeg', 0.08, 2),
  enlarged(/^fal-ai\/seedvr\/upscale\/image$/, 'jpeg', 0.001, 2),
];

export const falImageModels: readonly FalModel[] = table.map((row) => ({
  matches: row.models,
  read: (body, model, defaultSeed) => {
    const parsed = input.safeParse(body, { reportInput: true });
    if (!parsed.success) return { issues: parsed.error.issues };
    const { data } = parsed;
    const needs = /\/edit$/.test(model) && row.makes === 'picture' ? [...row.needs, 'image_urls'] : row.needs;
    const missing = needs.filter((name) => !Object.hasOwn(data, name));
    if (missing.length > 0) return { issues: missing.map(required) };
    return { plan: planOf(row, data, model, data.seed ?? defaultSeed) };
  },
}));

function required(name: string): z.core.$ZodIssue {
  const message = 'Field required';
  return { code: 'invalid_type', expected: 'string', path: [name], message, input: undefined };
}

function planOf(row: ImageModel, data: Input, model: string, seed: number): FalPlan {
  const recipes = Array.from({ length: data.num_images }, (_, index) =>
    recipeOf(row, data, model, seed + index),
  );
  const size = sizeIn(data);
  const megapixels = Math.max(1, Math.ceil(((size?.width ?? 1) * (size?.height ?? 1)) / 1_048_576));
  const units = (row.per === 'megapixel' ? megapixels : 1) * data.num_images;
  return {
    prompt: data.prompt ?? data.image_url ?? '',
    recipes,
    priceUsd: usdOf(row, data) * units,
    units,
    output: (files) => (row.single === true ? { image: files[0], seed } : { images: files, seed }),
    dataUris: data.sync_mode,
  };
}

function usdOf(
  { usd }: ImageModel,
  { rendering_speed: speed = 'BALANCED', mode = 'standard' }: Input,
): number {
  return typeof usd === 'number' ? usd : (usd[speed] ?? usd[mode] ?? 0);
}

function recipeOf(row: ImageModel, data: Input, model: string, seed: number): Recipe {
  const format = data.output_format === 'jpg' ? 'jpeg' : (data.output_format ?? row.format);
  const source = data.image_url ?? data.image_urls?.[0];
  const common = { prompt: data.prompt ?? model, seed, label: `fal · ${model}` };
  switch (row.makes) {
    case 'vector':
      return { kind: 'vector', ...common, ...(sizeIn(data) ?? SQUARE), source };
    case 'upscale':
      return {
        kind: 'upscale',
        source: source ?? '',
        factor: data.upscale_factor ?? row.factor ?? 2,
        format,
      };
    case 'cutout':
      return { kind: 'cutout', source: source ?? '', format: format === 'webp' ? 'webp' : 'png' };
    default: {
      const sources = data.image_urls ?? (source === undefined ? undefined : [source]);
      const rework = reworkOf(row.makes, data);
      return {
        kind: 'picture',
        ...common,
        format,
        ...(sizeIn(data) ?? (sources === undefined ? SQUARE : {})),
        ...(sources === undefined ? {} : { sources }),
        ...(rework === undefined ? {} : { rework }),
      };
    }
  }
}

const SQUARE: Size = { width: 1024, height: 1024 };

function sizeIn({ image_size: size, aspect_ratio: ratio }: Input): Size | undefined {
  if (size !== undefined && size !== 'auto') return falSize(size, 'square_hd');
  return ratio === undefined ? undefined : sizeOf(ratio, 1024 * 1024);
}

function reworkOf(makes: ImageModel['makes'], { mask_url: mask }: Input): Rework | undefined {
  if (makes === 'fill' || makes === 'erase') return { kind: makes, mask };
  return makes === 'background' ? { kind: 'background' } : undefined;
}

function generated(
  models: RegExp,
  format: PictureFormat,
  usd: ImageModel['usd'],
  per: ImageModel['per'],
): ImageModel {
  return { models, needs: ['prompt'], makes: 'picture', format, usd, per };
}

function edited(models: RegExp, format: PictureFormat, usd: ImageModel['usd']): ImageModel {
  return { models, needs: ['prompt', 'image_url'], makes: 'picture', format, usd, per: 'picture' };
}

function masked(models: RegExp, makes: 'fill', format: PictureFormat, usd: ImageModel['usd']): ImageModel {
  return { models, needs: ['prompt', 'image_url', 'mask_url'], makes, format, usd, per: 'picture' };
}

function drawn(models: RegExp, needs: readonly (keyof Input)[], usd: number): ImageModel {
  return { models, needs, makes: 'vector', format: 'png', usd, per: 'picture' };
}

function enlarged(models: RegExp, format: PictureFormat, usd: number, factor: number): ImageModel {
  return {
    models,
    needs: ['image_url'],
    makes: 'upscale',
    format,
    usd,
    per: 'picture',
    single: true,
    factor,
  };
}
