import { geminiSize, type Size } from '../../media/sizes';
import {
  bananaInput,
  clarityInput,
  crystalInput,
  cutoutInput,
  falSize,
  fluxInput,
  recraftInput,
  routerInput,
  seedreamInput,
} from './inputs';
import type { PictureFormat } from '../../media/recipe';
import { falImageModels } from './image-models';
import { soundModels } from './sound-models';
import { videoModels } from './video-models';
import { model, type FalModel, type FalPlan } from './define-model';

/** Schemas: fal-js endpoints.ts of 2026-08-02; prices: fal.ai llms.txt model pages (facts of 2026-11-21). */
export const falModels: readonly FalModel[] = [
  ...falImageModels,
  model(/^fal-ai\/flux-2-pro(\/edit)?$/, fluxInput, (input, id, seed) => {
    const size = falSize(input.image_size, 'landscape_4_3');
    const megapixels = Math.max(1, Math.ceil((size.width * size.height) / 1_000_000));
    return pictures(
      input,
      id,
      seed,
      size,
      input.output_format ?? 'jpeg',
      0.03 + 0.015 * (megapixels - 1),
      megapixels,
    );
  }),
  model(/^(fal-ai|google)\/nano-banana(-pro|-2|-2-lite|-lite)?(\/edit)?$/, bananaInput, (input, id, seed) => {
    const ratio =
      input.aspect_ratio === undefined || input.aspect_ratio === 'auto' ? '1:1' : input.aspect_ratio;
    const size = geminiSize(ratio, input.resolution);
    return pictures(
      input,
      id,
      seed,
      size,
      input.output_format ?? 'png',
      bananaPrice(id, input.resolution) * input.num_images,
      input.num_images,
    );
  }),
  model(/^fal-ai\/bytedance\/seedream\/v4\/(text-to-image|edit)$/, seedreamInput, (input, id, seed) => {
    const size = falSize(input.image_size, 'square_hd');
    return pictures(input, id, seed, size, 'png', 0.03 * input.num_images, input.num_images);
  }),
  model(/^fal-ai\/recraft\/v[34](\.\d)?(\/pro)?\/text-to-image$/, recraftInput, (input, id, seed) =>
    pictures(input, id, seed, falSize(input.image_size, 'square_hd'), 'webp', 0.04, 1),
  ),
  model(/^clarityai\/crystal-upscaler$/, crystalInput, (input) => ({
    prompt: input.image_url,
    recipes: [
      {
        kind: 'upscale',
        source: input.image_url,
        factor: input.scale_factor,
        format: input.output_format === 'png' ? 'png' : 'jpeg',
      },
    ],
    priceUsd: 0.016,
    units: 1,
    output: (files) => ({ images: files }),
  })),
  model(/^fal-ai\/clarity-upscaler$/, clarityInput, (input, _id, seed) => ({
    prompt: input.prompt ?? input.image_url,
    recipes: [{ kind: 'upscale', source: input.image_url, factor: input.upscale_factor, format: 'png' }],
    priceUsd: 0.03,
    units: 1,
    output: ([image]) => ({ image, seed: input.seed ?? seed, timings: {} }),
  })),
  model(
    /^fal-ai\/birefnet(\/v2)?$|^fal-ai\/imageutils\/rembg$|^fal-ai\/bria\/background\/remove$/,
    cutoutInput,
    (input) => ({
      prompt: input.image_url,
      recipes: [
        { kind: 'cutout', source: input.image_url, format: input.output_format === 'webp' ? 'webp' : 'png' },
      ],
      priceUsd: 0.018,
      units: 1,
      output: ([image]) => ({ image }),
      dataUris: input.sync_mode,
    }),
  ),
  ...videoModels,
  ...soundModels,
  model(/^openrouter\/router(\/vision)?$/, routerInput, (input, _id, seed) => ({
    prompt: input.prompt,
    recipes: [
      {
        kind: 'answer',
        instruction: input.system_prompt ?? '',
        text: input.prompt,
        images: input.image_urls,
        seed,
      },
    ],
    priceUsd: 0.001,
    units: 1,
    output: (_files, [text = '']) => ({
      output: text,
      error: null,
      partial: false,
      usage: usageOf(input.prompt, text),
    }),
  })),
];

function bananaPrice(id: string, resolution: string | undefined): number {
  if (id.includes('nano-banana-pro')) return resolution === '4K' ? 0.3 : 0.15;
  if (id.includes('lite')) return 0.039;
  if (id.includes('nano-banana-2')) return { '0.5K': 0.06, '2K': 0.12, '4K': 0.16 }[resolution ?? ''] ?? 0.08;
  return 0.039;
}

interface PictureInput {
  readonly prompt: string;
  readonly image_urls?: readonly string[];
  readonly seed?: number;
  readonly num_images?: number;
  readonly sync_mode?: boolean;
}

function pictures(
  input: PictureInput,
  id: string,
  defaultSeed: number,
  size: Size,
  format: PictureFormat,
  priceUsd: number,
  units: number,
): FalPlan {
  const { prompt, image_urls: sources, num_images: count = 1 } = input;
  const seed = input.seed ?? defaultSeed;
  return {
    prompt,
    recipes: Array.from({ length: count }, (_, index) => ({
      kind: 'picture',
      prompt,
      seed: seed + index,
      ...size,
      format,
      label: `fal · ${id}`,
      sources,
    })),
    priceUsd,
    units,
    output: (images) => (/nano-banana/.test(id) ? { images, description: '' } : { images, seed }),
    dataUris: input.sync_mode,
  };
}

function usageOf(prompt: string, answer: string) {
  const [prompt_tokens, completion_tokens] = [prompt, answer].map((text) => Math.ceil(text.length / 4));
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: (prompt_tokens ?? 0) + (completion_tokens ?? 0),
    cost: 0.001,
  };
}
