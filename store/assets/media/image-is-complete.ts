import { jpegEnds, pngEnds } from './image-end';
import { isoBoxes } from './iso-boxes';
import type { LocalFile } from './local-file';
import { MediaError } from './media-error';

/** Metadata that some writers put behind the picture fits into this. */
const TAIL_BYTES = 4_096;

/**
 * Says by a file's last bytes, or by its parts where something stands behind them, whether a picture is whole, without
 * decoding it. False means "perhaps not": only decoding
 * tells then.
 */
export async function imageIsComplete(file: LocalFile, mimeType: string): Promise<boolean> {
  if (mimeType === 'image/webp') return file.sizeBytes >= (await file.read(4, 4)).readUInt32LE(0) + 8;
  if (mimeType === 'image/avif') return boxesAreComplete(file);
  const tail = (await file.read(Math.max(0, file.sizeBytes - TAIL_BYTES), TAIL_BYTES)).toString('latin1');
  switch (mimeType) {
    case 'image/png':
      return tail.includes('IEND\xaeB`\x82') || pngEnds(file);
    case 'image/jpeg':
      // Inside the picture data a 0xff is always followed by 0x00, so that this cannot be found by chance.
      return tail.includes('\xff\xd9') || jpegEnds(file);
    case 'image/gif':
      return tail.replace(/\0+$/, '').endsWith('\x3b');
    default:
      return false;
  }
}

async function boxesAreComplete(file: LocalFile): Promise<boolean> {
  try {
    for await (const box of isoBoxes(file, 0, file.sizeBytes)) if (box.end === file.sizeBytes) return true;
    return false;
  } catch (error) {
    if (error instanceof MediaError) return false;
    throw error;
  }
}
