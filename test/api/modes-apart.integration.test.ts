import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { executions } from '../../store/database/executions';
import { onlyText } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

describe('a test key', () => {
  it('neither sees nor moves webhooks and schedules that spend money', async () => {
    const live = await api.createAccount({ mode: 'live' });
    const test = await api.createAccount({ accountId: live.accountId });
    const call = (method: string, path: string, body: object | undefined, key: string) =>
      api.call(method, `/api/v1/workflows${path}`, { key, ...(body ? { body } : {}) });
    const { nodes, edges } = onlyText;
    const saved = await call('POST', '', { name: 'dear', nodes, edges }, live.key);
    const path = `/${saved.body.workflowId}`;
    const { webhookId } = (await call('POST', `${path}/publish`, {}, live.key)).body;
    const hook = `${path}/webhooks/${webhookId}`;
    const made = await call('POST', `${path}/schedules`, { name: 'x', cron: ['0 3 * * *'] }, live.key);
    expect(made.status).toBe(201);
    const schedule = `${path}/schedules/${made.body.scheduleId}`;
    for (const list of ['webhooks', 'schedules']) {
      expect((await call('GET', `${path}/${list}`, undefined, test.key)).body.data).toEqual([]);
      expect((await call('GET', `${path}/${list}`, undefined, live.key)).body.data).toHaveLength(1);
    }
    const tried = [
      await call('DELETE', hook, undefined, test.key),
      await call('GET', schedule, undefined, test.key),
      await call('POST', `${schedule}/trigger`, undefined, test.key),
      await call('DELETE', schedule, undefined, test.key),
    ];
    expect(tried.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect((await call('DELETE', schedule, undefined, live.key)).status).toBe(204);
    expect((await call('DELETE', hook, undefined, live.key)).status).toBe(204);
  });

  it('neither sees nor moves who is told of live executions, nor what they were told', async () => {
    const live = await api.createAccount({ mode: 'live' });
    const test = await api.createAccount({ accountId: live.accountId });
    const call = (method: string, path: string, body: object | undefined, key: string) =>
      api.call(method, `/api/v1${path}`, { key, ...(body ? { body } : {}) });
    const { nodes, edges } = onlyText;
    const saved = await call('POST', '/workflows', { name: 'told', nodes, edges }, live.key);
    const path = `/workflows/${saved.body.workflowId}/subscriptions`;
    const url = 'http://127.0.0.1:9/told';
    const made = await call('POST', path, { url }, live.key);
    expect(made.status).toBe(201);
    const run = { ...onlyText, callbackUrl: url };
    const { executionId } = (await call('POST', '/workflows/inline/execute', run, live.key)).body;
    const { database } = api.dependencies;
    const known = await executions.snapshot(database, live.accountId, executionId);
    const runId = known?.execution.temporalRunId ?? null;
    await executions.closeFromTemporal(database, { executionId, runId, status: 'CANCELLED' });
    const deliveries = (await call('GET', '/deliveries', undefined, live.key)).body.data;
    expect(deliveries).toHaveLength(1);
    expect((await call('GET', path, undefined, live.key)).body.data).toHaveLength(1);
    expect((await call('GET', path, undefined, test.key)).body.data).toEqual([]);
    expect((await call('GET', '/deliveries', undefined, test.key)).body.data).toEqual([]);
    const one = `${path}/${made.body.subscriptionId}`;
    const delivery = `/deliveries/${deliveries[0].deliveryId}`;
    const tried = [
      await call('POST', `${one}/enable`, undefined, test.key),
      await call('POST', `${one}/rotate-secret`, {}, test.key),
      await call('DELETE', one, undefined, test.key),
      await call('GET', delivery, undefined, test.key),
      await call('POST', `${delivery}/redeliver`, undefined, test.key),
    ];
    expect(tried.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
    expect((await call('DELETE', one, undefined, live.key)).status).toBe(204);
  });
});
