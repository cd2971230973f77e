import type { Demuxer, Encoder, Muxer } from 'node-av/api' with { 'resolution-mode': 'import' };
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadNodeAv } from './load-node-av';
import type { SoundEncoding } from './media-task';
import { resampled } from './resample';
import { SAMPLE_RATE } from './synthesise';

const WAV_HEADER_BYTES = 44;

type NodeAv = Awaited<ReturnType<typeof loadNodeAv>>;

/** 16-bit mono samples at SAMPLE_RATE as a file; without an encoding a WAV. */
export async function encodeSound(samples: Buffer, encoding?: SoundEncoding): Promise<Buffer> {
  if (encoding === undefined) return Buffer.concat([wavHeader(samples.length), samples]);
  return withFolder(async (folder) => {
    const nodeAv = await loadNodeAv();
    const path = join(folder, `sound.${encoding.container}`);
    const muxer = await nodeAv.api.Muxer.open(path, { format: encoding.container });
    const track = await addSoundTrack(nodeAv, muxer, encoding.codec);
    await track.write(samples);
    await muxer.close();
    return readFile(path);
  });
}

export interface SoundTrack {
  /** Writes all samples, 16-bit mono at SAMPLE_RATE; to be called once. */
  readonly write: (samples: Buffer) => Promise<void>;
}

/** A sound track of a file that is being written; it has to be there before the first packet. */
export async function addSoundTrack(
  nodeAv: NodeAv,
  muxer: Muxer,
  codec: SoundEncoding['codec'],
): Promise<SoundTrack> {
  const { constants } = nodeAv;
  const codecs = {
    libmp3lame: constants.FF_ENCODER_LIBMP3LAME,
    libopus: constants.FF_ENCODER_LIBOPUS,
    aac: constants.FF_ENCODER_AAC,
    flac: constants.FF_ENCODER_FLAC,
  };
  const encoder = await nodeAv.api.Encoder.create(codecs[codec], { context: { bitRate: 64_000 } });
  const stream = muxer.addStream(encoder);
  return { write: (samples) => writeSamples(nodeAv, muxer, encoder, stream, codec, samples) };
}

async function writeSamples(
  { lib, constants }: NodeAv,
  muxer: Muxer,
  encoder: Encoder,
  stream: number,
  codec: SoundEncoding['codec'],
  samples: Buffer,
): Promise<void> {
  const rate = codec === 'libopus' ? 24_000 : SAMPLE_RATE;
  const wanted = codec === 'libopus' ? resampled(samples, SAMPLE_RATE, rate) : samples;
  const frameSize = { libmp3lame: 576, libopus: 480, aac: 1024, flac: 4096 }[codec];
  const isFloat = codec === 'aac' || codec === 'libmp3lame';
  for (let start = 0; start * 2 < wanted.length; start += frameSize) {
    const piece = Buffer.alloc(frameSize * 2);
    wanted.copy(piece, 0, start * 2, Math.min(wanted.length, (start + frameSize) * 2));
    const data = isFloat ? toFloat(piece) : piece;
    held.push(data);
    const frame = lib.Frame.fromAudioBuffer(data, {
      nbSamples: frameSize,
      format: isFloat ? constants.AV_SAMPLE_FMT_FLTP : constants.AV_SAMPLE_FMT_S16,
      sampleRate: rate,
      channelLayout: constants.AV_CHANNEL_LAYOUT_MONO,
      timeBase: { num: 1, den: rate },
      pts: BigInt(start),
    });
    for await (const packet of encoder.packets(frame)) await muxer.writePacket(packet, stream);
    frame.free();
  }
  for await (const packet of encoder.flushPackets()) await muxer.writePacket(packet, stream);
  held.length = 0;
}

/**
 * The sound of a recording or a clip as 16-bit mono samples at SAMPLE_RATE; empty when there is none.
 *
 * @param pitch - 1 leaves it as it is; its length stays in any case.
 */
export function decodeSound(bytes: Uint8Array, pitch = 1): Promise<Buffer> {
  const shift =
    pitch === 1
      ? ''
      : `,asetrate=${Math.round(SAMPLE_RATE * pitch)},aresample=${SAMPLE_RATE},atempo=${1 / pitch}`;
  const form = `aformat=sample_fmts=s16:sample_rates=${SAMPLE_RATE}:channel_layouts=mono`;
  return withDemuxer(bytes, async ({ api }, demuxer) => {
    const stream = demuxer.audio();
    if (stream === undefined) return Buffer.alloc(0);
    const decoder = await api.Decoder.create(stream);
    const filter = api.FilterAPI.create(`aresample=${SAMPLE_RATE}${shift},${form}`);
    const pieces: Buffer[] = [];
    for await (const frame of filter.frames(decoder.frames(demuxer.packets(stream.index)))) {
      if (frame === null) continue;
      pieces.push(Buffer.from(frame.toBuffer()));
      frame.free();
    }
    return Buffer.concat(pieces);
  });
}

/** Length of a recording or a clip, seconds. */
export function lengthOfMedia(bytes: Uint8Array): Promise<number> {
  return withDemuxer(bytes, (_nodeAv, demuxer) => Promise.resolve(demuxer.duration));
}

async function withDemuxer<T>(
  bytes: Uint8Array,
  work: (nodeAv: NodeAv, demuxer: Demuxer) => Promise<T>,
): Promise<T> {
  return withFolder(async (folder) => {
    const nodeAv = await loadNodeAv();
    const path = join(folder, 'given');
    await writeFile(path, bytes);
    const demuxer = await nodeAv.api.Demuxer.open(path, { options: { protocol_whitelist: 'file' } });
    try {
      return await work(nodeAv, demuxer);
    } finally {
      await demuxer.close();
    }
  });
}

export function secondsOf(samples: Buffer): number {
  return samples.length / 2 / SAMPLE_RATE;
}

/** A folder of its own that is gone afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'everframe-media-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** node-av's frames point into the Buffer they were made from without holding it (6.1.1): it has to stay. */
const held: Buffer[] = [];

function toFloat(samples: Buffer): Buffer {
  const floats = Buffer.alloc(samples.length * 2);
  for (let at = 0; at < samples.length; at += 2)
    floats.writeFloatLE(samples.readInt16LE(at) / 32_768, at * 2);
  return floats;
}

function wavHeader(dataBytes: number): Buffer {
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return header;
}
