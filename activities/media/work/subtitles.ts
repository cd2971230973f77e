import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MediaError } from '../../../store/assets/media/media-error';
import { FONT_NAME, visible } from './lettering';

export interface Cue {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly text: string;
}

export interface CueStyle {
  /** Of the clip, pixels. */
  readonly width: number;
  readonly height: number;
  readonly sizeShare: number;
  /** #rrggbb or #rrggbbaa. */
  readonly color: string;
  readonly position: string;
}

const CUES_MAX = 5_000;
const TIMING =
  /^(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[,.](\d{3}) +--> +(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[,.](\d{3})/;

/**
 * Reads SRT or WebVTT: a line of times, then the words up to an empty line. Tags such as <i> are left out.
 *
 * @throws MediaError `unsupported` when there is no cue in it
 */
export function parseCues(subtitles: string): readonly Cue[] {
  const cues: Cue[] = [];
  const lines = subtitles.replaceAll('\r\n', '\n').replaceAll('\r', '\n').split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const times = TIMING.exec((lines[at] ?? '').trim());
    if (!times) continue;
    const words: string[] = [];
    for (at += 1; at < lines.length && (lines[at] ?? '').trim() !== ''; at += 1) words.push(lines[at] ?? '');
    const [, hours, minutes, wholeSeconds, thousandths, ...end] = times;
    cues.push({
      startSeconds: toSeconds([hours, minutes, wholeSeconds, thousandths]),
      endSeconds: toSeconds(end),
      text: withoutTags(words.join('\n')),
    });
    if (cues.length > CUES_MAX)
      throw new MediaError('too_large', `The subtitles have more than ${CUES_MAX} lines.`);
  }
  if (cues.length > 0) return cues;
  throw new MediaError(
    'unsupported',
    'The subtitles hold no line such as 00:00:01,000 --> 00:00:02,500. Give SRT or WebVTT.',
  );
}

function toSeconds([hours, minutes, wholeSeconds, thousandths]: readonly (string | undefined)[]): number {
  return (
    Number(hours ?? 0) * 3_600 +
    Number(minutes ?? 0) * 60 +
    Number(wholeSeconds ?? 0) +
    Number(thousandths ?? 0) / 1_000
  );
}

function withoutTags(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at += 1) {
    const close = text[at] === '<' ? text.indexOf('>', at) : -1;
    if (close !== -1 && close - at < 60) at = close;
    else out += text[at] ?? '';
  }
  return out;
}

const alignments: Readonly<Record<string, number>> = {
  ...{ southwest: 1, south: 2, southeast: 3, west: 4, center: 5 },
  ...{ east: 6, northwest: 7, north: 8, northeast: 9 },
};

/** Writes cues as an ASS script of our own making: subtitles of a user never reach FFmpeg's readers of such files. */
export async function writeCues(
  folder: string,
  name: string,
  cues: readonly Cue[],
  { width, height, sizeShare, color, position }: CueStyle,
): Promise<void> {
  const size = Math.max(4, Math.round(height * sizeShare));
  const margin = Math.round(height * 0.04);
  const style = [
    ...['Default', FONT_NAME, size, assColour(color), '&H00FFFFFF', '&H00000000', '&H80000000'],
    ...[0, 0, 0, 0, 100, 100, 0, 0, 1, Math.max(1, size / 16).toFixed(1), 0],
    ...[alignments[position] ?? 2, margin, margin, margin, 1],
  ].join(',');
  const events = cues.map(
    ({ startSeconds, endSeconds, text }) =>
      `Dialogue: 0,${assTime(startSeconds)},${assTime(endSeconds)},Default,,0,0,0,,${assText(text)}`,
  );
  const script = [
    ...['[Script Info]', 'ScriptType: v4.00+', `PlayResX: ${width}`, `PlayResY: ${height}`, 'WrapStyle: 0'],
    ...['ScaledBorderAndShadow: yes', '', '[V4+ Styles]', `Format: ${styleFields}`, `Style: ${style}`, ''],
    ...[
      '[Events]',
      'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
      ...events,
    ],
  ].join('\n');
  await writeFile(join(folder, name), `${script}\n`);
}

const styleFields =
  'Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding';

/** Braces begin commands there, and a backslash an escape: both are shown as look-alikes. */
function assText(text: string): string {
  const look: Readonly<Record<string, string>> = { '{': '❴', '}': '❵', '\\': '⧵' };
  return visible(text.trim())
    .replace(/[{}\\]/g, (character) => look[character] ?? '')
    .replaceAll('\n', '\\N');
}

/** &HAABBGGRR, where AA is how clear it is. */
function assColour(color: string): string {
  const alpha = color.length === 9 ? 255 - parseInt(color.slice(7), 16) : 0;
  const [red, green, blue] = [color.slice(1, 3), color.slice(3, 5), color.slice(5, 7)];
  return `&H${alpha.toString(16).padStart(2, '0')}${blue}${green}${red}`.toUpperCase();
}

function assTime(seconds: number): string {
  const hundredths = Math.round(seconds * 100);
  const part = (divisor: number, modulus: number): string =>
    String(Math.floor(hundredths / divisor) % modulus).padStart(2, '0');
  return `${Math.floor(hundredths / 360_000)}:${part(6_000, 60)}:${part(100, 60)}.${part(1, 100)}`;
}
