import { createHmac } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CallbackMessage, QueueOperation } from '../../../activities/providers/provider';
import { ProviderError } from '../../../activities/providers/provider-error';
import { replicate } from '../../../activities/providers/replicate';
import { anOperationRequest, aProviderCall, guardedFetch } from './a-provider-call';
import { ScriptedServer, type ScriptedAnswer } from './scripted-server';

const operation = replicate.operations['prediction'] as QueueOperation;
const ID = 'gm3qorzdhgbfurvjtvhg6dckhu';
const handle = { providerJobId: ID };

let server: ScriptedServer;
const servers: ScriptedServer[] = [];

beforeEach(async () => {
  server = await new ScriptedServer().listen();
  servers.push(server);
});

afterAll(async () => {
  await guardedFetch.close();
  await Promise.all(servers.map((each) => each.close()));
});

const aCall = () => aProviderCall(replicate, `${server.url}/v1`);

async function errorOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw new Error(`expected a ProviderError, got ${String(error)}`);
  return error;
}

function prediction(facts: object, status = 200): ScriptedAnswer {
  return {
    status,
    body: {
      id: ID,
      model: 'black-forest-labs/flux-2-pro',
      version: 'hidden',
      input: { prompt: 'a lighthouse at dawn' },
      output: null,
      error: null,
      logs: '',
      status: 'starting',
      data_removed: false,
      urls: { get: `https://api.replicate.com/v1/predictions/${ID}` },
      ...facts,
    },
  };
}

describe('submit', () => {
  it.each([
    ['black-forest-labs/flux-2-pro', '/v1/models/black-forest-labs/flux-2-pro/predictions', {}],
    ['acme/painter:5c7d5dc6', '/v1/predictions', { version: 'acme/painter:5c7d5dc6' }],
    ['5c7d5dc6dd8bf75c', '/v1/predictions', { version: '5c7d5dc6dd8bf75c' }],
  ])('creates a prediction of %s without waiting for it', async (model, path, target) => {
    server.answer(prediction({}, 201));
    expect(await operation.submit(anOperationRequest({ model }), aCall())).toEqual(handle);
    expect(server.seen).toMatchObject([{ method: 'POST', path }]);
    expect(server.seen[0]?.headers).not.toHaveProperty('prefer');
    expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
      ...target,
      input: { prompt: 'a lighthouse at dawn' },
    });
  });

  it('asks for one callback, at the end', async () => {
    server.answer(prediction({}, 201));
    await operation.submit(
      anOperationRequest({ callbackUrl: 'https://everframe.example/cb/t0ken' }),
      aCall(),
    );
    expect(JSON.parse(server.seen[0]?.body ?? '')).toMatchObject({
      webhook: 'https://everframe.example/cb/t0ken',
      webhook_events_filter: ['completed'],
    });
  });

  it.each([
    [{ status: 500, body: { detail: 'Internal error' } }, 'ambiguous'],
    [{ status: 502, body: '' }, 'ambiguous'],
    [{ status: 504, body: '' }, 'ambiguous'],
    [{ status: 503, body: { detail: 'Unavailable' } }, 'unavailable'],
    [{ status: 201, body: '{"id":' }, 'ambiguous'],
    [{ status: 201, body: { id: '../../x' } }, 'ambiguous'],
    [{ instead: 'hang_up' } as const, 'ambiguous'],
    [{ status: 401, body: { title: 'Unauthenticated', status: 401 } }, 'authentication'],
    [{ status: 402, body: { title: 'Insufficient credit', status: 402 } }, 'billing'],
    [{ status: 404, body: { title: 'Not found', status: 404 } }, 'model_gone'],
    [{ status: 410, body: {} }, 'model_gone'],
    [{ status: 422, body: { title: 'Invalid version or not permitted', status: 422 } }, 'model_gone'],
    [{ status: 422, body: { title: 'Input validation failed', status: 422 } }, 'request_rejected'],
  ])('takes %j as %s', async (answer, kind) => {
    server.answer(answer);
    expect((await errorOf(operation.submit(anOperationRequest(), aCall()))).kind).toBe(kind);
  });

  it('reads how long to wait out of the text of a 429', async () => {
    server.answer({
      status: 429,
      body: { detail: 'Request was throttled. Your rate limit resets in ~30s.' },
    });
    const error = await errorOf(operation.submit(anOperationRequest(), aCall()));
    expect([error.kind, error.retryAfterMs]).toEqual(['rate_limited', 30_000]);
  });
});

describe('check', () => {
  it.each(['starting', 'processing'])('waits while it is %s', async (status) => {
    server.answer(prediction({ status }));
    expect(await operation.check(handle, aCall())).toEqual({ status: 'pending' });
    expect(server.seen[0]?.path).toBe(`/v1/predictions/${ID}`);
  });

  it.each([
    'https://replicate.delivery/a.png',
    ['https://replicate.delivery/a.png'],
    { text: 'hello', segments: [] },
  ])('answers the output %j as it is', async (output) => {
    server.answer(prediction({ status: 'succeeded', output }));
    expect(await operation.check(handle, aCall())).toEqual({ status: 'succeeded', reply: { body: output } });
  });

  it.each([
    [{ status: 'failed', error: 'NSFW content detected. Try a different prompt.' }, 'refused'],
    [{ status: 'failed', error: 'The input or output was flagged as sensitive. (E005)' }, 'refused'],
    [{ status: 'failed', error: 'CUDA out of memory' }, 'job_failed'],
    [{ status: 'failed', error: 'File names are case-sensitive' }, 'job_failed'],
    [{ status: 'failed', error: null }, 'job_failed'],
    [{ status: 'canceled' }, 'job_failed'],
    [{ status: 'aborted' }, 'job_failed'],
    [{ status: 'succeeded', data_removed: true }, 'response_invalid'],
    [{ status: 'dancing' }, 'unavailable'],
  ])('takes %j as %s', async (facts, kind) => {
    server.answer(prediction(facts));
    expect((await errorOf(operation.check(handle, aCall()))).kind).toBe(kind);
  });

  it('says that a removed output was paid and why it is gone', async () => {
    server.answer(prediction({ status: 'succeeded', data_removed: true }));
    const error = await errorOf(operation.check(handle, aCall()));
    expect([error.billed, error.message]).toEqual([true, expect.stringContaining('one hour')]);
  });

  it('takes a prediction that is unknown as failed', async () => {
    server.answer({ status: 404, body: { title: 'Not found' } });
    expect((await errorOf(operation.check(handle, aCall()))).kind).toBe('job_failed');
  });
});

describe('cancel', () => {
  it.each([200, 404, 422])('is content with a %d', async (status) => {
    server.answer(prediction({ status: 'canceled' }, status));
    await operation.cancel?.(handle, aCall());
    expect(server.seen).toMatchObject([{ method: 'POST', path: `/v1/predictions/${ID}/cancel` }]);
  });
});

describe('readCallback', () => {
  const NOW_MS = Date.UTC(2026, 10, 21);
  const SECRET = `whsec_${Buffer.from('a secret of 24 bytes here').toString('base64')}`;
  const payload = JSON.stringify({ id: ID, status: 'succeeded', output: 'https://replicate.delivery/a.png' });

  interface CallbackFacts {
    readonly body?: string;
    readonly signedBody?: string;
    readonly ageSeconds?: number;
    readonly secret?: string;
    readonly signature?: (genuine: string) => string;
  }

  function aCallback(facts: CallbackFacts = {}): CallbackMessage {
    const { body = payload, ageSeconds = 0, secret = SECRET, signature = (genuine) => genuine } = facts;
    const timestamp = String(NOW_MS / 1_000 - ageSeconds);
    const genuine = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
      .update(`msg_1.${timestamp}.${facts.signedBody ?? body}`)
      .digest('base64');
    return {
      headers: {
        'webhook-id': 'msg_1',
        'webhook-timestamp': timestamp,
        'webhook-signature': signature(`v1,${genuine}`),
      },
      rawBody: Buffer.from(body),
      receivedAtMs: NOW_MS,
      model: 'black-forest-labs/flux-2-pro',
    };
  }

  const read = (message: CallbackMessage) => replicate.readCallback?.(message, aCall());

  it('reads the handle out of a genuine one, and asks for the secret once', async () => {
    server.answer({ body: { key: SECRET } });
    const many = { signature: (genuine: string) => `v1a,AAAA v1,${'A'.repeat(43)}= ${genuine}` };
    const messages = [
      aCallback(),
      aCallback({ ageSeconds: 299 }),
      aCallback({ ageSeconds: -299 }),
      aCallback(many),
    ];
    for (const message of messages) expect(await read(message)).toEqual(handle);
    expect(server.seen.map(({ path }) => path)).toEqual(['/v1/webhooks/default/secret']);
  });

  it.each([
    [
      'forged with another secret',
      aCallback({ secret: `whsec_${Buffer.from('another').toString('base64')}` }),
    ],
    ['301 s old', aCallback({ ageSeconds: 301 })],
    ['301 s ahead', aCallback({ ageSeconds: -301 })],
    ['re-encoded', aCallback({ body: JSON.stringify(JSON.parse(payload), null, 1), signedBody: payload })],
    ['cut short', aCallback({ body: payload.slice(0, -1), signedBody: payload })],
    ['signed by another scheme', aCallback({ signature: (genuine) => genuine.replace('v1,', 'v1a,') })],
    ['signed with nothing', aCallback({ signature: () => 'v1,' })],
    ['without headers', { ...aCallback(), headers: {} }],
    ['genuine but no JSON', aCallback({ body: 'hello' })],
    ['genuine but with an id that is none', aCallback({ body: '{"id":"../x"}' })],
  ])('ignores one that is %s', async (_case, message) => {
    server.answer({ body: { key: SECRET } });
    expect(await read(message)).toBeUndefined();
  });
});
