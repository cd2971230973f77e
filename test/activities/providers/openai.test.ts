import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openai } from '../../../activities/providers/openai';
import type { SyncOperation } from '../../../activities/providers/provider';
import { ProviderError } from '../../../activities/providers/provider-error';
import { anOperationRequest, aProviderCall, guardedFetch } from './a-provider-call';
import { ScriptedServer, type ScriptedAnswer } from './scripted-server';

let server: ScriptedServer;

beforeAll(async () => {
  server = await new ScriptedServer().listen();
});

afterAll(async () => {
  await guardedFetch.close();
  await server.close();
});

function callOperation(name: string) {
  const operation = openai.operations[name] as SyncOperation;
  return operation.call(anOperationRequest({ model: 'gpt-x' }), aProviderCall(openai, `${server.url}/v1`));
}

async function errorOf(name: string, answer: ScriptedAnswer): Promise<ProviderError> {
  server.answer(answer);
  const error = await callOperation(name).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw new Error(`expected a ProviderError, got ${String(error)}`);
  return error;
}

function chat(message: object, finishReason = 'stop') {
  return {
    body: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finishReason }],
      usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 },
    },
  };
}

const openaiError = (
  status: number,
  code: string | null,
  type = 'invalid_request_error',
  message = 'No.',
) => ({
  status,
  body: { error: { message, type, param: null, code } },
});

describe('operations', () => {
  it.each([
    ['chat', '/v1/chat/completions', chat({ content: 'A lighthouse.', refusal: null })],
    [
      'images',
      '/v1/images/generations',
      { body: { created: 1713833628, data: [{ b64_json: 'iVBORw0KGgo=' }], usage: { total_tokens: 100 } } },
    ],
  ])('%s posts the model with its input and answers the JSON as it is', async (name, path, answer) => {
    server.answer(answer);
    expect(await callOperation(name)).toEqual({ body: answer.body });
    expect(server.seen).toMatchObject([
      {
        method: 'POST',
        path,
        headers: { authorization: 'Bearer key-id-1234:key-secret-5678' },
        body: '{"model":"gpt-x","prompt":"a lighthouse at dawn"}',
      },
    ]);
  });

  it('speech answers bytes and their type', async () => {
    server.answer({
      headers: { 'content-type': 'audio/mpeg; charset=x' },
      body: Buffer.from([0xff, 0xfb, 1]),
    });
    const reply = await callOperation('speech');
    expect(reply).toMatchObject({ body: null, mimeType: 'audio/mpeg' });
    expect([...(reply.bytes ?? [])]).toEqual([0xff, 0xfb, 1]);
    expect(server.seen[0]?.path).toBe('/v1/audio/speech');
  });

  it.each([{ body: { audio: 'no' } }, { headers: { 'content-type': 'audio/mpeg' }, body: '' }])(
    'speech takes %j as unusable and billed',
    async (answer) => {
      expect(await errorOf('speech', answer)).toMatchObject({ kind: 'response_invalid', billed: true });
    },
  );
});

describe('refusals', () => {
  it.each([
    ['a refusal in the message', 'chat', chat({ content: null, refusal: "I can't help with that." }), true],
    ['a filtered answer', 'chat', chat({ content: '' }, 'content_filter'), true],
    [
      'moderation_blocked',
      'images',
      openaiError(400, 'moderation_blocked', 'image_generation_user_error'),
      false,
    ],
    ['content_policy_violation', 'images', openaiError(400, 'content_policy_violation'), false],
    ['the safety system', 'images', openaiError(400, null, 'x', 'rejected by our safety system'), false],
  ])('knows %s', async (_case, name, answer, billed) => {
    expect(await errorOf(name, answer)).toMatchObject({ kind: 'refused', billed });
  });
});

describe('errors', () => {
  it.each([
    [openaiError(400, 'invalid_value'), 'request_rejected'],
    [openaiError(401, 'invalid_api_key'), 'authentication'],
    [openaiError(403, null), 'authentication'],
    [openaiError(404, 'model_not_found'), 'model_gone'],
    [openaiError(403, 'model_not_found'), 'model_gone'],
    [openaiError(400, null, 'x', 'The model `dall-e-3` is no longer available.'), 'model_gone'],
    [openaiError(429, 'rate_limit_exceeded'), 'rate_limited'],
    [openaiError(429, 'insufficient_quota', 'insufficient_quota'), 'billing'],
    [openaiError(429, 'credit_balance_exhausted'), 'billing'],
    [openaiError(429, 'organization_spend_limit_exceeded'), 'billing'],
    [openaiError(429, 'project_spend_limit_exceeded'), 'billing'],
    [openaiError(500, null, 'server_error'), 'unavailable'],
    [openaiError(503, null, 'server_error'), 'unavailable'],
    [{ status: 502, body: '<html>Bad gateway</html>' }, 'ambiguous'],
    [{ instead: 'hang_up' } as const, 'ambiguous'],
    [{ body: '{"choices":[{"mess' }, 'response_invalid'],
  ])('takes %j as %s', async (answer, kind) => {
    expect((await errorOf('chat', answer)).kind).toBe(kind);
  });

  it.each([
    [{ 'retry-after': '3', 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '6m0s' }, 3_000],
    [{ 'retry-after-ms': '120' }, 120],
    [{ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '1m2.5s' }, 62_500],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '120ms' }, 120],
    [{ 'x-ratelimit-remaining-requests': '7', 'x-ratelimit-reset-requests': '1s' }, undefined],
  ])('reads from %j to wait %s ms', async (headers, expected) => {
    const { retryAfterMs } = await errorOf('chat', {
      ...openaiError(429, 'rate_limit_exceeded'),
      headers: { ...headers },
    });
    expect(retryAfterMs).toBe(expected);
  });
});

describe('an answer that tells what is left of the limits', () => {
  const limit = (kind: string, whole: number, left: number, reset: string) => ({
    [`x-ratelimit-limit-${kind}`]: String(whole),
    [`x-ratelimit-remaining-${kind}`]: String(left),
    [`x-ratelimit-reset-${kind}`]: reset,
  });

  it.each([
    [{}, undefined],
    [limit('requests', 500, 10, '58s'), undefined],
    [limit('requests', 500, 9, '58s'), 58_000],
    [limit('requests', 3, 1, '40s'), undefined],
    [limit('requests', 3, 0, '40s'), 40_000],
    [{ ...limit('requests', 500, 499, '1s'), ...limit('tokens', 10_000, 150, '2m') }, 120_000],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '120ms' }, 120],
    [{ 'x-ratelimit-remaining-requests': 'few', 'x-ratelimit-reset-requests': '1s' }, undefined],
  ])('%j lets the key rest for %s ms', (headers, expected) => {
    expect(openai.readLimitRestMs?.(new Headers(headers as Record<string, string>))).toBe(expected);
  });
});
