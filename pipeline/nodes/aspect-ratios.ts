/** Shapes of pictures. Models name them in three ways: by ratio, by fal's presets, and by pixels. */

/** Ratios of the Gemini image models (`nano banana`), as fal and Replicate name them. */
export const GEMINI_ASPECT_RATIOS = [
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
] as const;

/** Ratios that FLUX.2 takes at every provider. */
export const FLUX_ASPECT_RATIOS = ['16:9', '3:2', '4:3', '5:4', '1:1', '4:5', '3:4', '2:3', '9:16'] as const;

export type GeminiAspectRatio = (typeof GEMINI_ASPECT_RATIOS)[number];
export type FluxAspectRatio = (typeof FLUX_ASPECT_RATIOS)[number];

/** fal's presets where it has one of that ratio, else about one megapixel in steps of 32. */
export const FAL_IMAGE_SIZES: Readonly<
  Record<FluxAspectRatio, string | { readonly width: number; readonly height: number }>
> = {
  '1:1': 'square_hd',
  '4:3': 'landscape_4_3',
  '3:4': 'portrait_4_3',
  '16:9': 'landscape_16_9',
  '9:16': 'portrait_16_9',
  '3:2': { width: 1248, height: 832 },
  '2:3': { width: 832, height: 1248 },
  '5:4': { width: 1120, height: 896 },
  '4:5': { width: 896, height: 1120 },
};

/** gpt-image-2 takes any size in steps of 16 between 1:3 and 3:1; about one megapixel each. */
export const OPENAI_IMAGE_SIZES: Readonly<Record<GeminiAspectRatio, string>> = {
  '1:1': '1024x1024',
  '3:2': '1536x1024',
  '2:3': '1024x1536',
  '4:3': '1152x864',
  '3:4': '864x1152',
  '5:4': '1120x896',
  '4:5': '896x1120',
  '16:9': '1536x864',
  '9:16': '864x1536',
  '21:9': '1344x576',
};

/** Looks a ratio up whose type is not known at compile time. */
export function sizeOf<Size>(sizes: Readonly<Record<string, Size>>, ratio: unknown): Size | undefined {
  return typeof ratio === 'string' && Object.hasOwn(sizes, ratio) ? sizes[ratio] : undefined;
}
