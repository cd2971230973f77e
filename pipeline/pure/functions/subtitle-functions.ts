import type { JsonValue } from '../../../workflows/contract';
import type { PureFunction } from '../../node-definition';
import { isJsonObject } from '../values';
import { Arguments, joinTexts, PureFunctionError } from './arguments';

interface Word {
  readonly text: string;
  /** Seconds from the beginning. */
  readonly start: number;
  readonly end: number;
  readonly speaker?: string;
}

/** Words that are shown together. */
type Cue = readonly [Word, ...Word[]];

interface Limits {
  readonly characters: number;
  readonly seconds: number;
}

/** A silence this long ends a subtitle, seconds. */
const PAUSE = 1;

export const subtitleFunctions: Readonly<Record<string, PureFunction>> = {
  subtitles: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const words = given.list('words').map(wordOf);
    const limits = {
      characters: given.numberOr('charactersMax', 84),
      seconds: given.numberOr('secondsMax', 6),
    };
    const cues = cuesOf(words, limits);
    return { text: given.textOr('format', 'srt') === 'vtt' ? asVtt(cues) : asSrt(cues) };
  },
};

function wordOf(item: JsonValue): Word {
  const { text, start, end, speaker } = isJsonObject(item) ? item : {};
  const isTimed = typeof start === 'number' && typeof end === 'number' && start >= 0 && end >= start;
  if (typeof text === 'string' && isTimed)
    return { text: text.trim(), start, end, ...(typeof speaker === 'string' ? { speaker } : {}) };
  throw new PureFunctionError(
    '"words" must be a list of {text, start, end}, seconds. Connect the words of audio:elevenlabs_scribe_v2.',
  );
}

function cuesOf(words: readonly Word[], limits: Limits): readonly Cue[] {
  const cues: [Word, ...Word[]][] = [];
  for (const word of words) {
    const last = cues.at(-1);
    if (last === undefined || endsBefore(last, word, limits)) cues.push([word]);
    else last.push(word);
  }
  return cues;
}

function endsBefore(cue: Cue, word: Word, { characters, seconds }: Limits): boolean {
  const [first] = cue;
  const previous = cue.at(-1) ?? first;
  return (
    wordsOf(cue).length + 1 + word.text.length > characters ||
    word.end - first.start > seconds ||
    word.start - previous.end >= PAUSE ||
    word.speaker !== previous.speaker ||
    /[.!?…]["”’)]?$/.test(previous.text)
  );
}

function asSrt(cues: readonly Cue[]): string {
  const blocks = cues.map((cue, index) => `${index + 1}\n${times(cue, ',')}\n${wordsOf(cue)}\n`);
  return joinTexts(blocks, '\n');
}

function asVtt(cues: readonly Cue[]): string {
  return joinTexts(['WEBVTT\n', ...cues.map((cue) => `${times(cue, '.')}\n${wordsOf(cue)}\n`)], '\n');
}

function wordsOf(cue: Cue): string {
  return cue.map(({ text }) => text).join(' ');
}

function times(cue: Cue, point: ',' | '.'): string {
  const last = cue.at(-1) ?? cue[0];
  return `${clock(cue[0].start, point)} --> ${clock(last.end, point)}`;
}

/** `00:01:02,345` */
function clock(seconds: number, point: ',' | '.'): string {
  const all = Math.round(seconds * 1_000);
  const part = (value: number, digits: number): string => String(value).padStart(digits, '0');
  const [hours, minutes] = [Math.floor(all / 3_600_000), Math.floor(all / 60_000) % 60];
  const whole = `${part(hours, 2)}:${part(minutes, 2)}:${part(Math.floor(all / 1_000) % 60, 2)}`;
  return `${whole}${point}${part(all % 1_000, 3)}`;
}
