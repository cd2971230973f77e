import { join } from 'node:path';
import { audioWork, type AudioWork } from '../../../pipeline/nodes/local/audio-work';
import type { WorkConfig } from '../../../pipeline/nodes/local/local-work';
import { restrictLibvips, writePicture } from '../image-operations';
import { loadNodeAv, type NodeAv } from '../load-node-av';
import { MediaError } from '../../../store/assets/media/media-error';
import { chain, hex, loopedSound, num, SAMPLE_RATE, silence, soundOf, tempo } from './graph';
import { eachFrame, encodeGraph, soundContainer, withGraph, type SoundFormat } from './run-graph';
import { openSources, type Source } from './source';
import { toSharp } from './to-sharp';
import { mixDown, type Sources } from './video-graphs';
import type { Work, WorkResult } from './work';

type Config<Name extends AudioWork> = WorkConfig<typeof audioWork, Name>;
type Builder<Name extends AudioWork> = (
  config: Config<Name>,
  recording: Source,
  sources: Sources,
) => readonly string[];

/** One graph for each kind of work that gives a recording; it ends in [a]. */
const audioGraphs = {
  'audio:trim': ({ startSeconds, durationSeconds }, recording) => {
    const length = durationSeconds === undefined ? '' : `:duration=${num(durationSeconds)}`;
    return changed(recording, [`atrim=start=${num(startSeconds)}${length}`, 'asetpts=PTS-STARTPTS']);
  },
  'audio:concat': ({ pauseSeconds, crossfadeSeconds }, _recording, { of }) =>
    crossfadeSeconds > 0
      ? crossFaded(of('audios'), crossfadeSeconds)
      : concatenated(of('audios'), pauseSeconds),
  'audio:mix': ({ voiceVolume, musicVolume, duck, tailSeconds }, _recording, { of }) => {
    const [[voice], [music]] = [of('voice'), of('music')];
    if (!voice || !music) throw new MediaError('unsupported', 'A voice and music are needed.');
    const total = voice.durationSeconds + tailSeconds;
    const toLength = [`apad=whole_dur=${num(total)}`, `atrim=duration=${num(total)}`];
    return [
      chain([...soundOf(voice), `volume=${num(voiceVolume)}`, ...toLength], 'voice'),
      chain([...loopedSound(music, total), `volume=${num(musicVolume)}`], 'music'),
      ...mixDown(['voice', 'music'], duck),
    ];
  },
  'audio:layer': (_config, _recording, { of }) => {
    const labels = of('audios').map((_, index) => `s${index}`);
    return [
      ...of('audios').map((each, index) => chain(soundOf(each), `s${index}`)),
      ...mixDown(labels, false),
    ];
  },
  'audio:volume': ({ decibels }, recording) =>
    changed(recording, [`volume=${num(decibels)}dB`, 'alimiter=limit=0.97:level=0']),
  'audio:fade': ({ inSeconds, outSeconds }, recording) => {
    const outAt = num(Math.max(0, recording.durationSeconds - outSeconds));
    return changed(recording, [
      ...(inSeconds > 0 ? [`afade=t=in:st=0:d=${num(inSeconds)}`] : []),
      ...(outSeconds > 0 ? [`afade=t=out:st=${outAt}:d=${num(outSeconds)}`] : []),
    ]);
  },
  'audio:convert': ({ sampleRate, channels }, recording) => {
    const count = channels ?? Math.min(2, Math.max(1, recording.channels));
    return changed(recording, [
      `aresample=${sampleRate ?? usualRate(recording.sampleRate)}`,
      `aformat=channel_layouts=${count === 1 ? 'mono' : 'stereo'}`,
    ]);
  },
  'audio:speed': ({ factor }, recording) => changed(recording, tempo(factor)),
  'audio:trim_silence': ({ thresholdDb }, recording) => {
    const cut = `silenceremove=start_periods=1:start_threshold=${num(thresholdDb)}dB`;
    return changed(recording, [cut, 'areverse', cut, 'areverse']);
  },
  'audio:loop': ({ durationSeconds }, recording) => [chain(loopedSound(recording, durationSeconds), 'a')],
} as const satisfies { readonly [Name in AudioWork]?: Builder<Name> };

const RECORDINGS_MAX = 50;
/** Rates that every encoder here takes. */
const RATES = [16_000, 24_000, 44_100, 48_000];

/** Does one kind of work on recordings. The process must be that of this work alone: it changes its current folder. */
export async function workOnAudio(name: AudioWork, work: Work<unknown>): Promise<WorkResult> {
  restrictLibvips();
  process.chdir(work.folder);
  const nodeAv = await loadNodeAv();
  const config = audioWork[name].config.parse(work.config);
  // The schema of that name made this config: TypeScript cannot follow it through the table.
  const typed = { ...work, config } as Work<never>;
  if (name === 'audio:silence') return makeSilence(nodeAv, typed);
  const sources = await readSources(nodeAv, name, work);
  const [recording] = [...sources.of('audio'), ...sources.of('audios'), ...sources.of('voice')];
  if (!recording) throw new MediaError('unsupported', 'There is no recording to work on.');
  if (name === 'audio:waveform') return drawWaveform(nodeAv, typed, recording);
  if (name === 'audio:info') return { values: await factsOf(nodeAv, recording) };
  if (name === 'audio:normalise') return normalise(nodeAv, typed, recording);
  const build: Builder<never> = audioGraphs[name];
  return writeSound(nodeAv, build(typed.config, recording, sources), config, work);
}

async function readSources(
  nodeAv: NodeAv,
  name: Exclude<AudioWork, 'audio:silence'>,
  work: Work<unknown>,
): Promise<Sources> {
  const byPort = new Map<string, readonly Source[]>();
  for (const port of Object.keys(audioWork[name].inputs)) {
    const countMax = name === 'audio:layer' ? 16 : RECORDINGS_MAX;
    byPort.set(port, await openSources(nodeAv, work, port, ['audio'], countMax));
  }
  return { of: (port) => byPort.get(port) ?? [], pictures: () => [] };
}

async function writeSound(
  nodeAv: NodeAv,
  chains: readonly string[],
  config: object,
  { folder }: Pick<Work<unknown>, 'folder'>,
): Promise<WorkResult> {
  const { format, bitRateKbps = 160 } = config as { format: SoundFormat; bitRateKbps?: number };
  const path = join(folder, 'result');
  await encodeGraph(nodeAv, { audio: true, chains }, soundContainer(format, bitRateKbps * 1_000), path);
  return { files: { audio: path } };
}

function makeSilence(nodeAv: NodeAv, work: Work<Config<'audio:silence'>>): Promise<WorkResult> {
  return writeSound(nodeAv, [chain(silence(work.config.durationSeconds), 'a')], work.config, work);
}

function changed(recording: Source, filters: readonly string[]): readonly string[] {
  return [chain([...soundOf(recording), ...filters], 'a')];
}

function concatenated(recordings: readonly Source[], pauseSeconds: number): readonly string[] {
  const parts = recordings.flatMap((recording, index) => [
    ...(index > 0 && pauseSeconds > 0 ? [silence(pauseSeconds)] : []),
    soundOf(recording),
  ]);
  const labels = parts.map((_, index) => `s${index}`);
  return [
    ...parts.map((part, index) => chain(part, `s${index}`)),
    chain([`concat=n=${parts.length}:v=0:a=1`], 'a', ...labels),
  ];
}

function crossFaded(recordings: readonly Source[], wanted: number): readonly string[] {
  const shortest = Math.min(...recordings.map(({ durationSeconds }) => durationSeconds));
  const overlap = num(Math.min(wanted, shortest / 2));
  const chains = recordings.map((recording, index) => chain(soundOf(recording), `s${index}`));
  if (recordings.length === 1) return [...chains, chain(['anull'], 'a', 's0')];
  for (let index = 1; index < recordings.length; index += 1) {
    const to = index === recordings.length - 1 ? 'a' : `x${index}`;
    chains.push(chain([`acrossfade=d=${overlap}`], to, index === 1 ? 's0' : `x${index - 1}`, `s${index}`));
  }
  return chains;
}

function usualRate(sampleRate: number): number {
  return RATES.find((rate) => rate >= sampleRate) ?? SAMPLE_RATE;
}

async function drawWaveform(
  nodeAv: NodeAv,
  { config, folder }: Work<Config<'audio:waveform'>>,
  recording: Source,
): Promise<WorkResult> {
  const { width, height, color, background } = config;
  const wave = `showwavespic=s=${width}x${height}:colors=${hex(color)}:split_channels=0:scale=sqrt`;
  const chains = [
    chain([...soundOf(recording), 'aformat=channel_layouts=mono', wave, 'format=rgba'], 'wave'),
    chain([`color=c=${hex(background)}:s=${width}x${height}:d=1:r=1`, 'format=rgba'], 'ground'),
    chain(['overlay=format=auto:eof_action=repeat'], 'v', 'ground', 'wave'),
  ];
  const path = join(folder, 'image');
  let isWritten = false;
  await eachFrame(nodeAv, chains, async (frame) => {
    if (isWritten) return;
    await writePicture(await toSharp(nodeAv, frame), { format: 'png' }, path);
    isWritten = true;
  });
  return { files: { image: path } };
}

/** Measured first, then moved as a whole: what is softer than what stays so, and the peaks alone are limited. */
async function normalise(
  nodeAv: NodeAv,
  work: Work<Config<'audio:normalise'>>,
  recording: Source,
): Promise<WorkResult> {
  const { loudness, truePeak } = work.config;
  const { lufs } = await measure(nodeAv, recording);
  const gain = lufs <= SILENT_LUFS ? 0 : loudness - lufs;
  const limit = num(10 ** (truePeak / 20));
  const filters = [`volume=${num(gain)}dB`, `alimiter=limit=${limit}:level=0`];
  return writeSound(nodeAv, changed(recording, filters), work.config, work);
}

/** The gate of EBU R128: what is softer has no loudness. */
const SILENT_LUFS = -69.9;

async function factsOf(nodeAv: NodeAv, recording: Source) {
  const { codec, sampleRate, channels } = recording;
  const { seconds, meanDb, peakDb, lufs } = await measure(nodeAv, recording);
  const info = { durationSeconds: seconds, codec, sampleRate, channels, meanDb, peakDb, lufs };
  return { info, durationSeconds: seconds };
}

/** By its samples: a header may say anything of the length, or nothing. */
async function measure(nodeAv: NodeAv, recording: Source) {
  const graph = `${[...soundOf(recording), 'aformat=sample_fmts=s16:channel_layouts=stereo'].join(',')}[out0]`;
  const meter = nodeAv.api.FilterAPI.create('ebur128=metadata=1:framelog=quiet,aformat=sample_fmts=s16');
  let [count, squares, peak, lufs] = [0, 0, 0, -70];
  await withGraph(nodeAv, graph, async (demuxer) => {
    const stream = demuxer.audio();
    if (!stream) throw new MediaError('invalid_media', 'The recording gives no sound.');
    const decoder = await nodeAv.api.Decoder.create(stream);
    for await (const frame of meter.frames(decoder.frames(demuxer.packets(stream.index)))) {
      if (!frame) continue;
      lufs = Number(frame.getMetadata().get('lavfi.r128.I') ?? lufs);
      const samples = frame.toBuffer();
      for (let at = 0; at + 1 < frame.nbSamples * 4; at += 2) {
        const sample = samples.readInt16LE(at) / 32_768;
        squares += sample * sample;
        peak = Math.max(peak, Math.abs(sample));
        count += 1;
      }
      frame.free();
    }
    decoder.close();
    meter.close();
  });
  const decibels = (value: number): number =>
    Number(Math.max(-120, 20 * Math.log10(value || 1e-6)).toFixed(1));
  return {
    seconds: Number((count / 2 / SAMPLE_RATE).toFixed(3)),
    meanDb: decibels(Math.sqrt(squares / Math.max(1, count))),
    peakDb: decibels(peak),
    lufs: Number(lufs.toFixed(1)),
  };
}
