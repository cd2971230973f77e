import { isoBoxes, type IsoBox } from './iso-boxes';
import type { LocalFile } from './local-file';
import { MediaError } from './media-error';
import type { MediaProbe } from './media-probe';

/** Sample entry (`stsd`) → FFmpeg's codec name; another codec is left to FFmpeg itself. */
const CODECS: Readonly<Record<string, string>> = {
  avc1: 'h264',
  avc3: 'h264',
  hvc1: 'hevc',
  hev1: 'hevc',
  av01: 'av1',
  vp09: 'vp9',
  mp4a: 'aac',
  Opus: 'opus',
};
const TRACKS_MAX = 16;

/**
 * Reads size, length, frame rate and codec of an MP4 or MOV file from its boxes, in process: some forty small reads.
 *
 * @returns undefined where the boxes do not say all (a fragmented file, a rare codec): FFmpeg must tell then.
 * @throws MediaError `invalid_media` when the file is cut off or has no track.
 */
export async function probeMp4(file: LocalFile): Promise<MediaProbe | undefined> {
  let movie: IsoBox | undefined;
  // To the last box even when the movie box is found: a cut-off file shows only at its end.
  for await (const box of isoBoxes(file, 0, file.sizeBytes)) if (box.type === 'moov') movie ??= box;
  if (!movie)
    throw new MediaError(
      'invalid_media',
      'The video has no index ("moov"): its upload or its recording did not finish.',
    );
  const durationSeconds = await readDuration(file, await findBox(file, movie, 'mvhd'));
  const tracks = await readTracks(file, movie);
  if (tracks.length === 0)
    throw new MediaError('invalid_media', 'The video file has neither picture nor sound.');
  const picture = tracks.find((track) => track.handler === 'vide');
  const sound = tracks.find((track) => track.handler === 'soun');
  const codec = (picture ?? sound)?.codec;
  if (durationSeconds === undefined || codec === undefined) return undefined;
  const { width, height, frameRate } = picture ?? {};
  return { width, height, durationSeconds, frameRate, hasAudio: sound !== undefined, codec };
}

interface Track {
  /** `vide`, `soun` or another. */
  readonly handler: string;
  readonly codec?: string;
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
}

async function readTracks(file: LocalFile, movie: IsoBox): Promise<readonly Track[]> {
  const tracks: Track[] = [];
  for await (const box of isoBoxes(file, movie.start, movie.end)) {
    if (box.type === 'trak' && tracks.length < TRACKS_MAX) tracks.push(await readTrack(file, box));
  }
  return tracks;
}

async function readTrack(file: LocalFile, track: IsoBox): Promise<Track> {
  const media = await findBox(file, track, 'mdia');
  const handlerBox = media && (await findBox(file, media, 'hdlr'));
  const handler = handlerBox ? (await file.read(handlerBox.start + 8, 4)).toString('latin1') : '';
  const information = media && (await findBox(file, media, 'minf'));
  const table = information && (await findBox(file, information, 'stbl'));
  if (!media || !table) return { handler };
  const codec = await readCodec(file, await findBox(file, table, 'stsd'));
  if (handler !== 'vide') return { handler, codec };
  const durationSeconds = await readDuration(file, await findBox(file, media, 'mdhd'));
  const sampleCount = await readSampleCount(file, await findBox(file, table, 'stsz'));
  const frameRate = durationSeconds && sampleCount ? sampleCount / durationSeconds : undefined;
  return { handler, codec, frameRate, ...(await readSize(file, await findBox(file, track, 'tkhd'))) };
}

async function findBox(file: LocalFile, parent: IsoBox, type: string): Promise<IsoBox | undefined> {
  for await (const box of isoBoxes(file, parent.start, parent.end)) if (box.type === type) return box;
  return undefined;
}

/** `mvhd` and `mdhd` begin alike; version 1 has 64-bit times. 0 and all ones mean unknown. */
async function readDuration(file: LocalFile, box: IsoBox | undefined): Promise<number | undefined> {
  const content = box && (await file.read(box.start, 32));
  if (!content || content.length < 32) return undefined;
  const isLong = content[0] === 1;
  const timescale = content.readUInt32BE(isLong ? 20 : 12);
  const duration = isLong ? Number(content.readBigUInt64BE(24)) : content.readUInt32BE(16);
  const isUnknown = duration === 0 || duration >= (isLong ? Number.MAX_SAFE_INTEGER : 0xffff_ffff);
  return isUnknown || timescale === 0 ? undefined : duration / timescale;
}

/** Width and height of `tkhd`, 16.16 fixed point, swapped when the matrix before them turns the picture by a quarter. */
async function readSize(file: LocalFile, box: IsoBox | undefined): Promise<Pick<Track, 'width' | 'height'>> {
  const content = box && (await file.read(box.start, 96));
  const matrixAt = content?.[0] === 1 ? 52 : 40;
  if (!content || content.length < matrixAt + 44) return {};
  const isTurned = content.readInt32BE(matrixAt) === 0 && content.readInt32BE(matrixAt + 4) !== 0;
  const width = Math.round(content.readUInt32BE(matrixAt + 36) / 65_536);
  const height = Math.round(content.readUInt32BE(matrixAt + 40) / 65_536);
  return isTurned ? { width: height, height: width } : { width, height };
}

async function readCodec(file: LocalFile, box: IsoBox | undefined): Promise<string | undefined> {
  const sampleEntry = box && (await file.read(box.start + 12, 4)).toString('latin1');
  return sampleEntry && Object.hasOwn(CODECS, sampleEntry) ? CODECS[sampleEntry] : undefined;
}

async function readSampleCount(file: LocalFile, box: IsoBox | undefined): Promise<number | undefined> {
  const content = box && (await file.read(box.start + 8, 4));
  return content?.length === 4 ? content.readUInt32BE(0) : undefined;
}
