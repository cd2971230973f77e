import { z } from 'zod';
import type { Recipe, Rework } from '../../media/recipe';
import { sizeOf, type Size } from '../../media/sizes';

/** A call of Recraft: what it takes, what it makes, what it costs. */
export interface RecraftCall {
  readonly input: z.ZodObject;
  /** Units, 1,000 to the dollar. */
  readonly units: (input: RecraftInput) => number;
  /** `data` is a list of pictures, `image` is one. */
  readonly answer: 'data' | 'image';
  readonly recipes: (input: RecraftInput, seed: number) => readonly Recipe[];
}

export type RecraftInput = Readonly<Record<string, unknown>>;

const format = z.enum(['png', 'webp']).optional();
const reply = { response_format: z.enum(['url', 'b64_json']).optional(), image_format: format };
const link = z.string().min(1);
const drawn = {
  prompt: z.string().min(1).max(10_000),
  negative_prompt: z.string().optional(),
  n: z.int().min(1).max(6).optional(),
  style: z.string().optional(),
  substyle: z.string().optional(),
  style_id: z.string().optional(),
  controls: z.record(z.string(), z.unknown()).optional(),
  random_seed: z.int().optional(),
  ...reply,
};

const RASTER_UNITS: Readonly<Record<string, number>> = {
  recraftv3: 40,
  recraftv3_vector: 80,
  recraftv4: 40,
  recraftv4_vector: 80,
  recraftv4_pro: 250,
  recraftv4_pro_vector: 300,
  recraftv4_1: 35,
  recraftv4_1_vector: 80,
  recraftv4_1_pro: 210,
  recraftv4_1_pro_vector: 300,
};
const model = z.enum(Object.keys(RASTER_UNITS) as [string, ...string[]]).optional();
const modelUnits = (input: RecraftInput): number =>
  (RASTER_UNITS[modelOf(input)] ?? 35) * Number(input['n'] ?? 1);

/** By path below `/v1/images/`. Paths, fields and units: recraft.ai/docs/api-reference, read 2026-11-26. */
export const recraftCalls: Readonly<Record<string, RecraftCall>> = {
  generations: {
    input: z.object({ ...drawn, model, size: z.string().optional() }),
    units: modelUnits,
    answer: 'data',
    recipes: (input, seed) => {
      const { width, height } = sizeFor(input);
      const isVector = modelOf(input).endsWith('_vector');
      return Array.from({ length: Number(input['n'] ?? 1) }, (_, index) => {
        const common = { prompt: String(input['prompt']), seed: seedOf(input, seed) + index, width, height };
        const label = `recraft · ${modelOf(input)}`;
        return isVector
          ? { kind: 'vector', ...common, label }
          : { kind: 'picture', ...common, label, format: formatOf(input) };
      });
    },
  },
  imageToImage: edit({ image_url: link, strength: z.number().min(0).max(1) }),
  inpaint: edit({ image_url: link, mask_url: link }, (input) => ({
    kind: 'fill',
    mask: String(input['mask_url']),
  })),
  replaceBackground: edit({ image_url: link }, () => ({ kind: 'background' })),
  removeBackground: tool(10, (source) => ({ kind: 'cutout', source, format: 'png' })),
  vectorize: tool(10, (source, seed) => ({
    kind: 'vector',
    prompt: source.slice(0, 100),
    seed,
    label: 'recraft · vectorize',
    ...sizeOf('1:1', 1024 * 1024),
    source,
  })),
  crispUpscale: tool(4, (source) => ({ kind: 'upscale', source, factor: 4, format: 'webp' })),
  creativeUpscale: tool(250, (source) => ({ kind: 'upscale', source, factor: 4, format: 'webp' })),
  eraseRegion: {
    input: z.object({ image_url: link, mask_url: link, ...reply }),
    units: () => 2,
    answer: 'image',
    recipes: (input, seed) => [
      edited(input, seed, 'erase', { kind: 'erase', mask: String(input['mask_url']) }),
    ],
  },
};

function edit(more: z.ZodRawShape, rework?: (input: RecraftInput) => Rework): RecraftCall {
  return {
    input: z.object({ ...drawn, model, ...more }),
    units: (input) => (modelOf(input).endsWith('_vector') ? 80 : 40) * Number(input['n'] ?? 1),
    answer: 'data',
    recipes: (input, seed) => [edited(input, seed, modelOf(input), rework?.(input))],
  };
}

function edited(input: RecraftInput, seed: number, label: string, rework?: Rework): Recipe {
  return {
    kind: 'picture',
    prompt: typeof input['prompt'] === 'string' ? input['prompt'] : label,
    seed: seedOf(input, seed),
    label: `recraft · ${label}`,
    format: formatOf(input),
    sources: [String(input['image_url'])],
    ...(rework === undefined ? {} : { rework }),
  };
}

function tool(units: number, recipe: (source: string, seed: number) => Recipe): RecraftCall {
  return {
    input: z.object({ image_url: link, ...reply }),
    units: () => units,
    answer: 'image',
    recipes: (input, seed) => [recipe(String(input['image_url']), seed)],
  };
}

function modelOf(input: RecraftInput): string {
  return typeof input['model'] === 'string' ? input['model'] : 'recraftv4_1';
}

function seedOf(input: RecraftInput, usual: number): number {
  return typeof input['random_seed'] === 'number' ? input['random_seed'] : usual;
}

function formatOf(input: RecraftInput): 'png' | 'webp' {
  return input['image_format'] === 'png' ? 'png' : 'webp';
}

/** `1024x1024`, or a ratio; the pro models are twice as wide and high. */
function sizeFor(input: RecraftInput): Size {
  const size = typeof input['size'] === 'string' ? input['size'] : '1:1';
  const [width = 0, height = 0] = size.split('x').map(Number);
  if (size.includes('x') && width > 0 && height > 0) return { width, height };
  return sizeOf(size, (modelOf(input).includes('_pro') ? 4 : 1) * 1024 * 1024);
}
