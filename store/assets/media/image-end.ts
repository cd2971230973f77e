import type { LocalFile } from './local-file';

/** A real PNG has one chunk per 8 KB or more, a real JPEG some tens of segments. */
const PARTS_MAX = 40_000;
const BLOCK_BYTES = 65_536;

/** Walks the chunks of a PNG (ISO/IEC 15948 §5.3) to its end; what stands behind that does not matter. */
export async function pngEnds(file: LocalFile): Promise<boolean> {
  let position = 8;
  for (let count = 0; count < PARTS_MAX; count += 1) {
    const header = await file.read(position, 8);
    if (header.length < 8) return false;
    position += 12 + header.readUInt32BE(0);
    if (position > file.sizeBytes) return false;
    if (header.toString('latin1', 4, 8) === 'IEND') return true;
  }
  return false;
}

/**
 * Walks the segments of a JPEG (ITU-T T.81 §B.1) to the end of its picture. Telephones put a clip behind it, and previews with
 * ends of their own before it.
 */
export async function jpegEnds(file: LocalFile): Promise<boolean> {
  let position: number | undefined = 2;
  for (let count = 0; count < PARTS_MAX && position !== undefined; count += 1) {
    const [start, marker, high = 0, low = 0]: Buffer = await file.read(position, 4);
    if (start !== 0xff || marker === undefined) return false;
    if (marker === 0xd9) return true;
    position += 2 + high * 256 + low;
    if (marker === 0xda) position = await findMarker(file, position);
  }
  return false;
}

/** The next marker behind packed picture data, in which 0xff is followed by 0 or by a restart. */
async function findMarker(file: LocalFile, from: number): Promise<number | undefined> {
  // Blocks overlap by a byte, as a marker has two.
  for (let start = from; start < file.sizeBytes; start += BLOCK_BYTES - 1) {
    const block = await file.read(start, BLOCK_BYTES);
    for (let at = block.indexOf(0xff); at >= 0 && at + 1 < block.length; at = block.indexOf(0xff, at + 1)) {
      const next = block[at + 1] ?? 0;
      const isData = next === 0 || next === 0xff || (next >= 0xd0 && next <= 0xd7);
      if (!isData) return start + at;
    }
  }
  return undefined;
}
