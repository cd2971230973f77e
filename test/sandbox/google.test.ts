import { GoogleGenAI, Modality } from '@google/genai';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import sharp from 'sharp';
import { aSandbox, type TestSandbox } from './a-sandbox';

/** Media are CPU work, and the machine may be busy. */
jest.setTimeout(60_000);

let sandbox: TestSandbox;
let client: GoogleGenAI;

beforeAll(async () => {
  sandbox = await aSandbox();
  client = aClient();
});
afterAll(() => sandbox.remove());

/** The client of this line calls v1beta unless told otherwise. */
function aClient(apiVersion?: string): GoogleGenAI {
  return new GoogleGenAI({
    apiKey: 'any',
    ...(apiVersion === undefined ? {} : { apiVersion }),
    // Its own way to fetch looks for a global of Node's that jest does not pass on.
    httpOptions: { baseUrl: `${sandbox.url}/google`, fetch: (url, init) => fetch(url, init) },
  });
}

const model = 'gemini-3.5-flash-lite';

describe('Gemini, driven by its official client', () => {
  it.each(['v1', 'v1beta'])('answers by what instruction and text ask for, under %s', async (version) => {
    const answer = await aClient(version).models.generateContent({
      model,
      contents: 'the sun over the sea',
      config: { systemInstruction: 'Translate to German.' },
    });
    expect(answer.text).toBe('die Sonne über die Meer');
    expect(answer.usageMetadata?.totalTokenCount).toBeGreaterThan(5);
    expect(answer.candidates?.[0]?.finishReason).toBe('STOP');
  });

  it('fits the answer to a schema in both of its forms', async () => {
    const ask = async (config: object): Promise<unknown> => {
      const contents = 'a cooking recipe';
      const answer = await client.models.generateContent({
        model,
        contents,
        config: { responseMimeType: 'application/json', ...config },
      });
      return JSON.parse(answer.text ?? '');
    };
    const expected = { label: 'cooking', confidence: expect.any(Number) };
    const inJson = {
      type: 'object',
      properties: { label: { type: 'string', enum: ['sports', 'cooking'] }, confidence: { type: 'number' } },
    };
    const inCapitals = {
      type: 'OBJECT',
      properties: { label: { type: 'STRING', enum: ['sports', 'cooking'] }, confidence: { type: 'NUMBER' } },
    };
    expect(await ask({ responseJsonSchema: inJson })).toMatchObject(expected);
    expect(await ask({ responseSchema: inCapitals })).toMatchObject(expected);
  });

  it('paints in the asked shape and size, and knows its picture again', async () => {
    const answer = await client.models.generateContent({
      model: 'gemini-3.1-flash-lite-image',
      contents: 'a lighthouse above the harbour',
      config: {
        responseModalities: [Modality.IMAGE],
        imageConfig: { aspectRatio: '16:9', imageSize: '512' },
      },
    });
    const data = answer.data ?? '';
    const { format, width = 0, height = 1 } = await sharp(Buffer.from(data, 'base64')).metadata();
    expect(format).toBe('png');
    expect(width / height).toBeCloseTo(16 / 9, 1);
    const described = await client.models.generateContent({
      model,
      contents: [{ inlineData: { mimeType: 'image/png', data } }, { text: 'Describe this picture.' }],
    });
    expect(described.text).toContain('lighthouse');
  });

  it('speaks as bare samples, on v1beta alone', async () => {
    const speak = (from: GoogleGenAI) =>
      from.models.generateContent({
        model: 'gemini-3.8-flash-tts',
        contents: 'Good evening.',
        config: {
          responseModalities: [Modality.AUDIO],
          speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
        },
      });
    const part = (await speak(client)).candidates?.[0]?.content?.parts?.[0];
    expect(part?.inlineData?.mimeType).toBe('audio/L16;codec=pcm;rate=24000');
    expect(Buffer.from(part?.inlineData?.data ?? '', 'base64').length).toBeGreaterThan(10_000);
    await expect(speak(aClient('v1'))).rejects.toMatchObject({ status: 404 });
  });

  it('embeds: texts that share words lie close together', async () => {
    // Of several texts this client makes one content with several parts.
    const embed = async (contents: string): Promise<number[]> => {
      const config = { outputDimensionality: 64 };
      const answer = await client.models.embedContent({ model: 'gemini-embedding-2', contents, config });
      return answer.embeddings?.[0]?.values ?? [];
    };
    const [fox, foxes, tax] = [
      await embed('a red fox'),
      await embed('the red fox sleeps'),
      await embed('quarterly tax report'),
    ];
    const likeness = (left: number[], right: number[]): number =>
      left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);
    expect(fox).toHaveLength(64);
    expect(likeness(fox, foxes)).toBeGreaterThan(likeness(fox, tax));
  });

  it('makes a video in the background, as a file that wants the key', async () => {
    const started = await client.interactions.create({
      model: 'gemini-omni-1.1-flash',
      input: 'a boat at sea',
      background: true,
      response_format: { type: 'video', duration: '3s', resolution: '360p', delivery: 'uri' },
    });
    let now = started;
    while (now.status === 'queued' || now.status === 'in_progress')
      now = await client.interactions.get(started.id);
    expect(now.status).toBe('completed');
    const uri = now.output_video?.uri ?? '';
    expect((await fetch(uri)).status).toBe(403);
    const video = await fetch(uri, { headers: { 'x-goog-api-key': 'any' } });
    const bytes = Buffer.from(await video.arrayBuffer());
    expect(bytes.subarray(4, 8).toString('latin1')).toBe('ftyp');
  });

  it('cancels a video that would never end', async () => {
    await sandbox.plan({ action: 'never_finish', contains: 'endless' });
    const started = await client.interactions.create({
      model: 'gemini-omni-1.1-flash',
      input: 'an endless sea',
      background: true,
      response_format: { type: 'video' },
    });
    await client.interactions.cancel(started.id);
    expect((await client.interactions.get(started.id)).status).toBe('cancelled');
    await sandbox.plan();
  });
});

describe("Gemini's errors", () => {
  it('blocks with status 200, and says limits, wrong keys and empty wallets in its own words', async () => {
    await sandbox.plan(
      { action: 'refuse', contains: 'blood' },
      { action: 'rate_limit', contains: 'fast', retryAfterSeconds: 7 },
      { action: 'insufficient_quota', contains: 'broke' },
      { action: 'unauthorized', contains: 'who' },
    );
    const ask = (contents: string) => client.models.generateContent({ model, contents });
    expect((await ask('blood')).promptFeedback?.blockReason).toBe('PROHIBITED_CONTENT');
    await expect(ask('fast')).rejects.toMatchObject({
      status: 429,
      message: expect.stringContaining('"retryDelay":"7s"'),
    });
    await expect(ask('broke')).rejects.toMatchObject({
      status: 429,
      message: expect.stringContaining('prepayment credits'),
    });
    await expect(ask('who')).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('API_KEY_INVALID'),
    });
    await sandbox.plan();
  });

  it('wants a key, and knows no model that Google has closed', async () => {
    const url = `${sandbox.url}/google/v1/models/${model}:generateContent`;
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(403);
    await expect(
      client.models.generateContent({ model: 'imagen-4.0-generate-001', contents: 'x' }),
    ).rejects.toMatchObject({ status: 404 });
  });
});
