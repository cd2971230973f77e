import type { LocalFile } from './local-file';
import { MediaError } from './media-error';
import type { MediaProbe } from './media-probe';

/** A file with more chunks before its samples is not a recording. */
const CHUNKS_MAX = 100;
/** Writers to a pipe do not know the length and put a number near 2³¹ or 2³² there. */
const UNKNOWN_LENGTH_FROM = 0x7fff_0000;

/**
 * Reads length and sample format from a RIFF WAVE header, in process: a few reads, no decoding.
 *
 * @throws MediaError `invalid_media` when the header is not whole or promises more samples than the file holds.
 */
export async function probeWav(file: LocalFile): Promise<MediaProbe> {
  let format: WavFormat | undefined;
  let position = 12;
  for (let count = 0; count < CHUNKS_MAX; count += 1) {
    const header = await file.read(position, 8);
    if (header.length < 8) break;
    const length = header.readUInt32LE(4);
    const name = header.toString('latin1', 0, 4);
    if (name === 'fmt ') format = parseFormat(await file.read(position + 8, 40));
    if (name === 'data' && format) return toProbe(format, dataBytes(file, position + 8, length));
    // Chunks are padded to an even length.
    position += 8 + length + (length % 2);
  }
  throw new MediaError('invalid_media', 'The WAV file has no samples: its header ends early.');
}

interface WavFormat {
  readonly tag: number;
  readonly bytesPerSecond: number;
  readonly bitsPerSample: number;
}

/** WAVE_FORMAT_EXTENSIBLE: the real tag is the start of a GUID behind the plain fields. */
const EXTENSIBLE_TAG = 0xfffe;

function parseFormat(chunk: Buffer): WavFormat {
  if (chunk.length < 16) throw new MediaError('invalid_media', 'The WAV file ends inside its header.');
  const plainTag = chunk.readUInt16LE(0);
  const tag = plainTag === EXTENSIBLE_TAG && chunk.length >= 26 ? chunk.readUInt16LE(24) : plainTag;
  const bytesPerSecond = chunk.readUInt32LE(8);
  if (bytesPerSecond === 0)
    throw new MediaError('invalid_media', 'The WAV file says that it plays no bytes a second.');
  return { tag, bytesPerSecond, bitsPerSample: chunk.readUInt16LE(14) };
}

function dataBytes(file: LocalFile, start: number, declaredBytes: number): number {
  const presentBytes = Math.max(0, file.sizeBytes - start);
  if (declaredBytes >= UNKNOWN_LENGTH_FROM) return presentBytes;
  if (declaredBytes <= presentBytes) return declaredBytes;
  throw new MediaError(
    'invalid_media',
    `The WAV file is cut off: ${presentBytes} of ${declaredBytes} bytes of sound are there.`,
  );
}

function toProbe({ tag, bytesPerSecond, bitsPerSample }: WavFormat, bytes: number): MediaProbe {
  const integerCodec = bitsPerSample === 8 ? 'pcm_u8' : `pcm_s${bitsPerSample}le`;
  const codec = { 1: integerCodec, 3: `pcm_f${bitsPerSample}le`, 6: 'pcm_alaw', 7: 'pcm_mulaw' }[tag];
  return { durationSeconds: bytes / bytesPerSecond, hasAudio: true, codec };
}
