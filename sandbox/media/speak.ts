import { encodeSound, secondsOf } from './encode-sound';
import type { MediaResult, SpeechTask } from './media-task';

/** eSpeak's files are 16-bit mono at SAMPLE_RATE with a 44-byte header. */
const headerBytes = 44;
/** Between the lines of a dialogue, 16-bit samples. */
const pause = Buffer.alloc(2 * 5_500);

/** Speaks the lines one after the other: WAV, or what `encoding` says. */
export async function speak({ lines, encoding }: SpeechTask): Promise<MediaResult> {
  const spoken: Buffer[] = [];
  for (const line of lines) spoken.push(...(spoken.length === 0 ? [] : [pause]), await speakLine(line));
  const samples = Buffer.concat(spoken);
  return { bytes: await encodeSound(samples, encoding), durationSeconds: secondsOf(samples) };
}

async function speakLine({
  text,
  voice,
  wordsPerMinute,
  pitch,
}: SpeechTask['lines'][number]): Promise<Buffer> {
  // With `fetch` there, the synthesiser first tries to load its WASM from a URL and complains.
  Reflect.deleteProperty(globalThis, 'fetch');
  const { default: text2wav } = await import('text2wav');
  // Its options object drops numbers without a word; as on its command line, everything has to be text. A text that
  // begins with a dash would be taken for an option, hence the space.
  const synthesise = text2wav as unknown as (text: string, ...options: string[]) => Promise<Uint8Array>;
  const wav = await synthesise(` ${text}`, '-v', voice, '-s', String(wordsPerMinute), '-p', String(pitch));
  return Buffer.from(wav).subarray(headerBytes);
}
