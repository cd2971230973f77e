import type { Demuxer } from 'node-av/api' with { 'resolution-mode': 'import' };
import type { Frame } from 'node-av/lib' with { 'resolution-mode': 'import' };
import sharp from 'sharp';
import { restrictLibvips, writePicture } from './image-operations';
import { loadNodeAv, type NodeAv } from './load-node-av';
import { MediaError } from '../../store/assets/media/media-error';
import { assertPixels, type MediaProbe } from '../../store/assets/media/media-probe';
import type { MediaOperation, MediaResult } from './media-operation';
import { sniffInput } from './read-input';
import type { SniffedType } from '../../store/assets/media/sniff-media-type';

type Stream = NonNullable<ReturnType<Demuxer['video']>>;

/** The one demuxer that may open a file, by what it is by its bytes: FFmpeg's own guess also finds playlists. */
export const DEMUXERS: Readonly<Record<string, string>> = {
  'video/mp4': 'mov',
  'video/quicktime': 'mov',
  'video/webm': 'matroska',
  'audio/mp4': 'mov',
  'audio/wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/flac': 'flac',
  'audio/ogg': 'ogg',
};
/** Rounding of `atSeconds` against a clip's time base. */
const SAME_MOMENT_SECONDS = 0.001;

/** Length, size, frame rate and codec of a clip or a recording. @throws MediaError */
export async function probeTimedMedia(path: string): Promise<MediaProbe> {
  const nodeAv = await loadNodeAv();
  const type = await sniffInput(path, ['video', 'audio']);
  return withDemuxer(nodeAv, path, type, async (demuxer) => describe(nodeAv, demuxer, type));
}

/** Writes the frame that shows at a moment of a clip as a picture. @throws MediaError */
export async function makeThumbnail(
  operation: Extract<MediaOperation, { readonly kind: 'video.thumbnail' }>,
  outputPath: string,
): Promise<MediaResult> {
  const type = await sniffInput(operation.inputPath, ['video']);
  const nodeAv = await loadNodeAv();
  const picture = await withDemuxer(nodeAv, operation.inputPath, type, (demuxer) =>
    grabPicture(nodeAv, demuxer, operation.atSeconds),
  );
  restrictLibvips();
  const { pixels, width, height, degrees } = picture;
  const image = sharp(pixels, { raw: { width, height, channels: 3 } }).rotate(degrees);
  return writePicture(
    operation.width ? image.resize({ width: operation.width }) : image,
    operation,
    outputPath,
  );
}

export async function withDemuxer<Result>(
  { api }: NodeAv,
  path: string,
  { mimeType }: SniffedType,
  use: (demuxer: Demuxer) => Promise<Result>,
): Promise<Result> {
  const format = DEMUXERS[mimeType];
  if (format === undefined) throw new MediaError('unsupported', `Files of type ${mimeType} are not taken.`);
  try {
    const demuxer = await api.Demuxer.open(path, { format, options: { protocol_whitelist: 'file' } });
    try {
      return await use(demuxer);
    } finally {
      await demuxer.close();
    }
  } catch (error) {
    if (error instanceof MediaError) throw error;
    throw new MediaError('invalid_media', `The ${mimeType} file cannot be read: it is damaged or cut off.`, {
      cause: error,
      operatorDetail: String(error),
    });
  }
}

function describe({ library, constants }: NodeAv, demuxer: Demuxer, { kind }: SniffedType): MediaProbe {
  // A recording's cover picture is a video stream to FFmpeg.
  const picture = kind === 'video' ? demuxer.video() : undefined;
  const sound = demuxer.audio();
  const stream = picture ?? sound;
  if (!stream) throw new MediaError('invalid_media', 'The file has neither picture nor sound.');
  const durationSeconds = demuxer.duration > 0 ? demuxer.duration : undefined;
  const codec = library.avGetCodecName(stream.codecpar.codecId) ?? undefined;
  const common = { durationSeconds, hasAudio: sound !== undefined, codec };
  if (!picture) return common;
  const { width, height } = picture.codecpar;
  const isTurned = rotationOf(picture, constants) % 180 !== 0;
  const { num, den } = picture.avgFrameRate;
  const frameRate = num > 0 && den > 0 ? num / den : undefined;
  return { ...common, width: isTurned ? height : width, height: isTurned ? width : height, frameRate };
}

interface Picture {
  /** RGB, 8 bits each. */
  readonly pixels: Buffer;
  readonly width: number;
  readonly height: number;
  /** Clockwise, to turn it upright. */
  readonly degrees: number;
}

async function grabPicture(nodeAv: NodeAv, demuxer: Demuxer, atSeconds: number): Promise<Picture> {
  const stream = demuxer.video();
  if (!stream) throw new MediaError('unsupported', 'The file has sound only; a thumbnail needs a picture.');
  assertPixels(stream.codecpar, 'The video');
  const frame = await findFrame(nodeAv, demuxer, stream, demuxer.startTime + atSeconds);
  const scaler = new nodeAv.api.Scaler();
  try {
    const { width, height } = frame;
    const pixels = await scaler.toBuffer(frame, { format: 'rgb' });
    return { pixels, width, height, degrees: rotationOf(stream, nodeAv.constants) };
  } finally {
    scaler.close();
    frame.free();
  }
}

/** The last frame that starts at or before a moment; the clip's first or last one for a moment outside of it. */
async function findFrame(
  { api, constants }: NodeAv,
  demuxer: Demuxer,
  stream: Stream,
  atSeconds: number,
): Promise<Frame> {
  const decoder = await api.Decoder.create(stream, { exitOnError: true });
  let chosen: Frame | undefined;
  try {
    // To the key frame before; where a file cannot be searched, decoding starts at its beginning.
    if (atSeconds > 0) await demuxer.seek(atSeconds, -1, constants.AVSEEK_FLAG_BACKWARD);
    for await (const frame of decoder.frames(demuxer.packets(stream.index))) {
      if (!frame) break;
      const isLater = secondsOf(frame) > atSeconds + SAME_MOMENT_SECONDS;
      if (chosen && isLater) {
        frame.free();
        break;
      }
      chosen?.free();
      chosen = frame;
      if (isLater) break;
    }
  } finally {
    decoder.close();
  }
  if (!chosen) throw new MediaError('invalid_media', 'Not one frame of the video can be decoded.');
  return chosen;
}

function secondsOf(frame: Frame): number {
  const { num, den } = frame.timeBase;
  return (Number(frame.pts) * num) / den;
}

/** Quarter turns clockwise that show a clip upright, by its display matrix: 9 numbers, 16.16 fixed point, the first row first. */
export function rotationOf(stream: Stream, { AV_PKT_DATA_DISPLAYMATRIX }: NodeAv['constants']): number {
  const matrix = stream.codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX);
  if (!matrix || matrix.length < 36) return 0;
  const degrees = (Math.atan2(matrix.readInt32LE(4), matrix.readInt32LE(0)) * 180) / Math.PI;
  return (Math.round(degrees / 90) * 90 + 360) % 360;
}
