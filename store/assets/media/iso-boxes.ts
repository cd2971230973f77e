import type { LocalFile } from './local-file';
import { MediaError } from './media-error';

/** A box of an ISO base media file (MP4, MOV, AVIF), ISO/IEC 14496-12 §4.2. */
export interface IsoBox {
  /** Four characters, such as `moov`. */
  readonly type: string;
  /** Of its content, in bytes from the start of the file. */
  readonly start: number;
  readonly end: number;
}

/** Boxes at one level. A real file has tens, a fragmented one two per fragment. */
const BOXES_MAX = 20_000;

/**
 * Yields the boxes that stand one after the other between two places of a file. Reads their headers only.
 *
 * @throws MediaError `invalid_media` when a box reaches over the end: the file is cut off or not of this kind.
 */
export async function* isoBoxes(file: LocalFile, start: number, end: number): AsyncGenerator<IsoBox> {
  let position = start;
  for (let count = 0; count < BOXES_MAX && position + 8 <= end; count += 1) {
    const box = await readBox(file, position, end);
    if (box.end > end) throw new MediaError('invalid_media', cutOff(box, file));
    yield box;
    position = box.end;
  }
}

async function readBox(file: LocalFile, position: number, parentEnd: number): Promise<IsoBox> {
  const header = await file.read(position, 16);
  if (header.length < 8) throw new MediaError('invalid_media', 'The file ends inside the header of a box.');
  const type = header.toString('latin1', 4, 8);
  const shortSize = header.readUInt32BE(0);
  // Size 0 means "to the end"; 1 means that 64 bits follow.
  if (shortSize === 0) return { type, start: position + 8, end: parentEnd };
  if (shortSize !== 1) return checkedBox(type, position, 8, shortSize);
  if (header.length < 16) throw new MediaError('invalid_media', 'The file ends inside the header of a box.');
  return checkedBox(type, position, 16, Number(header.readBigUInt64BE(8)));
}

function checkedBox(type: string, position: number, headerBytes: number, size: number): IsoBox {
  if (size < headerBytes)
    throw new MediaError('invalid_media', 'The file has a box that is smaller than its own header.');
  return { type, start: position + headerBytes, end: position + size };
}

function cutOff(box: IsoBox, file: LocalFile): string {
  return `The file is cut off or damaged: its part "${printable(box.type)}" needs ${box.end} bytes, the file has ${file.sizeBytes}.`;
}

function printable(type: string): string {
  return type.replace(/[^\w -]/g, '?');
}
