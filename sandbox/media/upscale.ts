import { encodePicture, openPicture } from './picture';
import { SourceError, type Made, type UpscaleRecipe } from './recipe';

/** Pixels of the long side that no upscaler here goes beyond. */
const longestSide = 16_384;

/** The same picture, `factor` times as large on both sides, by Lanczos and a little sharpening. */
export async function upscalePicture({ source, factor, format }: UpscaleRecipe): Promise<Made> {
  const { image, width, height } = await openPicture(source);
  const target = { width: Math.round(width * factor), height: Math.round(height * factor) };
  if (Math.max(target.width, target.height) > longestSide) {
    throw new SourceError(source, 'decode', `the result would be larger than ${longestSide} pixels`);
  }
  return encodePicture(
    image.resize(target.width, target.height, { kernel: 'lanczos3', fit: 'fill' }),
    format,
  );
}
