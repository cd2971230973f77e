import { describe, expect, it } from '@jest/globals';
import { EverframeError } from '../../client/everframe-error';
import { backoffMs, createTransport, type TransportRequest } from '../../client/http-transport';

const get: TransportRequest = { method: 'GET', path: '/nodes', repeatable: true };

/** Answers in order; an `Error` stands for a broken connection. The last answer stays. */
function transportOf(answers: (Response | Error)[]) {
  const calls: { url: string; init: RequestInit }[] = [];
  const pauses: number[] = [];
  const transport = createTransport({
    baseUrl: 'http://everframe.test/',
    apiKey: 'sk-test-1',
    fetch: async (url, init = {}) => {
      calls.push({ url: url instanceof Request ? url.url : url.toString(), init });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Response) return answer.clone();
      throw answer ?? new Error('No answer was prepared.');
    },
    sleep: async (ms) => void pauses.push(ms),
  });
  return { transport, calls, pauses };
}

const failure = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });

async function errorOf(work: Promise<unknown>): Promise<EverframeError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof EverframeError) return error;
  throw new Error('No EverframeError was thrown.', { cause: error });
}

describe('the client transport', () => {
  it('sends the key and JSON to /api/v1', async () => {
    const { transport, calls } = transportOf([new Response('{}')]);
    await transport.send({ method: 'POST', path: '/x', body: { a: 1 }, repeatable: false });
    expect(calls[0]?.url).toBe('http://everframe.test/api/v1/x');
    expect(calls[0]?.init.headers).toMatchObject({
      Authorization: 'Bearer sk-test-1',
      'Content-Type': 'application/json',
    });
    expect(calls[0]?.init.body).toBe('{"a":1}');
  });

  it.each([429, 503])('repeats a %i after Retry-After, whatever the method', async (status) => {
    const refused = failure(status, { error: 'later', code: 'x' }, { 'Retry-After': '3' });
    const { transport, calls, pauses } = transportOf([refused, new Response('{}')]);
    await transport.send({ method: 'POST', path: '/x', repeatable: false });
    expect([calls.length, pauses]).toEqual([2, [3_000]]);
  });

  it('gives up after five attempts, with growing pauses', async () => {
    const { transport, calls, pauses } = transportOf([
      failure(503, { error: 'away', code: 'temporal_unavailable' }),
    ]);
    expect((await errorOf(transport.send(get))).code).toBe('temporal_unavailable');
    expect(calls).toHaveLength(5);
    pauses.forEach((ms, index) => {
      expect(ms).toBeGreaterThanOrEqual(backoffMs(index + 1) / 2);
      expect(ms).toBeLessThanOrEqual(backoffMs(index + 1));
    });
  });

  it('leaves a pause of more than a minute to the caller', async () => {
    const daily = failure(
      429,
      { error: 'tomorrow', code: 'daily_executions_reached' },
      { 'Retry-After': '3600' },
    );
    const { transport, calls } = transportOf([daily]);
    expect((await errorOf(transport.send(get))).retryAfterSeconds).toBe(3_600);
    expect(calls).toHaveLength(1);
  });

  it('repeats after a broken connection only what is repeatable', async () => {
    const broken = () => transportOf([new Error('ECONNRESET'), new Response('{}')]);
    const repeated = broken();
    await repeated.transport.send(get);
    expect(repeated.calls).toHaveLength(2);
    const single = broken();
    const error = await errorOf(single.transport.send({ method: 'POST', path: '/x', repeatable: false }));
    expect([error.status, error.code, single.calls.length]).toEqual([0, 'network', 1]);
  });

  it('carries all that the API told about an error', async () => {
    const issue = { path: 'nodes[0]', code: 'node_type_unknown', message: 'Unknown.', fix: 'Use another.' };
    const body = { error: 'One fault', code: 'graph_invalid', requestId: 'r1', issues: [issue], extra: 1 };
    const { transport } = transportOf([failure(422, body)]);
    const error = await errorOf(transport.send(get));
    expect(error).toMatchObject({
      status: 422,
      message: 'One fault',
      code: 'graph_invalid',
      requestId: 'r1',
    });
    expect([error.issues, error.body.extra]).toEqual([[issue], 1]);
  });

  it('reads an error page of a proxy', async () => {
    const { transport } = transportOf([
      new Response('<html>', { status: 500, headers: { 'X-Request-Id': 'r2' } }),
    ]);
    expect(await errorOf(transport.send(get))).toMatchObject({
      status: 500,
      code: 'http_500',
      requestId: 'r2',
    });
  });
});

describe('backoffMs', () => {
  it('is 1 s × 1.5 per try, at most 10 s', () => {
    expect([1, 2, 3, 10].map(backoffMs)).toEqual([1_000, 1_500, 2_250, 10_000]);
  });
});
