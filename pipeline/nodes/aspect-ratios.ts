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

/**
 * The most that fits into one megapixel (1024 × 1024), in steps of 32. fal's own presets (`landscape_16_9` …) cost the
 * same and are smaller, so a picture would change its size with the provider that makes it.
 */
export const FLUX_SIZES: Readonly<
  Record<FluxAspectRatio, { readonly width: number; readonly height: number }>
> = {
  '1:1': { width: 1024, height: 1024 },
  '5:4': { width: 1120, height: 896 },
  '4:5': { width: 896, height: 1120 },
  '4:3': { width: 1152, height: 864 },
  '3:4': { width: 864, height: 1152 },
  '3:2': { width: 1248, height: 832 },
  '2:3': { width: 832, height: 1248 },
  '16:9': { width: 1344, height: 768 },
  '9:16': { width: 768, height: 1344 },
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

/** Stable Image services, by ratio; about one megapixel. */
export const STABILITY_ASPECT_RATIOS = [
  '21:9',
  '16:9',
  '3:2',
  '5:4',
  '1:1',
  '4:5',
  '2:3',
  '9:16',
  '9:21',
] as const;

/** One side of each size, for models that take width and height apart. */
export function sideOf<Ratio extends string>(
  sizes: Readonly<Record<Ratio, { readonly width: number; readonly height: number }>>,
  side: 'width' | 'height',
  times = 1,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries<{ readonly width: number; readonly height: number }>(sizes).map(([ratio, size]) => [
      ratio,
      size[side] * times,
    ]),
  );
}

/** Twice as wide and high: about four megapixels, which Seedream calls 2K. */
export const SIZES_2K: Readonly<Record<string, { readonly width: number; readonly height: number }>> =
  Object.fromEntries(
    Object.entries(FLUX_SIZES).map(([ratio, { width, height }]) => [
      ratio,
      { width: width * 2, height: height * 2 },
    ]),
  );

/** `1024x1024`, for models that take the size as a text. */
export function asText(
  sizes: Readonly<Record<string, { readonly width: number; readonly height: number }>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(sizes).map(([ratio, { width, height }]) => [ratio, `${width}x${height}`]),
  );
}
