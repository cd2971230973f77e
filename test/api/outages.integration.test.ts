import { afterEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../../store/database/database';
import { connectTemporal, type TemporalExecutions } from '../../api/temporal-executions';
import { until } from '../support/until';
import { textToImage } from './support/graphs';
import { overrideTemporal } from './support/override-temporal';
import { startTestApi, type TestApi } from './support/test-api';

const execute = '/api/v1/workflows/inline/execute';
let api: TestApi;
afterEach(() => api.close());

/** A Temporal client that talks to a port where nobody listens. */
function deadTemporal(): TemporalExecutions {
  return connectTemporal({
    address: '127.0.0.1:1',
    namespace: 'default',
    taskQueue: 'test',
    callTimeoutMs: 500,
  });
}

describe('while Temporal is away', () => {
  it('loses nothing: the first execution is accepted, later ones get 503 until it is back', async () => {
    const dead = deadTemporal();
    let isAway = true;
    api = await startTestApi({
      temporal: (real) =>
        overrideTemporal(real, {
          start: (request) => (isAway ? dead : real).start(request),
          isAvailable: () => (isAway ? dead : real).isAvailable(),
          get knownAway() {
            return isAway ? dead.knownAway : real.knownAway;
          },
        }),
    });
    const first = await api.call('POST', execute, { body: textToImage });
    expect(first.status).toBe(201);
    const second = await api.call('POST', execute, { body: textToImage });
    expect([second.status, second.body.code]).toEqual([503, 'temporal_unavailable']);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    isAway = false;
    expect((await api.call('POST', execute, { body: textToImage })).status).toBe(201);
    await dead.close();
  });

  it('answers polls, and tells that it is not ready', async () => {
    const dead = deadTemporal();
    api = await startTestApi({
      temporal: (real) => overrideTemporal(real, { isAvailable: () => dead.isAvailable() }),
    });
    const { body } = await api.call('POST', execute, { body: textToImage });
    expect((await api.call('GET', `/api/v1/workflows/executions/${body.executionId}/poll`)).status).toBe(200);
    let ready = await api.call('GET', '/readyz');
    // What has not answered within a second counts as away.
    await until(async () => (ready = await api.call('GET', '/readyz')).body.checks.database === 'ok');
    expect([ready.status, ready.body.checks]).toEqual([503, { database: 'ok', temporal: 'away' }]);
    await dead.close();
  });
});

describe('while the database is away', () => {
  it('answers 503 with Retry-After and stays alive', async () => {
    const gone = openDatabase('postgres://nobody@127.0.0.1:1/nothing');
    api = await startTestApi({ database: () => gone });
    for (const [method, path, body] of [
      ['GET', '/api/v1/workflows/executions', undefined],
      ['POST', execute, textToImage],
    ] as const) {
      const answer = await api.call(method, path, { body });
      expect([answer.status, answer.body.code]).toEqual([503, 'database_unavailable']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.text).not.toMatch(/ECONNREFUSED|127\.0\.0\.1|postgres/);
    }
    expect((await api.call('GET', '/livez')).status).toBe(200);
    expect((await api.call('GET', '/readyz')).body.checks.database).toBe('away');
    await gone.close();
  });
});

describe('a bug of ours', () => {
  it('answers 500 without telling what went wrong inside', async () => {
    api = await startTestApi({
      temporal: (real) =>
        overrideTemporal(real, { cancel: () => Promise.reject(new Error('secret inside')) }),
    });
    const { body } = await api.call('POST', execute, { body: textToImage });
    const answer = await api.call('POST', `/api/v1/workflows/executions/${body.executionId}/cancel`);
    expect([answer.status, answer.body.code]).toEqual([500, 'internal']);
    expect(answer.text).not.toMatch(/secret inside|\.ts:/);
    expect((await api.call('GET', '/livez')).status).toBe(200);
  });
});
