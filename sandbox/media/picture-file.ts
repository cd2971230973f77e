import sharp from 'sharp';
import { readSource } from './read-source';
import { SourceError, type Made, type PictureFormat } from './recipe';

const maximumPixels = 80_000_000;

/** Encodes and measures; speed before size, since a 4K PNG at full effort takes seconds. */
export async function encodePicture(image: sharp.Sharp, format: PictureFormat): Promise<Made> {
  const encoded =
    format === 'png'
      ? image.png({ compressionLevel: 6, effort: 1 })
      : format === 'webp'
        ? image.webp({ quality: 86, effort: 2 })
        : image.flatten({ background: '#ffffff' }).jpeg({ quality: 88 });
  const { data, info } = await encoded.toBuffer({ resolveWithObject: true });
  const extension = format === 'jpeg' ? 'jpg' : format;
  return { bytes: data, contentType: `image/${format}`, extension, width: info.width, height: info.height };
}

/** Opens what a caller gave us, turned upright; anything unreadable is the caller's fault. */
export async function openPicture(
  source: string,
): Promise<{ image: sharp.Sharp; width: number; height: number }> {
  const bytes = await readSource(source);
  try {
    const image = sharp(bytes, { limitInputPixels: maximumPixels }).rotate();
    const { width, height, autoOrient } = await image.metadata();
    return { image, width: autoOrient?.width ?? width, height: autoOrient?.height ?? height };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown format';
    throw new SourceError(source, 'decode', `could not read the image: ${why}`);
  }
}
