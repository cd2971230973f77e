import { encodePicture, openPicture } from './picture-file';
import { SourceError, type Made, type UpscaleRecipe } from './recipe';

/** Pixels of the long side that no upscaler here goes beyond. */
const longestSide = 16_384;

/** The same picture, `factor` times as large on both sides, by Lanczos and a little sharpening. */
export async function upscalePicture({ source, factor, pixels, format }: UpscaleRecipe): Promise<Made> {
  const { image, width, height } = await openPicture(source);
  const times = pixels === undefined ? factor : Math.max(1, Math.sqrt(pixels / (width * height)));
  const target = { width: Math.round(width * times), height: Math.round(height * times) };
  if (Math.max(target.width, target.height) > longestSide) {
    throw new SourceError(source, 'decode', `the result would be larger than ${longestSide} pixels`);
  }
  return encodePicture(
    image.resize(target.width, target.height, { kernel: 'lanczos3', fit: 'fill' }),
    format,
  );
}
