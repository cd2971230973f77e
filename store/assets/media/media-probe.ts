import { z } from 'zod';
import { MediaError } from './media-error';

/** Pixels of one picture, all frames of an animation counted; 8,192 × 8,192 (a 4K picture doubled) is 67 million. */
export const PIXELS_MAX = 100_000_000;

/** What is known of a media file; a field is absent where the type has none or the file does not say. */
export const mediaProbeSchema = z.object({
  /** Pixels as shown: turned upright by EXIF orientation or the clip's display matrix. */
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  durationSeconds: z.number().optional(),
  frameRate: z.number().optional(),
  hasAudio: z.boolean().optional(),
  /** FFmpeg's name of the picture codec, or of the sound codec where there is no picture: `h264`, `png`, `pcm_s16le`. */
  codec: z.string().optional(),
});
export type MediaProbe = z.infer<typeof mediaProbeSchema>;

/** @throws MediaError `too_large` */
export function assertPixels(
  { width, height }: { readonly width: number; readonly height: number },
  subject: string,
): void {
  if (width * height <= PIXELS_MAX) return;
  throw new MediaError(
    'too_large',
    `${subject} has ${width} × ${height} pixels; ${PIXELS_MAX / 1e6} million is the limit.`,
  );
}
