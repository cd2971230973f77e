import { Random } from './random';
import type { Made, Transcript } from './recipe';
import { runOnSource } from './run-on-source';
import { readSource } from './read-source';

/** Words a second of quiet speech. */
const pace = 2.4;

const sayings = [
  'The light moves slowly over the water.',
  'We have waited a long time for this morning.',
  'Every picture begins with a small idea.',
  'Nobody spoke, and the wind took over.',
  'There is a road behind the last house.',
  'Now listen closely to what comes next.',
] as const;

/**
 * What is said in a recording: the text that a voice of this sandbox spoke, where it did, otherwise sentences that fit
 * its length.
 *
 * @param known - The text that was spoken, if one is known for exactly this file.
 */
export async function makeTranscript(source: string, known: string | undefined, seed: string): Promise<Made> {
  const sound = await readSource(source);
  const { durationSeconds } = await runOnSource(source, { kind: 'measure', file: sound });
  const words = known === undefined ? inventedWords(seed, durationSeconds) : wordsOf(known);
  const transcript: Transcript = {
    text: words.join(' '),
    durationSeconds,
    words: spread(words, durationSeconds),
  };
  const bytes = Buffer.from(JSON.stringify(transcript));
  return { bytes, contentType: 'application/json', extension: 'json', durationSeconds };
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function inventedWords(seed: string, seconds: number): string[] {
  const random = new Random(`transcript/${seed}`);
  const count = Math.max(1, Math.round(seconds * pace));
  const words: string[] = [];
  while (words.length < count) words.push(...wordsOf(random.pick(sayings)));
  return words.slice(0, count);
}

/** Each word takes time by its length. */
function spread(words: readonly string[], seconds: number): Transcript['words'] {
  const total = words.reduce((sum, word) => sum + word.length + 1, 0);
  let at = 0;
  return words.map((text) => {
    const start = (at / total) * seconds;
    at += text.length + 1;
    return { text, start: rounded(start), end: rounded((at / total) * seconds) };
  });
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}
