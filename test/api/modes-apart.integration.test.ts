import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
});
