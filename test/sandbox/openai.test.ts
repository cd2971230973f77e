import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import OpenAI from 'openai';
import sharp from 'sharp';
import { aSandbox, type TestSandbox } from './a-sandbox';

/** Media are CPU work, and the machine may be busy. */
jest.setTimeout(60_000);

let sandbox: TestSandbox;
let client: OpenAI;

beforeAll(async () => {
  sandbox = await aSandbox();
  client = new OpenAI({ apiKey: 'sk-any', baseURL: `${sandbox.url}/openai/v1`, maxRetries: 0 });
});
afterAll(() => sandbox.remove());

describe('OpenAI, driven by its official client', () => {
  it('makes pictures as base64 in the asked size, format and number', async () => {
    const answer = await client.images.generate({
      model: 'gpt-image-2',
      prompt: 'a lighthouse',
      size: '1536x1024',
      n: 2,
      output_format: 'webp',
    });
    const pictures = (answer.data ?? []).map(({ b64_json }) => Buffer.from(b64_json ?? '', 'base64'));
    expect(pictures).toHaveLength(2);
    expect(await sharp(pictures[0]).metadata()).toMatchObject({ format: 'webp', width: 1536, height: 1024 });
    expect(pictures[0]?.equals(pictures[1] ?? Buffer.alloc(0))).toBe(false);
    expect(answer.usage?.output_tokens).toBeGreaterThan(0);
  });

  it('edits one file as well as several', async () => {
    const source = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#884422' } })
      .png()
      .toBuffer();
    const file = new File([new Uint8Array(source)], 'a.png', { type: 'image/png' });
    for (const image of [file, [file, file]]) {
      const answer = await client.images.edit({
        model: 'gpt-image-2',
        prompt: 'in winter',
        image,
        size: '1024x1024',
      });
      const bytes = Buffer.from(answer.data?.[0]?.b64_json ?? '', 'base64');
      expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 1024 });
    }
  });

  it.each([
    ['wav', 'audio/wav', 'RIFF'],
    ['mp3', 'audio/mpeg', 'ID3'],
  ] as const)('speaks the text as %s', async (format, contentType, signature) => {
    const response = await client.audio.speech.create({
      model: 'gpt-4o-mini-tts',
      voice: 'nova',
      input: 'Good evening.',
      response_format: format,
    });
    expect(response.headers.get('content-type')).toContain(contentType);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.subarray(0, signature.length).toString('latin1')).toBe(signature);
    expect(bytes.length).toBeGreaterThan(4_000);
  });

  it('writes down what a voice of the sandbox spoke, with the times of words for whisper-1', async () => {
    const text = 'The last train leaves at nine.';
    const speech = await client.audio.speech.create({
      model: 'gpt-4o-mini-tts',
      voice: 'nova',
      input: text,
      response_format: 'wav',
    });
    const file = new File([new Uint8Array(await speech.arrayBuffer())], 'a.wav', { type: 'audio/wav' });
    const heard = await client.audio.transcriptions.create({ file, model: 'gpt-transcribe' });
    expect(heard).toMatchObject({ text, usage: { type: 'duration' } });
    const asText = { file, model: 'gpt-4o-transcribe', response_format: 'text' } as const;
    expect(String(await client.audio.transcriptions.create(asText)).trim()).toBe(text);
    const withTimes = { file, model: 'whisper-1', response_format: 'verbose_json' } as const;
    const { words = [], duration } = await client.audio.transcriptions.create(withTimes);
    expect(words.map(({ word }) => word).join(' ')).toBe(text);
    expect(words.at(-1)?.end).toBeCloseTo(Number(duration), 1);
  });

  it('refuses a recording that it cannot read, times from a model that has none, and an unknown model', async () => {
    const file = new File(['no sound'], 'a.wav', { type: 'audio/wav' });
    const transcribe = async (fields: object): Promise<unknown> =>
      client.audio.transcriptions
        .create({ file, model: 'gpt-transcribe', ...fields })
        .catch((error: unknown) => error);
    expect(await transcribe({})).toMatchObject({ status: 400 });
    expect(await transcribe({ response_format: 'verbose_json' })).toMatchObject({
      status: 400,
      param: 'response_format',
    });
    expect(await transcribe({ model: 'nobody' })).toMatchObject({ status: 404, code: 'model_not_found' });
  });

  it('answers a chat by what the instruction asks for', async () => {
    const chat = async (system: string, user: string): Promise<string> => {
      const { choices } = await client.chat.completions.create({
        model: 'gpt-5.4-mini',
        messages: [
          { role: 'system', content: system },
          { role: 'user', content: user },
        ],
      });
      return choices[0]?.message.content ?? '';
    };
    expect(await chat('You write titles.', 'Write a title: a storm over the harbour')).toMatch(
      /Storm|Harbour/,
    );
    expect(await chat('Translate to German.', 'the sun over the sea')).toBe('die Sonne über die Meer');
    expect(Number(await chat('Judge the text from 1 to 10.', 'a fine text'))).toBeGreaterThanOrEqual(7);
    expect(await chat('Describe images.', 'Describe this image of a castle')).toContain('castle');
  });

  it('fits a response to the given JSON Schema', async () => {
    const schema = {
      type: 'object',
      additionalProperties: false,
      required: ['score', 'reasons', 'verdict'],
      properties: {
        score: { type: 'number', minimum: 0, maximum: 1 },
        reasons: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 },
        verdict: { enum: ['accept', 'reject'] },
      },
    };
    const response = await client.responses.create({
      model: 'gpt-5.4-mini',
      instructions: 'You are a strict judge.',
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'Judge this picture' }] }],
      text: { format: { type: 'json_schema', name: 'judgement', schema, strict: true } },
    });
    const value = JSON.parse(response.output_text) as { score: number; reasons: string[]; verdict: string };
    expect(value.score).toBeGreaterThan(0);
    expect(value.score).toBeLessThanOrEqual(1);
    expect(value.reasons).toHaveLength(2);
    expect(['accept', 'reject']).toContain(value.verdict);
  });

  it('runs a response in the background and shows it by its id', async () => {
    const started = await client.responses.create({
      model: 'gpt-5.4-mini',
      input: 'Say hello',
      background: true,
    });
    let response = started;
    while (response.status === 'queued' || response.status === 'in_progress')
      response = await client.responses.retrieve(started.id);
    expect(response.status).toBe('completed');
    expect(response.output_text).not.toBe('');
  });

  it('moderates and embeds', async () => {
    const { results } = await client.moderations.create({ input: ['a kitten', 'a bloody massacre'] });
    expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
    const embed = async (input: string): Promise<number[]> => {
      const { data } = await client.embeddings.create({
        model: 'text-embedding-3-small',
        input,
        dimensions: 64,
      });
      return data[0]?.embedding ?? [];
    };
    const [fox, foxes, tax] = [
      await embed('a red fox'),
      await embed('the red fox sleeps'),
      await embed('quarterly tax report'),
    ];
    const likeness = (left: number[], right: number[]): number =>
      left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);
    expect(likeness(fox, fox)).toBeCloseTo(1, 4);
    expect(likeness(fox, foxes)).toBeGreaterThan(likeness(fox, tax));
  });
});

describe("OpenAI's errors", () => {
  it('tells a missing key, an unknown model and a wrong value apart', async () => {
    const withoutKey = await fetch(`${sandbox.url}/openai/v1/images/generations`, {
      method: 'POST',
      body: '{}',
    });
    expect(withoutKey.status).toBe(401);
    await expect(client.images.generate({ model: 'gpt-image-1', prompt: 'x' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    await expect(
      client.images.generate({ model: 'gpt-image-2', prompt: 'x', size: '1000x1000' }),
    ).rejects.toMatchObject({ status: 400, param: 'size' });
    await expect(client.images.generate({ model: 'gpt-image-2', prompt: '' })).rejects.toMatchObject({
      status: 400,
      param: 'prompt',
    });
  });

  it('refuses, throttles and sends an empty wallet away in its own words', async () => {
    await sandbox.plan(
      { action: 'refuse', contains: 'blood', provider: 'openai' },
      { action: 'rate_limit', contains: 'fast', retryAfterSeconds: 7 },
      { action: 'insufficient_quota', contains: 'broke' },
    );
    const ask = (prompt: string) => client.images.generate({ model: 'gpt-image-2', prompt });
    await expect(ask('blood')).rejects.toMatchObject({
      status: 400,
      code: 'moderation_blocked',
      type: 'image_generation_user_error',
    });
    const throttled: unknown = await ask('fast').catch((error: unknown) => error);
    expect(throttled).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect((throttled as { headers: Headers }).headers.get('retry-after')).toBe('7');
    await expect(ask('broke')).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' });
    const { choices } = await client.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'blood' }],
    });
    expect(choices[0]?.message).toMatchObject({ content: null, refusal: expect.any(String) });
    const entries = (await sandbox.ledger()).filter(({ prompt }) => ['fast', 'broke'].includes(prompt ?? ''));
    expect(entries.map(({ accepted, billed, status }) => [accepted, billed, status])).toEqual([
      [false, false, 'rate_limit'],
      [false, false, 'insufficient_quota'],
    ]);
  });

  it('counts down its rate headers', async () => {
    const rate = async () => {
      const { headers } = (await client.moderations.create({ input: 'x' }).withResponse()).response;
      const numberOf = (name: string): number => parseInt(headers.get(`x-ratelimit-${name}`) ?? '', 10);
      return { remaining: numberOf('remaining-requests'), resetSeconds: numberOf('reset-requests') };
    };
    let [before, after] = [await rate(), await rate()];
    // The count starts anew with each minute: both must be of the same one.
    while (after.resetSeconds > before.resetSeconds) [before, after] = [after, await rate()];
    expect(after.remaining).toBeLessThan(before.remaining);
  });
});
