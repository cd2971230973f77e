import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fal } from '../../../activities/providers/fal';
import type {
  CallbackMessage,
  JobHandle,
  QueueOperation,
  SyncOperation,
} from '../../../activities/providers/provider';
import { ProviderError } from '../../../activities/providers/provider-error';
import { anOperationRequest, aProviderCall, guardedFetch } from './a-provider-call';
import { ScriptedServer } from './scripted-server';

const queue = fal.operations['queue'] as QueueOperation;
const run = fal.operations['run'] as SyncOperation;
const ID = '764cabcf-b745-4b3e-ae38-1200304cf45b';

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

/** The submit answer of docs.fal.ai, queue. */
function accepted(base: string) {
  const request = `${base}/fal-ai/bytedance/requests/${ID}`;
  return {
    body: {
      status: 'IN_QUEUE',
      request_id: ID,
      response_url: request,
      status_url: `${request}/status`,
      cancel_url: `${request}/cancel`,
      queue_position: 0,
    },
  };
}

async function aJob(): Promise<JobHandle> {
  server.answer(accepted(server.url));
  const request = anOperationRequest({ model: 'fal-ai/bytedance/seedream/v4/edit' });
  return queue.submit(request, aProviderCall(fal, server.url));
}

async function errorOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw new Error(`expected a ProviderError, got ${String(error)}`);
  return error;
}

const completed = { body: { status: 'COMPLETED', metrics: { inference_time: 3.7 } } };
const completedBadly = {
  body: { status: 'COMPLETED', error: 'Invalid status code: 422', error_type: 'content_policy_violation' },
};
const modelError = (type: string, status = 422) => ({
  status,
  headers: { 'x-fal-error-type': type, 'x-fal-retryable': String(status >= 500) },
  body: {
    detail: [
      { loc: ['body', 'prompt'], msg: 'No.', type, url: `https://docs.fal.ai/errors#${type}`, input: 'x' },
    ],
  },
});

describe('submit', () => {
  it('posts the model’s own JSON with the key and the callback', async () => {
    server.answer(accepted(server.url));
    const callbackUrl = 'https://everframe.example/api/v1/callbacks/t0ken?a=1';
    await queue.submit(
      anOperationRequest({ model: 'fal-ai/flux-2-pro', callbackUrl }),
      aProviderCall(fal, server.url),
    );
    expect(server.seen).toMatchObject([
      {
        method: 'POST',
        path: `/fal-ai/flux-2-pro?fal_webhook=${encodeURIComponent(callbackUrl)}`,
        headers: { authorization: 'Key key-id-1234:key-secret-5678', 'content-type': 'application/json' },
        body: '{"prompt":"a lighthouse at dawn"}',
      },
    ]);
  });

  it('keeps the addresses that fal gave, as paths', async () => {
    expect(await aJob()).toEqual({
      providerJobId: ID,
      statusPath: `/fal-ai/bytedance/requests/${ID}/status`,
      resultPath: `/fal-ai/bytedance/requests/${ID}`,
      cancelPath: `/fal-ai/bytedance/requests/${ID}/cancel`,
    });
  });

  it('keeps a result address that ends in /response', async () => {
    const { body } = accepted(server.url);
    server.answer({ body: { ...body, response_url: `${body.response_url}/response` } });
    const handle = await queue.submit(anOperationRequest(), aProviderCall(fal, server.url));
    expect(handle['resultPath']).toBe(`/fal-ai/bytedance/requests/${ID}/response`);
  });

  it('takes no address at another origin: it builds its own from owner and app', async () => {
    const foreign = await new ScriptedServer().listen();
    servers.push(foreign);
    foreign.answer({ body: {} });
    server.answer(accepted(foreign.url));
    const call = aProviderCall(fal, server.url);
    const handle = await queue.submit(anOperationRequest({ model: 'fal-ai/recraft/v4/text-to-image' }), call);
    expect(handle['statusPath']).toBe(`/fal-ai/recraft/requests/${ID}/status`);
    server.answer({ status: 202, body: { status: 'IN_QUEUE' } });
    await queue.check(handle, call);
    expect([server.seen.length, foreign.seen.length]).toEqual([1, 0]);
  });

  it('finds the job again when the base has moved', async () => {
    const handle = await aJob();
    const moved = await new ScriptedServer().listen();
    servers.push(moved);
    moved.answer({ status: 202, body: { status: 'IN_QUEUE' } });
    expect(await queue.check(handle, aProviderCall(fal, moved.url))).toEqual({ status: 'pending' });
  });

  it.each([
    [{ status: 200, body: {} }, 'ambiguous'],
    [{ status: 200, body: { request_id: '../../admin' } }, 'ambiguous'],
    [{ status: 502, body: '<html>502 Bad Gateway</html>' }, 'ambiguous'],
    [{ instead: 'hang_up' } as const, 'ambiguous'],
    [{ status: 500, body: { detail: 'Oops', error_type: 'internal_error' } }, 'unavailable'],
    [{ status: 503, body: '' }, 'unavailable'],
    [{ status: 500, headers: { 'x-fal-retryable': 'false' }, body: { detail: 'No' } }, 'request_rejected'],
    [{ status: 400, headers: { 'x-fal-retryable': 'true' }, body: { detail: 'Again' } }, 'unavailable'],
    [{ status: 429, body: { detail: 'Slow down', error_type: 'concurrent_requests_limit' } }, 'rate_limited'],
    [{ status: 401, body: { detail: 'No user found for Key ID and Secret' } }, 'authentication'],
    [{ status: 403, body: { detail: 'User is locked. Reason: Exhausted balance.' } }, 'billing'],
    [{ status: 404, body: { detail: 'Application "acme/painter" not found' } }, 'model_gone'],
    [modelError('content_policy_violation'), 'refused'],
    [modelError('no_media_generated'), 'refused'],
    [modelError('image_too_small'), 'request_rejected'],
  ])('takes %j as %s', async (answer, kind) => {
    server.answer(answer);
    const error = await errorOf(queue.submit(anOperationRequest(), aProviderCall(fal, server.url)));
    expect(error.kind).toBe(kind);
  });
});

describe('check', () => {
  it.each([
    { status: 202, body: { status: 'IN_QUEUE', queue_position: 3 } },
    { status: 202, body: { status: 'IN_PROGRESS', logs: null } },
  ])('waits while the job is $body.status', async (answer) => {
    const handle = await aJob();
    server.answer(answer);
    expect(await queue.check(handle, aProviderCall(fal, server.url))).toEqual({ status: 'pending' });
    expect(server.seen[0]?.path).toBe(`/fal-ai/bytedance/requests/${ID}/status`);
  });

  it('answers the output and what is billed', async () => {
    const handle = await aJob();
    const output = {
      images: [{ url: 'https://v3.fal.media/files/a.png', width: 1024, height: 768 }],
      seed: 7,
    };
    server.answer(completed, { headers: { 'x-fal-billable-units': '1.5' }, body: output });
    expect(await queue.check(handle, aProviderCall(fal, server.url))).toEqual({
      status: 'succeeded',
      reply: { body: output, billableUnits: 1.5 },
    });
  });

  it.each([
    [completedBadly, modelError('content_policy_violation'), 'refused'],
    [completedBadly, modelError('no_media_generated'), 'refused'],
    [completedBadly, modelError('file_download_error'), 'input_unreachable'],
    [completedBadly, modelError('internal_server_error', 500), 'job_failed'],
    [completedBadly, modelError('generation_timeout', 504), 'job_failed'],
    [completedBadly, { status: 503, body: { detail: 'x', error_type: 'runner_disconnected' } }, 'job_failed'],
    [completedBadly, { body: { images: [] } }, 'job_failed'],
    [completedBadly, { status: 499, body: { detail: 'x', error_type: 'client_cancelled' } }, 'job_failed'],
    [completed, modelError('content_policy_violation'), 'refused'],
    [completed, modelError('internal_server_error', 500), 'job_failed'],
    [completed, { status: 503, body: { detail: 'x', error_type: 'runner_disconnected' } }, 'unavailable'],
    [completed, { status: 429, body: {} }, 'rate_limited'],
    [completed, { body: '{"images":[{"url":"https://v3.f' }, 'unavailable'],
    [completed, { instead: 'hang_up' } as const, 'unavailable'],
    [{ status: 404, body: { detail: 'Request not found' } }, { body: {} }, 'job_failed'],
    [{ body: { status: 'DANCING' } }, { body: {} }, 'unavailable'],
  ])('takes the state %j with the result %j as %s', async (state, result, kind) => {
    const handle = await aJob();
    server.answer(state, result);
    expect((await errorOf(queue.check(handle, aProviderCall(fal, server.url)))).kind).toBe(kind);
  });

  it('waits when the result is not there yet although the job is said to be done', async () => {
    const handle = await aJob();
    server.answer(completed, { status: 400, body: { detail: 'Request is still in progress' } });
    expect(await queue.check(handle, aProviderCall(fal, server.url))).toEqual({ status: 'pending' });
  });

  it('names the error and its field to the caller and says when it is billed', async () => {
    const handle = await aJob();
    const answer = modelError('image_too_small');
    server.answer(completedBadly, { ...answer, headers: { ...answer.headers, 'x-fal-billable-units': '1' } });
    const error = await errorOf(queue.check(handle, aProviderCall(fal, server.url)));
    expect(error.message).toContain('image_too_small at prompt');
    expect(error.billed).toBe(true);
  });
});

describe('cancel', () => {
  it.each([
    { status: 202, body: { status: 'CANCELLATION_REQUESTED' } },
    { status: 400, body: { status: 'ALREADY_COMPLETED' } },
    { status: 404, body: { status: 'NOT_FOUND' } },
  ])('is content with $body.status', async (answer) => {
    const handle = await aJob();
    server.answer(answer);
    await queue.cancel?.(handle, aProviderCall(fal, server.url));
    expect(server.seen).toMatchObject([{ method: 'PUT', path: `/fal-ai/bytedance/requests/${ID}/cancel` }]);
  });
});

describe('run', () => {
  it('answers the output of the synchronous host', async () => {
    server.answer({
      headers: { 'x-fal-billable-units': '2' },
      body: { image: { url: 'https://v3.fal.media/b.png' } },
    });
    const reply = await run.call(
      anOperationRequest({ model: 'fal-ai/birefnet' }),
      aProviderCall(fal, server.url),
    );
    expect(reply).toEqual({ body: { image: { url: 'https://v3.fal.media/b.png' } }, billableUnits: 2 });
    expect(server.seen[0]?.path).toBe('/fal-ai/birefnet');
  });

  it('does not know the fate of a call that broke off', async () => {
    server.answer({ instead: 'hang_up' });
    expect((await errorOf(run.call(anOperationRequest(), aProviderCall(fal, server.url)))).kind).toBe(
      'ambiguous',
    );
  });
});

describe('readCallback', () => {
  const NOW_MS = Date.UTC(2026, 10, 21);
  const keys = generateKeyPairSync('ed25519');
  const jwks = { body: { keys: [keys.publicKey.export({ format: 'jwk' })] } };
  const payload = JSON.stringify({
    request_id: ID,
    gateway_request_id: ID,
    status: 'OK',
    payload: { images: [] },
  });

  interface CallbackFacts {
    readonly body?: string;
    readonly signedBody?: string;
    readonly ageSeconds?: number;
    readonly key?: KeyObject;
    readonly headers?: Readonly<Record<string, string>>;
  }

  function aCallback(facts: CallbackFacts = {}): CallbackMessage {
    const { body = payload, ageSeconds = 0, key = keys.privateKey, headers = {} } = facts;
    const { signedBody = body } = facts;
    const timestamp = String(NOW_MS / 1_000 - ageSeconds);
    const bodyHash = createHash('sha256').update(signedBody).digest('hex');
    const signature = sign(null, Buffer.from([ID, 'user-1', timestamp, bodyHash].join('\n')), key);
    return {
      headers: {
        'X-Fal-Webhook-Request-Id': ID,
        'x-fal-webhook-user-id': 'user-1',
        'x-fal-webhook-timestamp': timestamp,
        'x-fal-webhook-signature': signature.toString('hex'),
        ...headers,
      },
      rawBody: Buffer.from(body),
      receivedAtMs: NOW_MS,
      model: 'fal-ai/bytedance/seedream/v4/edit',
    };
  }

  const read = (message: CallbackMessage) => fal.readCallback?.(message, aProviderCall(fal, server.url));

  it('reads the handle of the job out of a genuine one, and loads the keys once and without our key', async () => {
    server.answer(jwks);
    const handles = [
      await read(aCallback()),
      await read(aCallback({ ageSeconds: 299 })),
      await read(aCallback({ ageSeconds: -299 })),
    ];
    expect(handles.map((handle) => handle?.['statusPath'])).toEqual(
      Array(3).fill(`/fal-ai/bytedance/requests/${ID}/status`),
    );
    expect(server.seen.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/.well-known/jwks.json', undefined],
    ]);
  });

  it.each([
    ['forged with another key', () => aCallback({ key: generateKeyPairSync('ed25519').privateKey })],
    ['301 s old', () => aCallback({ ageSeconds: 301 })],
    ['301 s ahead', () => aCallback({ ageSeconds: -301 })],
    [
      're-encoded',
      () => aCallback({ body: JSON.stringify(JSON.parse(payload), null, 1), signedBody: payload }),
    ],
    ['cut short', () => aCallback({ body: payload.slice(0, -1), signedBody: payload })],
    ['for another user', () => aCallback({ headers: { 'x-fal-webhook-user-id': 'user-2' } })],
    [
      'with another time',
      () => aCallback({ headers: { 'x-fal-webhook-timestamp': String(NOW_MS / 1_000 - 1) } }),
    ],
    ['with its signature twice', () => aCallback({ headers: { 'x-fal-webhook-signature': 'aa, aa' } })],
    ['without a signature', () => ({ ...aCallback(), headers: {} })],
    ['genuine but no JSON', () => aCallback({ body: 'hello' })],
    ['genuine but with an id that is none', () => aCallback({ body: '{"request_id":"../x"}' })],
  ])('ignores one that is %s', async (_case, message) => {
    server.answer(jwks);
    expect(await read(message())).toBeUndefined();
  });

  it('says that it does not know while the keys cannot be had', async () => {
    server.answer({ status: 503 });
    const error = await errorOf(Promise.resolve(read(aCallback())));
    expect(error.kind).toBe('unavailable');
  });
});
