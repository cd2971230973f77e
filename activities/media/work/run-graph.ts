import type { Decoder, Demuxer, Encoder, Muxer } from 'node-av/api' with { 'resolution-mode': 'import' };
import type { Frame, Packet, Stream } from 'node-av/lib' with { 'resolution-mode': 'import' };
import type { NodeAv } from '../load-node-av';
import { MediaError } from '../../../store/assets/media/media-error';

/** What a graph gives: its chains, which end in [v] (a picture), [a] (a sound), or both. */
export interface Graph {
  readonly chains: readonly string[];
  readonly video?: boolean;
  readonly audio?: boolean;
}

interface Encoding {
  readonly codec: string;
  readonly options?: Readonly<Record<string, string | number>>;
  readonly bitRate?: number;
  /** Filters that bring frames into the shape the encoder takes. */
  readonly shape: readonly string[];
}

export interface Container {
  readonly muxer: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly video?: Encoding;
  readonly audio?: Encoding;
}

/** One thread more or less gives other bytes: the same work must give the same file on every machine. */
const THREADS = 2;
const evenSides = 'crop=trunc(iw/2)*2:trunc(ih/2)*2';
const h264 = (crf: number): Encoding => ({
  codec: 'libx264',
  options: { preset: 'veryfast', crf },
  shape: [evenSides, 'setsar=1', 'format=yuv420p'],
});
const aac: Encoding = { codec: 'aac', bitRate: 160_000, shape: ['aformat=sample_fmts=fltp'] };
const vp9 = (crf: number): Encoding => ({
  codec: 'libvpx-vp9',
  options: { crf, 'cpu-used': 5, deadline: 'realtime', 'row-mt': 1 },
  shape: [evenSides, 'setsar=1', 'format=yuv420p'],
});
const opus: Encoding = { codec: 'libopus', bitRate: 128_000, shape: ['aformat=sample_fmts=s16'] };

export function mp4(crf = 20): Container {
  return { muxer: 'mp4', options: { movflags: '+faststart' }, video: h264(crf), audio: aac };
}

export function webm(crf: number): Container {
  return { muxer: 'webm', video: vp9(crf), audio: opus };
}

export const gif: Container = { muxer: 'gif', options: { loop: '0' }, video: { codec: 'gif', shape: [] } };
export const webpAnimation: Container = {
  muxer: 'webp',
  options: { loop: '0' },
  video: { codec: 'libwebp_anim', options: { quality: 80 }, shape: ['format=yuv420p'] },
};

export type SoundFormat = 'mp3' | 'wav' | 'm4a' | 'flac' | 'ogg';
const soundEncodings: Readonly<Record<SoundFormat, (bitRate: number) => Container>> = {
  mp3: (bitRate) => ({
    muxer: 'mp3',
    audio: { codec: 'libmp3lame', bitRate, shape: ['aformat=sample_fmts=fltp'] },
  }),
  wav: () => ({ muxer: 'wav', audio: { codec: 'pcm_s16le', shape: ['aformat=sample_fmts=s16'] } }),
  m4a: (bitRate) => ({ muxer: 'ipod', options: { movflags: '+faststart' }, audio: { ...aac, bitRate } }),
  flac: () => ({ muxer: 'flac', audio: { codec: 'flac', shape: ['aformat=sample_fmts=s16'] } }),
  ogg: (bitRate) => ({
    muxer: 'ogg',
    audio: { ...opus, bitRate, shape: ['aresample=48000', 'aformat=sample_fmts=s16'] },
  }),
};

export function soundContainer(format: SoundFormat, bitRate = 160_000): Container {
  return soundEncodings[format](bitRate);
}

/** Runs a graph and writes what it gives. The folder of the work is the current one. @throws MediaError */
export async function encodeGraph(
  nodeAv: NodeAv,
  graph: Graph,
  container: Container,
  path: string,
): Promise<void> {
  const ends = [
    ...(graph.video && container.video ? [{ from: 'v', encoding: container.video }] : []),
    ...(graph.audio && container.audio ? [{ from: 'a', encoding: container.audio }] : []),
  ];
  const text = [
    ...graph.chains,
    ...ends.map(({ from, encoding }, index) => {
      const nothing = from === 'v' ? 'null' : 'anull';
      return `[${from}]${[nothing, ...encoding.shape].join(',')}[out${index}]`;
    }),
  ].join(';');
  await withGraph(nodeAv, text, async (demuxer) => {
    const muxer = await nodeAv.api.Muxer.open(path, {
      format: container.muxer,
      options: { fflags: '+bitexact', ...container.options },
    });
    try {
      // One after the other: the picture is the first stream of the file, always.
      const tracks: Track[] = [];
      for (const [index, { encoding }] of ends.entries()) {
        tracks.push(await openTrack(nodeAv, demuxer, muxer, encoding, index));
      }
      await transcode(demuxer, muxer, tracks);
    } finally {
      await muxer.close();
    }
  });
}

/** The frames that a graph of pictures gives, one after the other; each is freed after `use`. */
export async function eachFrame(
  nodeAv: NodeAv,
  chains: readonly string[],
  use: (frame: Frame) => Promise<void>,
): Promise<void> {
  await withGraph(nodeAv, [...chains, '[v]null[out0]'].join(';'), async (demuxer) => {
    const stream = demuxer.video();
    if (!stream) throw new MediaError('invalid_media', 'The file gives no picture.');
    const decoder = await nodeAv.api.Decoder.create(stream);
    try {
      for await (const frame of decoder.frames(demuxer.packets(stream.index))) {
        if (!frame) continue;
        await use(frame);
        frame.free();
      }
    } finally {
      decoder.close();
    }
  });
}

/** Opens what a graph gives as streams; its ends are called [out0], [out1]. @throws MediaError */
export async function withGraph(
  nodeAv: NodeAv,
  text: string,
  use: (demuxer: Demuxer) => Promise<void>,
): Promise<void> {
  try {
    const demuxer = await nodeAv.api.Demuxer.open(text, {
      format: 'lavfi',
      options: { protocol_whitelist: 'file' },
    });
    try {
      await use(demuxer);
    } finally {
      await demuxer.close();
    }
  } catch (error) {
    if (error instanceof MediaError) throw error;
    throw new MediaError(
      'invalid_media',
      'The media cannot be read to their end: they are damaged or cut off.',
      {
        cause: error,
        operatorDetail: `${String(error)} in ${text}`,
      },
    );
  }
}

interface Track {
  readonly streamIndex: number;
  readonly decoder: Decoder;
  readonly encoder: Encoder;
  readonly outputIndex: number;
  written: number;
}

async function openTrack(
  { api, library }: NodeAv,
  demuxer: Demuxer,
  muxer: Muxer,
  { codec, options, bitRate }: Encoding,
  index: number,
): Promise<Track> {
  const stream: Stream | undefined = demuxer.streams[index];
  if (!stream) throw new MediaError('invalid_media', 'The file gives neither picture nor sound.');
  const decoder = await api.Decoder.create(stream);
  const known = library.Codec.findEncoderByName(
    codec as Parameters<typeof library.Codec.findEncoderByName>[0],
  );
  if (!known)
    throw new MediaError('unsupported', `This build of the FFmpeg libraries cannot write ${codec}.`);
  const encoder = await api.Encoder.create(known, {
    ...(bitRate === undefined ? {} : { bitrate: bitRate }),
    // Graphs give samples of several channels interleaved, whatever was asked for.
    autoResample: true,
    context: { threadCount: THREADS },
    options: { ...options },
  });
  return { streamIndex: stream.index, decoder, encoder, outputIndex: muxer.addStream(encoder), written: 0 };
}

async function transcode(demuxer: Demuxer, muxer: Muxer, tracks: readonly Track[]): Promise<void> {
  for await (const packet of demuxer.packets()) {
    if (!packet) break;
    const track = tracks.find(({ streamIndex }) => streamIndex === packet.streamIndex);
    if (track) await encodeFrames(track, muxer, track.decoder.frames(packet));
    packet.free();
  }
  for (const track of tracks) {
    await encodeFrames(track, muxer, track.decoder.flushFrames());
    await writePackets(track, muxer, track.encoder.flushPackets());
    if (track.written === 0)
      throw new MediaError('unsupported', 'Nothing is left of the file: check start and length.');
  }
}

async function encodeFrames(track: Track, muxer: Muxer, frames: AsyncIterable<Frame | null>): Promise<void> {
  for await (const frame of frames) {
    if (!frame) continue;
    await writePackets(track, muxer, track.encoder.packets(frame));
    frame.free();
  }
}

async function writePackets(
  track: Track,
  muxer: Muxer,
  packets: AsyncIterable<Packet | null>,
): Promise<void> {
  for await (const packet of packets) {
    if (!packet) continue;
    track.written += 1;
    await muxer.writePacket(packet, track.outputIndex);
    packet.free();
  }
}
