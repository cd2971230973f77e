import type { Source } from './source';

/** Fragments of FFmpeg filter graphs. Numbers come from checked config, names are our own: no text of a user is in one. */

export const SAMPLE_RATE = 48_000;
const SOUND = `aformat=sample_fmts=fltp:sample_rates=${SAMPLE_RATE}:channel_layouts=stereo`;

/** Six decimals, never an exponent. */
export function num(value: number): string {
  return Number(value.toFixed(6)).toLocaleString('en', { useGrouping: false, maximumFractionDigits: 6 });
}

const turns: Readonly<Record<number, readonly string[]>> = {
  0: [],
  90: ['transpose=clock'],
  180: ['hflip', 'vflip'],
  270: ['transpose=cclock'],
};

export function turn(degrees: number): readonly string[] {
  return turns[degrees] ?? [];
}

/** The upright picture of a clip from its beginning, at a steady rate. */
export function pictureOf(source: Source, frameRate = source.frameRate): readonly string[] {
  const movie = `movie=${source.name}:f=${source.format}:s=dv`;
  return [movie, 'setpts=PTS-STARTPTS', `fps=${num(frameRate)}`, ...turn(source.degrees), 'setsar=1'];
}

/** The sound of a file, or silence of its length where it has none. */
export function soundOf(source: Source): readonly string[] {
  if (!source.hasAudio) return silence(source.durationSeconds);
  return [
    `amovie=${source.name}:f=${source.format}:s=da`,
    'asetpts=PTS-STARTPTS',
    `aresample=${SAMPLE_RATE}`,
    SOUND,
  ];
}

/** The sound of a file again and again, for that long. */
export function loopedSound(source: Source, seconds: number): readonly string[] {
  const movie = `amovie=${source.name}:f=${source.format}:s=da:loop=0`;
  return [movie, 'asetpts=N/SR/TB', `aresample=${SAMPLE_RATE}`, SOUND, `atrim=duration=${num(seconds)}`];
}

export function silence(seconds: number): readonly string[] {
  return [`anullsrc=r=${SAMPLE_RATE}:cl=stereo`, `atrim=duration=${num(seconds)}`, SOUND];
}

/** Speeds beyond what one filter takes are made of several. */
export function tempo(factor: number): readonly string[] {
  const steps: string[] = [];
  let rest = factor;
  for (; rest > 2; rest /= 2) steps.push('atempo=2');
  for (; rest < 0.5; rest *= 2) steps.push('atempo=0.5');
  return [...steps, `atempo=${num(rest)}`];
}

/** A whole picture in a box of another shape, with a border. */
export function contain(width: number, height: number, color = '#000000'): readonly string[] {
  return [
    `scale=${width}:${height}:force_original_aspect_ratio=decrease`,
    `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2:color=${hex(color)}`,
    'setsar=1',
  ];
}

export function cover(width: number, height: number): readonly string[] {
  return [
    `scale=${width}:${height}:force_original_aspect_ratio=increase`,
    `crop=${width}:${height}`,
    'setsar=1',
  ];
}

/** #rrggbb or #rrggbbaa as FFmpeg writes it. */
export function hex(color: string): string {
  return color.replace('#', '0x');
}

/** Where a picture stands on another, by compass; expressions of the overlay filter. */
export function overlayPlace(position: string, margin: number): string {
  const along = (start: boolean, end: boolean, whole: string, part: string): string =>
    start ? String(margin) : end ? `${whole}-${part}-${margin}` : `(${whole}-${part})/2`;
  const x = along(position.endsWith('west'), position.endsWith('east'), 'W', 'w');
  const y = along(position.startsWith('north'), position.startsWith('south'), 'H', 'h');
  return `x=${x}:y=${y}`;
}

/** Between two moments; commas stand inside quotes. */
export function during(startSeconds: number, endSeconds: number | undefined): string {
  return endSeconds === undefined
    ? `enable='gte(t,${num(startSeconds)})'`
    : `enable='between(t,${num(startSeconds)},${num(endSeconds)})'`;
}

export function even(value: number): number {
  return Math.max(2, Math.round(value / 2) * 2);
}

/** One chain of filters between labels. */
export function chain(filters: readonly string[], to: string, ...from: readonly string[]): string {
  const [first = '', ...rest] = filters;
  return `${from.map((label) => `[${label}]`).join('')}${[first, ...rest].join(',')}[${to}]`;
}
