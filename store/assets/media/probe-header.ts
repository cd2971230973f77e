import sharp from 'sharp';
import { imageIsComplete } from './image-is-complete';
import { withLocalFile, type LocalFile } from './local-file';
import { MediaError } from './media-error';
import { assertPixels, type MediaProbe } from './media-probe';
import { probeMp4 } from './probe-mp4';
import { probeWav } from './probe-wav';
import { SNIFF_BYTES, sniffMediaType } from './sniff-media-type';

/**
 * Says by its header what a media file is like, and that it is not visibly cut off: a few small reads in this process,
 * nothing is decoded.
 *
 * @param path - Absolute path of a local file.
 * @param mimeType - As `sniffMediaType` told it.
 * @returns undefined where a header does not say enough: MP3, WebM, Ogg, FLAC, fragmented MP4, no media at all, and a picture
 * whose end is not where it should be. Only decoding tells then.
 * @throws MediaError `invalid_media` or `too_large`.
 */
export async function probeHeader(path: string, mimeType: string): Promise<MediaProbe | undefined> {
  return withLocalFile(path, async (file) => {
    await assertType(file, mimeType);
    switch (mimeType) {
      case 'audio/wav':
        return probeWav(file);
      case 'video/mp4':
      case 'video/quicktime':
      case 'audio/mp4':
        return probeMp4(file);
      default:
        return mimeType.startsWith('image/') ? probeImage(file, path, mimeType) : undefined;
    }
  });
}

/** Sniffs again, so that no other type's parser runs in this process, whatever the caller believes. */
async function assertType(file: LocalFile, mimeType: string): Promise<void> {
  const sniffed = sniffMediaType(await file.read(0, SNIFF_BYTES));
  if (sniffed?.mimeType === mimeType) return;
  throw new MediaError(
    'invalid_media',
    `By its bytes the file is ${sniffed?.mimeType ?? 'of an unknown type'}, not ${mimeType}.`,
  );
}

async function probeImage(file: LocalFile, path: string, mimeType: string): Promise<MediaProbe | undefined> {
  if (!(await imageIsComplete(file, mimeType))) return undefined;
  const { width, height, format, pages = 1, autoOrient } = await readMetadata(path, mimeType);
  assertPixels({ width, height: height * pages }, 'The picture');
  return { width: autoOrient.width, height: autoOrient.height, codec: format === 'heif' ? 'av1' : format };
}

async function readMetadata(path: string, mimeType: string): Promise<sharp.Metadata> {
  try {
    return await sharp(path, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw new MediaError('invalid_media', `The header of the ${mimeType} file cannot be read.`, {
      cause: error,
      operatorDetail: String(error),
    });
  }
}
