import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadNodeAv } from './load-node-av';
import type { MediaResult, SpeechTask } from './media-task';

/** eSpeak's rate; its files are 16-bit mono with a 44-byte header. */
const sampleRate = 22_050;
const headerBytes = 44;

/** Speaks the text: WAV, or what `encoding` says. */
export async function speak(task: SpeechTask): Promise<MediaResult> {
  // With `fetch` there, the synthesiser first tries to load its WASM from a URL and complains.
  Reflect.deleteProperty(globalThis, 'fetch');
  const { default: text2wav } = await import('text2wav');
  const { text, voice, wordsPerMinute, pitch, encoding } = task;
  // Its options object drops numbers without a word; as on its command line, everything has to be text. A text that
  // begins with a dash would be taken for an option, hence the space.
  const synthesise = text2wav as unknown as (text: string, ...options: string[]) => Promise<Uint8Array>;
  const wav = Buffer.from(
    await synthesise(` ${text}`, '-v', voice, '-s', String(wordsPerMinute), '-p', String(pitch)),
  );
  const durationSeconds = (wav.length - headerBytes) / 2 / sampleRate;
  const bytes = encoding === undefined ? wav : await encode(wav.subarray(headerBytes), encoding);
  return { bytes, durationSeconds };
}

async function encode(samples: Buffer, encoding: NonNullable<SpeechTask['encoding']>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'everframe-speech-'));
  try {
    const path = join(folder, `speech.${encoding.container}`);
    await writeAudio(samples, encoding, path);
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeAudio(
  samples: Buffer,
  { codec, container }: NonNullable<SpeechTask['encoding']>,
  path: string,
): Promise<void> {
  const { api, lib, constants } = await loadNodeAv();
  const muxer = await api.Muxer.open(path, { format: container });
  const codecs = {
    libmp3lame: constants.FF_ENCODER_LIBMP3LAME,
    libopus: constants.FF_ENCODER_LIBOPUS,
    aac: constants.FF_ENCODER_AAC,
    flac: constants.FF_ENCODER_FLAC,
  };
  const encoder = await api.Encoder.create(codecs[codec], { context: { bitRate: 64_000 } });
  const stream = muxer.addStream(encoder);
  const rate = codec === 'libopus' ? 24_000 : sampleRate;
  const wanted = codec === 'libopus' ? resampled(samples, sampleRate, rate) : samples;
  const frameSize = { libmp3lame: 576, libopus: 480, aac: 1024, flac: 4096 }[codec];
  const float = codec === 'aac' || codec === 'libmp3lame';
  for (let start = 0; start * 2 < wanted.length; start += frameSize) {
    const piece = Buffer.alloc(frameSize * 2);
    wanted.copy(piece, 0, start * 2, Math.min(wanted.length, (start + frameSize) * 2));
    const data = float ? toFloat(piece) : piece;
    held.push(data);
    const frame = lib.Frame.fromAudioBuffer(data, {
      nbSamples: frameSize,
      format: float ? constants.AV_SAMPLE_FMT_FLTP : constants.AV_SAMPLE_FMT_S16,
      sampleRate: rate,
      channelLayout: constants.AV_CHANNEL_LAYOUT_MONO,
      timeBase: { num: 1, den: rate },
      pts: BigInt(start),
    });
    for await (const packet of encoder.packets(frame)) await muxer.writePacket(packet, stream);
    frame.free();
  }
  for await (const packet of encoder.flushPackets()) await muxer.writePacket(packet, stream);
  await muxer.close();
}

/** node-av's frames point into the Buffer they were made from without holding it (6.1.1): it has to stay. */
const held: Buffer[] = [];

function toFloat(samples: Buffer): Buffer {
  const floats = Buffer.alloc(samples.length * 2);
  for (let at = 0; at < samples.length; at += 2)
    floats.writeFloatLE(samples.readInt16LE(at) / 32_768, at * 2);
  return floats;
}

/** Straight lines between samples: good enough for a synthetic voice. */
export function resampled(samples: Buffer, from: number, to: number): Buffer {
  const count = Math.floor(((samples.length / 2) * to) / from);
  const out = Buffer.alloc(count * 2);
  const last = samples.length / 2 - 1;
  for (let index = 0; index < count; index += 1) {
    const place = (index * from) / to;
    const left = Math.min(last, Math.floor(place));
    const here = samples.readInt16LE(left * 2);
    const next = samples.readInt16LE(Math.min(last, left + 1) * 2);
    out.writeInt16LE(Math.round(here + (next - here) * (place - left)), index * 2);
  }
  return out;
}
