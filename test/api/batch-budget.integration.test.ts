import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aBatch } from '../store/database/builders';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

describe('the budget of a batch', () => {
  it('is shared among its items that wait when a resume raises it, so that they cannot spend more together', async () => {
    const price = { minCredits: 30, maxCredits: 90 };
    const { batch, items } = await aBatch(api.dependencies.database, 2, { budgetCredits: 130 }, price);
    expect(items).toHaveLength(2);
    for (const item of items) await item.pause('photo');
    await batch.pause('$items');
    const { key } = await api.createAccount({ accountId: batch.accountId });
    const { status } = await api.call('POST', `/api/v1/workflows/executions/${batch.id}/resume`, {
      ...{ key, body: { budgetCredits: 140 } },
    });
    expect(status).toBe(202);
    const rows = await Promise.all(items.map((item) => item.row()));
    expect(rows.map((row) => row.status)).toEqual(['RUNNING', 'RUNNING']);
    expect(rows.map((row) => row.budgetCredits)).toEqual([90, 50]);
  });
});
