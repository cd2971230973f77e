import { MediaError } from '../store/assets/media/media-error';
import { assertPixels, type MediaProbe } from '../store/assets/media/media-probe';
import { probeHeader } from '../store/assets/media/probe-header';
import { sniffFile } from '../store/assets/media/sniff-file';
import type { NewAsset } from '../store/database/assets';
import { unprocessable } from './api-error';

type UploadedMedia = Pick<NewAsset, 'type' | 'mimeType' | 'width' | 'height' | 'durationSeconds'>;

/**
 * Says what an uploaded file is by its own bytes, whatever it was declared to be. Nothing is decoded here: the length of
 * sound without a header that tells it (MP3, Ogg, FLAC, WebM) stays unknown until a worker opens it.
 *
 * @throws ApiError 422 for media that are cut off, too large in pixels or too long.
 */
export async function inspectUpload(path: string, durationSecondsMax: number): Promise<UploadedMedia> {
  const { kind: type, mimeType } = await sniffFile(path);
  if (type === 'file') return { type, mimeType };
  const { width, height, durationSeconds } = await probe(path, mimeType, type === 'image');
  if (durationSeconds !== undefined && durationSeconds > durationSecondsMax) {
    throw refused(
      'too_long',
      `The ${type} lasts ${Math.round(durationSeconds)} s; ${durationSecondsMax} s is the limit.`,
    );
  }
  return { type, mimeType, width, height, durationSeconds };
}

async function probe(path: string, mimeType: string, isImage: boolean): Promise<MediaProbe> {
  try {
    const found = await probeHeader(path, mimeType);
    if (found === undefined && isImage) {
      throw new MediaError('invalid_media', `The ${mimeType} file does not end where its picture ends.`);
    }
    const { width = 0, height = 0 } = found ?? {};
    assertPixels({ width, height }, isImage ? 'The picture' : 'The video');
    return found ?? {};
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    throw refused(error.kind === 'too_large' ? 'too_many_pixels' : 'invalid_media', error.message);
  }
}

const FIXES = {
  invalid_media: 'Send the whole file; if it is whole, save it anew with another program.',
  too_many_pixels: 'Send it in a smaller size.',
  too_long: 'Cut it into shorter pieces.',
} as const;

function refused(code: keyof typeof FIXES, message: string): Error {
  return unprocessable('request_invalid', message, [{ path: 'file', code, message, fix: FIXES[code] }]);
}
