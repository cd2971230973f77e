import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { request } from 'node:http';
import { openDatabase, type Database } from '../../store/database/database';
import { apiProcesses, type ApiProcess, type ApiProcesses } from './support/api-process';
import { onlyText } from './support/graphs';
import { accountFactory, type TestAccount } from './support/test-api';

let processes: ApiProcesses;
let database: Database;
let instances: readonly [ApiProcess, ApiProcess];
let leaving: ApiProcess;

beforeAll(async () => {
  processes = await apiProcesses();
  // All at once on an empty database: one makes the tables, the others wait for it.
  const [first, second, third] = await Promise.all([
    processes.start(),
    processes.start(),
    processes.start({ EVERFRAME_SHUTDOWN_DELAY_MS: '3000' }),
  ]);
  expect([first, second, third].map(({ url, output }) => (url === '' ? output() : 'it listens'))).toEqual(
    Array.from({ length: 3 }, () => 'it listens'),
  );
  [instances, leaving] = [[first, second], third];
  database = openDatabase(processes.databaseUrl, { poolMax: 2 });
});
afterAll(async () => {
  await database.close();
  await processes.close();
});

const account = (plan: string): Promise<TestAccount> => accountFactory({ database })({ plan });
const nodePath = '/api/v1/nodes/input:text';

function call(nth: number, method: string, path: string, { key }: { readonly key: string }, body?: object) {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
  return fetch(`${instances[nth % 2 === 0 ? 0 : 1].url}${path}`, {
    ...{ method, headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

/** Answers by status, and how long each took, milliseconds. */
async function burst(count: number, send: (nth: number) => Promise<Response>) {
  const answers = await Promise.all(
    Array.from({ length: count }, async (_, nth) => {
      const beganAtMs = performance.now();
      const response = await send(nth);
      const body = (await response.json()) as { readonly code?: string; readonly executionId?: string };
      return { response, body, tookMs: performance.now() - beganAtMs };
    }),
  );
  const withStatus = (status: number) => answers.filter(({ response }) => response.status === status);
  return { answers, withStatus, slowestMs: Math.max(...answers.map(({ tookMs }) => tookMs)) };
}

describe('two instances of the API', () => {
  it('count together: of ten times the allowed rate exactly the allowed is served, and another account feels nothing', async () => {
    const [greedy, other] = [await account('free'), await account('pro')];
    const flood = burst(100, (nth) => call(nth, 'GET', nodePath, greedy));
    const beside = await burst(40, (nth) => call(nth, 'GET', nodePath, other));
    const flooded = await flood;
    expect(flooded.withStatus(200)).toHaveLength(10);
    const refused = flooded.withStatus(429);
    expect(refused).toHaveLength(90);
    for (const { response, body } of refused) {
      expect(body.code).toBe('rate_limited');
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(beside.withStatus(200)).toHaveLength(40);
    // Nobody waits for the minute of another account to be over.
    expect(beside.slowestMs).toBeLessThan(20_000);
  });

  it('start ten executions a minute together, whatever comes at once', async () => {
    const busy = await account('enterprise');
    const path = '/api/v1/workflows/inline/execute';
    const { withStatus } = await burst(100, (nth) => call(nth, 'POST', path, busy, onlyText));
    expect(withStatus(201)).toHaveLength(10);
    const refused = withStatus(429);
    expect(refused.map(({ body }) => body.code)).toEqual(
      Array.from({ length: 90 }, () => 'execution_rate_limited'),
    );
    expect(refused.every(({ response }) => Number(response.headers.get('retry-after')) > 0)).toBe(true);
  });

  it('let a revoked key go within five seconds: at once for what is asked, and for what they hold open', async () => {
    let quickestMs = Infinity;
    // A machine may stand still for seconds, but not each time.
    for (let nth = 0; nth < 3 && quickestMs >= 5_000; nth += 1)
      quickestMs = Math.min(quickestMs, await letGoMs());
    expect(quickestMs).toBeLessThan(5_000);
  });

  /** How long after its key was revoked the last thing that was held open for it ended. */
  async function letGoMs(): Promise<number> {
    const local = { key: processes.key };
    const made = await (await call(0, 'POST', '/api/v1/api-keys', local, { name: 'soon gone' })).json();
    const { key, keyId } = made as { readonly key: string; readonly keyId: string };
    const started = await call(0, 'POST', '/api/v1/workflows/inline/execute', { key }, onlyText);
    const { executionId } = (await started.json()) as { readonly executionId: string };
    const path = `/api/v1/workflows/executions/${executionId}`;
    const streams = await Promise.all([0, 1].map((nth) => call(nth, 'GET', `${path}/events`, { key })));
    const ends = streams.map((stream) => stream.text());
    const held = [0, 1].map((nth) => call(nth, 'GET', `${path}/poll?wait=60`, { key }));
    // The streams have begun; the held answers are asked for by then, too.
    expect((await call(1, 'GET', path, { key })).status).toBe(200);
    const revokedAtMs = performance.now();
    expect((await call(0, 'DELETE', `/api/v1/api-keys/${keyId}`, local)).status).toBe(200);
    expect((await call(1, 'GET', path, { key })).status).toBe(401);
    expect((await Promise.all(ends)).every((text) => text.includes('event: snapshot'))).toBe(true);
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([401, 401]);
    return performance.now() - revokedAtMs;
  }

  it('end well: not ready at first, then with the requests under way answered and the streams closed', async () => {
    const authorization = `Bearer ${processes.key}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const body = JSON.stringify(onlyText);
    const run = await fetch(`${leaving.url}/api/v1/workflows/inline/execute`, {
      method: 'POST',
      headers,
      body,
    });
    const { executionId } = (await run.json()) as { readonly executionId: string };
    const events = await fetch(`${leaving.url}/api/v1/workflows/executions/${executionId}/events`, {
      headers,
    });
    const upload = request(`${leaving.url}/api/v1/assets`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/octet-stream', 'content-length': 11 },
    });
    upload.write('half ');
    const exited = once(leaving.child, 'exit');
    leaving.child.kill('SIGTERM');
    while ((await fetch(`${leaving.url}/readyz`)).status !== 503);
    expect(await events.text()).toContain('event: snapshot');
    upload.end('a text');
    const [answer] = await once(upload, 'response');
    answer.resume();
    expect(answer.statusCode).toBe(201);
    expect(await exited).toEqual([0, null]);
  });
});
