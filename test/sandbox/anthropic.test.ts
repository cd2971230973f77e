import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { aSandbox, type TestSandbox } from './a-sandbox';

let sandbox: TestSandbox;
let client: Anthropic;

beforeAll(async () => {
  sandbox = await aSandbox();
  client = new Anthropic({ apiKey: 'sk-ant-any', baseURL: `${sandbox.url}/anthropic`, maxRetries: 0 });
});
afterAll(() => sandbox.remove());

const model = 'claude-haiku-5-5';

async function ask(prompt: string, more: Partial<Anthropic.MessageCreateParamsNonStreaming> = {}) {
  return client.messages.create({
    model,
    max_tokens: 512,
    messages: [{ role: 'user', content: prompt }],
    ...more,
  });
}

function textOf({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

/** As the vendor's own examples call it: with the key in `x-api-key`. */
async function post(body: object, headers: Record<string, string>): Promise<Response> {
  return fetch(`${sandbox.url}/anthropic/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model,
      max_tokens: 16,
      messages: [{ role: 'user', content: 'Hello' }],
      ...body,
    }),
  });
}

describe('Anthropic, driven by its official client', () => {
  it('answers by what system and user ask for, and counts tokens', async () => {
    const message = await ask('the sun over the sea', { system: 'Translate to German.' });
    expect(textOf(message)).toBe('die Sonne über die Meer');
    expect(message).toMatchObject({ type: 'message', role: 'assistant', model, stop_reason: 'end_turn' });
    expect(message.usage.input_tokens).toBeGreaterThan(5);
    expect(message.usage.output_tokens).toBeGreaterThan(0);
  });

  it('fits the answer to a JSON Schema', async () => {
    const schema = {
      type: 'object',
      additionalProperties: false,
      required: ['label', 'confidence'],
      properties: {
        label: { type: 'string', enum: ['sports', 'cooking'] },
        confidence: { type: 'number', minimum: 0, maximum: 1 },
      },
    };
    const message = await ask('a cooking recipe', {
      output_config: { format: { type: 'json_schema', schema } },
    });
    expect(JSON.parse(textOf(message))).toMatchObject({ label: 'cooking', confidence: expect.any(Number) });
  });

  it('looks at pictures, and says so when it cannot read one', async () => {
    const png = await sharp({ create: { width: 32, height: 32, channels: 3, background: '#2244cc' } })
      .png()
      .toBuffer();
    const show = (data: string) =>
      ask('', {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
              { type: 'text', text: 'Describe this picture.' },
            ],
          },
        ],
      });
    expect(textOf(await show(png.toString('base64')))).toContain('blue');
    await expect(show('bm90IGEgcGljdHVyZQ==')).rejects.toMatchObject({ status: 400 });
  });

  it('stops at the token limit', async () => {
    const message = await ask('Describe this image of a castle', { max_tokens: 4 });
    expect(message.stop_reason).toBe('max_tokens');
    expect(textOf(message).length).toBeLessThanOrEqual(16);
  });
});

describe("Anthropic's versions and errors", () => {
  it('takes the key in both headers and both versions, and nothing without them', async () => {
    const current = { 'x-api-key': 'k', 'anthropic-version': '2026-10-21' };
    expect((await post({}, current)).status).toBe(200);
    expect((await post({}, { authorization: 'Bearer k', 'anthropic-version': '2023-06-01' })).status).toBe(
      200,
    );
    expect((await post({}, { 'anthropic-version': '2026-10-21' })).status).toBe(401);
    expect((await post({}, { 'x-api-key': 'k' })).status).toBe(400);
    expect((await post({}, { ...current, 'anthropic-version': '2020-01-01' })).status).toBe(400);
  });

  it('turns sampling parameters away under the new version alone', async () => {
    const answers = await Promise.all(
      ['2026-10-21', '2023-06-01'].map((version) =>
        post({ temperature: 1 }, { 'x-api-key': 'k', 'anthropic-version': version }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([400, 200]);
  });

  it('refuses with status 200, and says unknown models, limits and empty wallets in its own words', async () => {
    await sandbox.plan(
      { action: 'refuse', contains: 'blood' },
      { action: 'rate_limit', contains: 'fast', retryAfterSeconds: 7 },
      { action: 'insufficient_quota', contains: 'broke' },
      { action: 'server_error', contains: 'busy', status: 529 },
    );
    expect(await ask('blood')).toMatchObject({ stop_reason: 'refusal', stop_details: { type: 'refusal' } });
    const throttled: unknown = await ask('fast').catch((error: unknown) => error);
    expect(throttled).toMatchObject({ status: 429, error: { error: { type: 'rate_limit_error' } } });
    expect((throttled as { headers: Headers }).headers.get('retry-after')).toBe('7');
    await expect(ask('broke')).rejects.toMatchObject({
      status: 429,
      error: { error: { details: { error_code: 'enforced_spend_limit_reached' } } },
    });
    await expect(ask('busy')).rejects.toMatchObject({
      status: 529,
      error: { error: { type: 'overloaded_error' } },
    });
    await expect(ask('x', { model: 'claude-2' })).rejects.toMatchObject({
      status: 404,
      error: { error: { type: 'not_found_error' } },
    });
    await sandbox.plan();
  });

  it('counts down its rate headers, whose resets are points in time', async () => {
    const headers = async (): Promise<Headers> => {
      const { response } = await client.messages
        .create({ model, max_tokens: 16, messages: [{ role: 'user', content: 'x' }] })
        .withResponse();
      return response.headers;
    };
    const resetOf = (from: Headers): number =>
      Date.parse(from.get('anthropic-ratelimit-requests-reset') ?? '');
    let [before, after] = [await headers(), await headers()];
    // The count starts anew with each minute: both must be of the same one.
    while (resetOf(after) > resetOf(before)) [before, after] = [after, await headers()];
    const left = (from: Headers): number => Number(from.get('anthropic-ratelimit-requests-remaining'));
    expect(left(after)).toBeLessThan(left(before));
    expect(resetOf(after)).toBeGreaterThan(Date.parse(before.get('date') ?? '') - 1);
  });
});
