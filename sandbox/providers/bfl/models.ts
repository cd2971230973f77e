import { z } from 'zod';
import type { PictureFormat, Recipe, Rework } from '../../media/recipe';
import { sizeOf } from '../../media/sizes';

/** A model of Black Forest Labs: what it takes, what it makes, what it costs. */
export interface BflModel {
  readonly matches: RegExp;
  readonly input: z.ZodObject;
  /** US cents. */
  readonly cents: (input: BflInput) => number;
  readonly rework?: (input: BflInput) => Rework;
}

export type BflInput = Readonly<Record<string, unknown>>;

const prompt = z.string().min(1);
const common = {
  seed: z.int().optional(),
  safety_tolerance: z.int().min(0).max(6).optional(),
  output_format: z.enum(['jpeg', 'png']).optional(),
  prompt_upsampling: z.boolean().optional(),
  webhook_url: z.string().optional(),
  webhook_secret: z.string().optional(),
};
const side = z.int().min(64).max(4096).multipleOf(16).optional();
const sized = { width: side, height: side };
const ratio = { aspect_ratio: z.string().optional() };
const image = z.string().min(1);
const references = Object.fromEntries(
  ['', '_2', '_3', '_4', '_5', '_6', '_7', '_8'].map((suffix) => [`input_image${suffix}`, image.optional()]),
);
const margin = z.int().min(0).max(2048).optional();

/** Begun megapixels of output and inputs. */
const perMegapixel =
  (first: number, further: number) =>
  (input: BflInput): number => {
    const { width, height } = sizeFor(input) ?? { width: 1024, height: 1024 };
    const megapixels = Math.max(1, Math.ceil((width * height) / 1_048_576));
    return first + further * (megapixels - 1 + imagesOf(input).length);
  };

/** Fields: vercel/ai packages/black-forest-labs 1.0.33 and docs.bfl.ai; prices: docs.bfl.ai/quick_start/pricing, read 2026-11-26. */
export const bflModels: readonly BflModel[] = [
  {
    matches: /^flux-2-pro$/,
    input: z.object({ prompt, ...common, ...sized, ...references }),
    cents: perMegapixel(3, 1.5),
  },
  {
    matches: /^flux-2-max$/,
    input: z.object({ prompt, ...common, ...sized, ...references }),
    cents: perMegapixel(7, 3),
  },
  {
    matches: /^flux-2-flex$/,
    input: z.object({
      prompt,
      ...common,
      ...sized,
      ...references,
      steps: z.int().optional(),
      guidance: z.number().optional(),
    }),
    cents: perMegapixel(5, 5),
  },
  {
    matches: /^flux-2-klein-4b$/,
    input: z.object({ prompt, ...common, ...sized, ...references }),
    cents: () => 1.4,
  },
  {
    matches: /^flux-kontext-(pro|max)$/,
    input: z.object({ prompt, ...common, ...ratio, ...references }),
    cents: (input) => (String(input['model']).endsWith('max') ? 8 : 4),
  },
  { matches: /^flux-pro-1\.1$/, input: z.object({ prompt, ...common, ...sized }), cents: () => 4 },
  {
    matches: /^flux-pro-1\.1-ultra$/,
    input: z.object({ prompt, ...common, ...ratio, raw: z.boolean().optional() }),
    cents: () => 6,
  },
  { matches: /^flux-dev$/, input: z.object({ prompt, ...common, ...sized }), cents: () => 2.5 },
  {
    matches: /^flux-pro-1\.0-fill$/,
    input: z.object({ prompt: z.string().optional(), image, mask: image.optional(), ...common }),
    cents: () => 5,
    rework: (input) => ({ kind: 'fill', mask: asSource(input['mask']) }),
  },
  {
    matches: /^flux-pro-1\.0-expand$/,
    input: z.object({
      prompt: z.string().optional(),
      image,
      ...{ top: margin, bottom: margin, left: margin, right: margin },
      ...common,
    }),
    cents: () => 5,
    rework: (input) => ({
      kind: 'extend',
      margins: {
        left: Number(input['left'] ?? 0),
        right: Number(input['right'] ?? 0),
        up: Number(input['top'] ?? 0),
        down: Number(input['bottom'] ?? 0),
      },
    }),
  },
];

export function bflRecipe(model: string, family: BflModel, input: BflInput, seed: number): Recipe {
  const sources = imagesOf(input);
  return {
    kind: 'picture',
    prompt: typeof input['prompt'] === 'string' ? input['prompt'] : model,
    seed: typeof input['seed'] === 'number' ? input['seed'] : seed,
    label: `bfl · ${model}`,
    format: (input['output_format'] ?? 'jpeg') as PictureFormat,
    ...(sources.length > 0 ? { sources } : {}),
    ...sizeFor(input),
    ...(family.rework === undefined ? {} : { rework: family.rework(input) }),
  };
}

function sizeFor(input: BflInput): { width: number; height: number } | undefined {
  const { width, height, aspect_ratio: shape } = input;
  if (typeof width === 'number' && typeof height === 'number') return { width, height };
  if (typeof shape === 'string') return sizeOf(shape, 1024 * 1024);
  return imagesOf(input).length > 0 ? undefined : { width: 1024, height: 1024 };
}

function imagesOf(input: BflInput): readonly string[] {
  return Object.entries(input)
    .filter(([name]) => /^(image|input_image(_\d)?)$/.test(name))
    .flatMap(([, value]) => asSource(value) ?? []);
}

/** A URL, or base64 with or without its `data:` prefix. */
function asSource(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return /^(https?:|data:)/.test(value) ? value : `data:;base64,${value}`;
}
