import { z } from 'zod';
import type { PictureFormat, Recipe } from '../../media/recipe';
import { geminiSize, ratioOf, sizeOf, type Size } from '../../media/sizes';

export interface ReplicatePlan {
  readonly prompt: string;
  readonly recipes: readonly Recipe[];
  /** US dollars. Replicate's prices per model were not found: these are the prices of the same models at fal. */
  readonly priceUsd: number;
  /** Output is one link for some models and a list for others. */
  readonly shape: 'one' | 'list' | 'text';
}

export interface ReplicateModel {
  readonly matches: RegExp;
  readonly read: (
    input: unknown,
    model: string,
    defaultSeed: number,
  ) => { plan: ReplicatePlan } | { issues: z.core.$ZodIssue[] };
}

const links = z.array(z.string()).max(14).optional();
const seed = z.int().optional();

/** Inputs: replicate.com model pages, read 2026-11-21; kling's is a reseller's mirror. */
export const replicateModels: readonly ReplicateModel[] = [
  model(
    /^google\/nano-banana(-pro|-2|-2-lite|-lite)?$/,
    z.object({
      prompt: z.string().min(1),
      image_input: links,
      aspect_ratio: z.string().default('match_input_image'),
      resolution: z.enum(['0.5K', '1K', '2K', '4K']).default('1K'),
      output_format: z.enum(['jpg', 'png']).default('jpg'),
      safety_filter_level: z.string().optional(),
      seed,
    }),
    (input, id, usualSeed) => {
      const size = geminiSize(input.aspect_ratio, input.resolution);
      return pictures(
        id,
        input.prompt,
        input.seed ?? usualSeed,
        size,
        formatOf(input.output_format),
        id.includes('pro') ? 0.15 : 0.039,
        'one',
        input.image_input,
      );
    },
  ),
  model(
    /^black-forest-labs\/flux-2-(pro|flex|dev)$/,
    z.object({
      prompt: z.string().min(1),
      input_images: links,
      aspect_ratio: z.string().default('1:1'),
      resolution: z.string().default('1 MP'),
      width: z.int().min(256).max(2048).optional(),
      height: z.int().min(256).max(2048).optional(),
      safety_tolerance: z.int().min(1).max(5).default(2),
      output_format: z.enum(['webp', 'jpg', 'png']).default('webp'),
      output_quality: z.int().min(0).max(100).default(80),
      seed,
    }),
    (input, id, usualSeed) => {
      const area = (Number.parseFloat(input.resolution) || 1) * 1024 * 1024;
      const { width, height } = sizeOf(input.aspect_ratio, area);
      const size = { width: input.width ?? width, height: input.height ?? height };
      return pictures(
        id,
        input.prompt,
        input.seed ?? usualSeed,
        size,
        formatOf(input.output_format),
        0.03,
        'one',
        input.input_images,
      );
    },
  ),
  model(
    /^bytedance\/seedream-(3|4|4\.5)$/,
    z.object({
      prompt: z.string().min(1),
      image_input: links,
      size: z.enum(['1K', '2K', '4K', 'custom']).default('2K'),
      aspect_ratio: z.string().default('match_input_image'),
      width: z.int().min(1024).max(4096).default(2048),
      height: z.int().min(1024).max(4096).default(2048),
      max_images: z.int().min(1).max(15).default(1),
      sequential_image_generation: z.enum(['disabled', 'auto']).default('disabled'),
    }),
    (input, id, usualSeed) => {
      const side = { '1K': 1024, '2K': 2048, '4K': 4096 }[input.size === 'custom' ? '2K' : input.size];
      const size =
        input.size === 'custom'
          ? { width: input.width, height: input.height }
          : sizeOf(input.aspect_ratio, side * side);
      const count = input.sequential_image_generation === 'auto' ? input.max_images : 1;
      return pictures(
        id,
        input.prompt,
        usualSeed,
        size,
        'jpeg',
        0.03 * count,
        'list',
        input.image_input,
        count,
      );
    },
  ),
  model(
    /^recraft-ai\/recraft-v[34](-pro)?$/,
    z.object({
      prompt: z.string().min(1).max(10_000),
      aspect_ratio: z.string().default('Not set'),
      size: z.string().default('1024x1024'),
    }),
    (input, id, usualSeed) => {
      const [width = 1024, height = 1024] = input.size.split('x').map(Number);
      const size =
        input.aspect_ratio === 'Not set' ? { width, height } : sizeOf(input.aspect_ratio, 1024 * 1024);
      return pictures(id, input.prompt, usualSeed, size, 'webp', 0.04, 'one');
    },
  ),
  model(
    /^philz1337x\/(crystal|clarity)-upscaler$/,
    z.object({
      image: z.string(),
      prompt: z.string().optional(),
      scale_factor: z.number().min(1).max(10).default(2),
      creativity: z.number().optional(),
      output_format: z.enum(['png', 'jpg', 'webp']).default('png'),
    }),
    (input) => ({
      prompt: input.prompt ?? input.image,
      recipes: [
        {
          kind: 'upscale',
          source: input.image,
          factor: input.scale_factor,
          format: formatOf(input.output_format),
        },
      ],
      priceUsd: 0.016,
      shape: 'list',
    }),
  ),
  model(
    /^kwaivgi\/kling-v2\.5-turbo-pro$/,
    z.object({
      prompt: z.string().min(1),
      start_image: z.string().optional(),
      image: z.string().optional(),
      end_image: z.string().optional(),
      duration: z.union([z.literal(5), z.literal(10)]).default(5),
      aspect_ratio: z.enum(['16:9', '9:16', '1:1']).default('16:9'),
      negative_prompt: z.string().optional(),
    }),
    (input, id, usualSeed) => ({
      prompt: input.prompt,
      recipes: [
        {
          kind: 'video',
          prompt: input.prompt,
          seed: usualSeed,
          label: `replicate · ${id}`,
          source: input.start_image ?? input.image,
          seconds: input.duration,
          aspect: ratioOf(input.aspect_ratio),
        },
      ],
      priceUsd: 0.07 * input.duration,
      shape: 'one',
    }),
  ),
  model(
    /^anthropic\/claude-4\.5-haiku$/,
    z.object({
      prompt: z.string().min(1),
      system_prompt: z.string().optional(),
      max_tokens: z.int().min(1).max(8_192).default(8_192),
    }),
    (input, _id, usualSeed) => ({
      prompt: input.prompt,
      recipes: [
        {
          kind: 'answer',
          instruction: input.system_prompt ?? '',
          text: input.prompt,
          images: [],
          seed: usualSeed,
        },
      ],
      priceUsd: 0.0005,
      shape: 'text',
    }),
  ),
  model(
    /^google\/veo-3\.1$/,
    z.object({
      prompt: z.string().min(1),
      aspect_ratio: z.enum(['16:9', '9:16']).default('16:9'),
      duration: z.union([z.literal(4), z.literal(6), z.literal(8)]).default(8),
      image: z.string().optional(),
      last_frame: z.string().optional(),
      reference_images: z.array(z.string()).max(3).optional(),
      negative_prompt: z.string().optional(),
      resolution: z.enum(['720p', '1080p']).default('1080p'),
      generate_audio: z.boolean().default(true),
      seed,
    }),
    (input, id, usualSeed) => ({
      prompt: input.prompt,
      recipes: [
        {
          kind: 'video',
          prompt: input.prompt,
          seed: input.seed ?? usualSeed,
          label: `replicate · ${id}`,
          source: input.image ?? input.reference_images?.[0],
          end: input.last_frame,
          seconds: input.duration,
          lines: Number.parseInt(input.resolution, 10),
          aspect: ratioOf(input.aspect_ratio),
          hasAmbience: input.generate_audio,
        },
      ],
      priceUsd: (input.generate_audio ? 0.4 : 0.2) * input.duration,
      shape: 'one',
    }),
  ),
  model(
    /^bytedance\/seedance-1-pro$/,
    z.object({
      prompt: z.string().min(1),
      image: z.string().optional(),
      last_frame_image: z.string().optional(),
      duration: z.int().min(2).max(12).default(5),
      resolution: z.enum(['480p', '720p', '1080p']).default('1080p'),
      aspect_ratio: z.enum(['16:9', '4:3', '1:1', '3:4', '9:16', '21:9', '9:21']).default('16:9'),
      camera_fixed: z.boolean().default(false),
      seed,
    }),
    (input, id, usualSeed) => ({
      prompt: input.prompt,
      recipes: [
        {
          kind: 'video',
          prompt: input.prompt,
          seed: input.seed ?? usualSeed,
          label: `replicate · ${id}`,
          source: input.image,
          end: input.last_frame_image,
          seconds: input.duration,
          lines: Number.parseInt(input.resolution, 10),
          aspect: ratioOf(input.aspect_ratio),
        },
      ],
      priceUsd: 0.12 * input.duration,
      shape: 'one',
    }),
  ),
  model(/\/(rembg|remove-bg|background-remover|birefnet)$/, z.object({ image: z.string() }), (input) => ({
    prompt: input.image,
    recipes: [{ kind: 'cutout', source: input.image, format: 'png' }],
    priceUsd: 0.018,
    shape: 'one',
  })),
];

function pictures(
  id: string,
  prompt: string,
  first: number,
  size: Size,
  format: PictureFormat,
  priceUsd: number,
  shape: 'one' | 'list',
  sources?: readonly string[],
  count = 1,
): ReplicatePlan {
  return {
    prompt,
    recipes: Array.from({ length: count }, (_, index) => ({
      kind: 'picture',
      prompt,
      seed: first + index,
      ...size,
      format,
      label: `replicate · ${id}`,
      sources,
    })),
    priceUsd,
    shape,
  };
}

function formatOf(format: 'png' | 'jpg' | 'webp'): PictureFormat {
  return format === 'jpg' ? 'jpeg' : format;
}

function model<Schema extends z.ZodType>(
  matches: RegExp,
  schema: Schema,
  plan: (input: z.output<Schema>, model: string, defaultSeed: number) => ReplicatePlan,
): ReplicateModel {
  return {
    matches,
    read: (input, id, defaultSeed) => {
      const checked = schema.safeParse(input, { reportInput: true });
      return checked.success
        ? { plan: plan(checked.data, id, defaultSeed) }
        : { issues: checked.error.issues };
    },
  };
}
