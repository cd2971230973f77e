import { z } from 'zod';
import type { Size } from '../../media/sizes';

const namedSizes = {
  square_hd: { width: 1024, height: 1024 },
  square: { width: 512, height: 512 },
  portrait_4_3: { width: 768, height: 1024 },
  portrait_16_9: { width: 576, height: 1024 },
  landscape_4_3: { width: 1024, height: 768 },
  landscape_16_9: { width: 1024, height: 576 },
  auto: { width: 1024, height: 1024 },
  auto_2K: { width: 2048, height: 2048 },
  auto_4K: { width: 4096, height: 4096 },
} as const;

type NamedSize = keyof typeof namedSizes;

/** fal's `image_size`: a name, or pixels. */
export function imageSize() {
  const side = z.int().min(64).max(14_142);
  const names = Object.keys(namedSizes) as [NamedSize, ...NamedSize[]];
  return z.union([z.enum(names), z.object({ width: side, height: side })]);
}

export function falSize(asked: NamedSize | Size | undefined, usual: NamedSize): Size {
  if (typeof asked === 'object') return asked;
  return namedSizes[asked ?? usual];
}

export const fluxInput = z.object({
  prompt: z.string().min(1),
  image_size: imageSize().optional(),
  image_urls: z.array(z.string()).min(1).optional(),
  seed: z.int().optional(),
  safety_tolerance: z.enum(['1', '2', '3', '4', '5']).optional(),
  enable_safety_checker: z.boolean().optional(),
  output_format: z.enum(['jpeg', 'png']).optional(),
  sync_mode: z.boolean().optional(),
});

export const bananaInput = z.object({
  prompt: z.string().min(3).max(50_000),
  image_urls: z.array(z.string()).min(1).optional(),
  aspect_ratio: z
    .enum([
      'auto',
      '21:9',
      '16:9',
      '3:2',
      '4:3',
      '5:4',
      '1:1',
      '4:5',
      '3:4',
      '2:3',
      '9:16',
      '4:1',
      '1:4',
      '8:1',
      '1:8',
    ])
    .optional(),
  resolution: z.enum(['0.5K', '1K', '2K', '4K']).optional(),
  num_images: z.int().min(1).max(4).default(1),
  output_format: z.enum(['png', 'jpeg', 'webp']).optional(),
  safety_tolerance: z.enum(['1', '2', '3', '4', '5', '6']).optional(),
  seed: z.int().optional(),
  sync_mode: z.boolean().optional(),
});

export const seedreamInput = z.object({
  prompt: z.string().min(1).max(5_000),
  image_size: imageSize().optional(),
  image_urls: z.array(z.string()).min(1).max(10).optional(),
  num_images: z.int().min(1).max(6).default(1),
  max_images: z.int().min(1).max(6).optional(),
  seed: z.int().optional(),
  enable_safety_checker: z.boolean().optional(),
  enhance_prompt_mode: z.enum(['standard', 'fast']).optional(),
  sync_mode: z.boolean().optional(),
});

export const recraftInput = z.object({
  prompt: z.string().min(1).max(10_000),
  image_size: imageSize().optional(),
  style: z.string().optional(),
});

export const crystalInput = z.object({
  image_url: z.string(),
  scale_factor: z.number().min(1).max(200).default(2),
  creativity: z.number().min(0).max(10).optional(),
  output_format: z.enum(['jpg', 'png']).optional(),
});

export const clarityInput = z.object({
  image_url: z.string(),
  prompt: z.string().optional(),
  upscale_factor: z.number().min(1).max(4).default(2),
  creativity: z.number().min(0).max(1).optional(),
  resemblance: z.number().min(0).max(1).optional(),
  seed: z.int().optional(),
});

export const cutoutInput = z.object({
  image_url: z.string(),
  operating_resolution: z.enum(['1024x1024', '2048x2048', '2304x2304']).optional(),
  output_format: z.enum(['png', 'webp', 'gif']).optional(),
  refine_foreground: z.boolean().optional(),
  sync_mode: z.boolean().optional(),
});

export const speechInput = z.object({
  text: z.string().min(1),
  voice: z.string().default('Rachel'),
  stability: z.number().min(0).max(1).optional(),
  similarity_boost: z.number().min(0).max(1).optional(),
  style: z.number().min(0).max(1).optional(),
  speed: z.number().min(0.7).max(1.2).default(1),
  language_code: z.string().nullish(),
  timestamps: z.boolean().optional(),
});

export const routerInput = z.object({
  prompt: z.string().min(1),
  model: z.string(),
  image_urls: z.array(z.string()).max(16).default([]),
  system_prompt: z.string().optional(),
  max_tokens: z.int().min(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
  reasoning: z.boolean().optional(),
});
