import { Random } from './random';
import type { Made, SpeechRecipe } from './recipe';
import { runMediaTask } from './run-media-task';
import type { SpeechTask } from './media-task';
import { resampled } from './speak';

const usualWordsPerMinute = 165;
const wavHeaderBytes = 44;

/** OpenAI's `pcm`: 24 kHz, 16-bit, mono, no header. */
const pcmRate = 24_000;
const espeakRate = 22_050;

const forms: Readonly<
  Record<
    SpeechRecipe['format'],
    { contentType: string; extension: string; encoding?: SpeechTask['encoding'] }
  >
> = {
  wav: { contentType: 'audio/wav', extension: 'wav' },
  pcm: { contentType: 'audio/pcm', extension: 'pcm' },
  mp3: { contentType: 'audio/mpeg', extension: 'mp3', encoding: { codec: 'libmp3lame', container: 'mp3' } },
  opus: { contentType: 'audio/ogg', extension: 'ogg', encoding: { codec: 'libopus', container: 'ogg' } },
  aac: { contentType: 'audio/aac', extension: 'aac', encoding: { codec: 'aac', container: 'adts' } },
  flac: { contentType: 'audio/flac', extension: 'flac', encoding: { codec: 'flac', container: 'flac' } },
};

const women =
  /rachel|sarah|laura|alice|matilda|jessica|lily|aria|charlotte|nova|shimmer|coral|sage|marin|alloy|ballad/i;

/** The text, spoken; each voice name has its own pitch and timbre. */
export async function makeSpeech({ text, voice, speed, format }: SpeechRecipe): Promise<Made> {
  const { contentType, extension, encoding } = forms[format];
  const random = new Random(`voice/${voice}`);
  const timbre = women.test(voice) ? `f${random.integer(1, 4)}` : `m${random.integer(1, 7)}`;
  const { bytes, durationSeconds } = await runMediaTask({
    kind: 'speech',
    text,
    voice: `en+${timbre}`,
    wordsPerMinute: Math.round(usualWordsPerMinute * speed),
    pitch: random.integer(40, 60),
    encoding,
  });
  const whole = Buffer.from(bytes);
  const made = format === 'pcm' ? resampled(whole.subarray(wavHeaderBytes), espeakRate, pcmRate) : whole;
  return { bytes: made, contentType, extension, durationSeconds };
}
