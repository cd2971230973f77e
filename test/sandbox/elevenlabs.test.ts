import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ElevenLabsClient, ElevenLabsError } from '@elevenlabs/elevenlabs-js';
import { sniffMediaType } from '../../store/assets/media/sniff-media-type';
import { aSandbox, type TestSandbox } from './a-sandbox';

/** Media are CPU work, and the machine may be busy. */
jest.setTimeout(60_000);

let sandbox: TestSandbox;
let client: ElevenLabsClient;

beforeAll(async () => {
  sandbox = await aSandbox();
  client = new ElevenLabsClient({ apiKey: 'any', baseUrl: `${sandbox.url}/elevenlabs`, maxRetries: 0 });
});
afterAll(() => sandbox.remove());

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  return Buffer.from(await new Response(stream).arrayBuffer());
}

describe('ElevenLabs, driven by its official client', () => {
  it('speaks a text, and hears in the sound what was spoken', async () => {
    const text = 'Good evening, ladies and gentlemen.';
    const speech = await bytesOf(
      await client.textToSpeech.convert('Rachel', {
        text,
        modelId: 'eleven_flash_v2_5',
        outputFormat: 'mp3_44100_128',
      }),
    );
    expect(sniffMediaType(speech)?.mimeType).toBe('audio/mpeg');
    const file = new Blob([new Uint8Array(speech)], { type: 'audio/mpeg' });
    const heard = await client.speechToText.convert({ modelId: 'scribe_v2', file });
    expect(heard).toMatchObject({ text, languageCode: 'eng', words: expect.arrayContaining([]) });
  });

  it('keeps what is said when the voice is changed or cleaned, and invents words for a sound it never made', async () => {
    const text = 'The last train leaves at nine.';
    const speech = await bytesOf(
      await client.textToSpeech.convert('Adam', { text, outputFormat: 'wav_22050' }),
    );
    const audio = new Blob([new Uint8Array(speech)], { type: 'audio/wav' });
    for (const stream of [
      await client.speechToSpeech.convert('Rachel', { audio, modelId: 'eleven_multilingual_sts_v2' }),
      await client.audioIsolation.convert({ audio }),
    ]) {
      const changed = new Blob([new Uint8Array(await bytesOf(stream))]);
      expect(await client.speechToText.convert({ modelId: 'scribe_v2', file: changed })).toMatchObject({
        text,
      });
    }
    const other = Buffer.from(speech);
    other.writeInt16LE(1_000, 2_000);
    const file = new Blob([new Uint8Array(other)]);
    const invented = await client.speechToText.convert({ modelId: 'scribe_v2', file });
    expect(invented).not.toMatchObject({ text });
    expect(invented).toMatchObject({ text: expect.stringMatching(/\w+ \w+/) });
  });

  it('makes a dialogue, a sound and music of the asked length', async () => {
    const inputs = [
      { text: 'Who is there?', voiceId: 'Rachel' },
      { text: 'It is me.', voiceId: 'Adam' },
    ];
    const dialogue = await bytesOf(await client.textToDialogue.convert({ inputs }));
    expect(sniffMediaType(dialogue)?.kind).toBe('audio');
    const seconds = async (stream: ReadableStream<Uint8Array>): Promise<number> => {
      const file = new Blob([new Uint8Array(await bytesOf(stream))]);
      const heard = await client.speechToText.convert({ modelId: 'scribe_v2', file });
      return 'audioDurationSecs' in heard ? (heard.audioDurationSecs ?? 0) : 0;
    };
    const rain = { text: 'rain on a roof', durationSeconds: 2 };
    expect(await seconds(await client.textToSoundEffects.convert(rain))).toBeCloseTo(2, 0);
    const song = { prompt: 'a calm piano', musicLengthMs: 3_000, modelId: 'music_v2' } as const;
    expect(await seconds(await client.music.compose(song))).toBeCloseTo(3, 0);
  });

  it('refuses as ElevenLabs does', async () => {
    const speak = async (): Promise<unknown> =>
      client.textToSpeech.convert('Rachel', { text: 'Hello' }).catch((error: unknown) => error);
    await sandbox.plan({ provider: 'elevenlabs', action: 'insufficient_quota', times: 1 });
    const quota = await speak();
    expect(quota).toBeInstanceOf(ElevenLabsError);
    expect(quota).toMatchObject({ statusCode: 401, body: { detail: { status: 'quota_exceeded' } } });
    await sandbox.plan({ provider: 'elevenlabs', action: 'rate_limit', times: 1 });
    expect(await speak()).toMatchObject({ statusCode: 429 });
    await sandbox.plan();
    const unknown: unknown = await client.textToSpeech
      .convert('Rachel', { text: 'Hello', modelId: 'nobody' })
      .catch((error: unknown) => error);
    expect(unknown).toMatchObject({ statusCode: 422 });
  });
});
