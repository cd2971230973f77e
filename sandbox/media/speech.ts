import { Random } from './random';
import type { Made, SoundFormat, SpeechRecipe } from './recipe';
import { resampled } from './resample';
import { runMediaTask } from './run-media-task';
import type { MediaResult, SoundEncoding, SpeechTask } from './media-task';
import { SAMPLE_RATE } from './synthesise';

const usualWordsPerMinute = 165;
const wavHeaderBytes = 44;

/** OpenAI's `pcm`: 24 kHz, 16-bit, mono, no header. */
const pcmRate = 24_000;

const forms: Readonly<
  Record<SoundFormat, { contentType: string; extension: string; encoding?: SoundEncoding }>
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

/** How to encode a format in a media task. */
export function encodingOf(format: SoundFormat): SoundEncoding | undefined {
  return forms[format].encoding;
}

/** A media task's sound as the asked format. */
export function asSound({ bytes, durationSeconds }: MediaResult, format: SoundFormat): Made {
  const { contentType, extension } = forms[format];
  const whole = Buffer.from(bytes);
  const made = format === 'pcm' ? resampled(whole.subarray(wavHeaderBytes), SAMPLE_RATE, pcmRate) : whole;
  return { bytes: made, contentType, extension, durationSeconds };
}

/** The lines, spoken one after the other; each voice name has its own pitch and timbre. */
export async function makeSpeech({ lines, speed, format }: SpeechRecipe): Promise<Made> {
  const spoken = lines.map(({ text, voice }) => voiceOf(text, voice, speed));
  return asSound(await runMediaTask({ kind: 'speech', lines: spoken, encoding: encodingOf(format) }), format);
}

function voiceOf(text: string, voice: string, speed: number): SpeechTask['lines'][number] {
  const random = new Random(`voice/${voice}`);
  const timbre = women.test(voice) ? `f${random.integer(1, 4)}` : `m${random.integer(1, 7)}`;
  const wordsPerMinute = Math.round(usualWordsPerMinute * speed);
  return { text, voice: `en+${timbre}`, wordsPerMinute, pitch: random.integer(40, 60) };
}
