import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { executionWorkflowId } from '../../workflows/contract';
import { aGraph } from '../support/graph-builder';
import { openBooks } from '../support/open-books';
import { KILLED_IN_A_SEND_MS, TestSystem } from '../support/test-system';
import { until } from '../support/until';
import { acceptedOf, ones, productBatch, untilStatus } from './product-batch';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start({ EVERFRAME_BATCH_WINDOW: '4' });
});
afterEach(() => test.setFaults([]));
afterAll(() => test.stop());

describe('a batch that is ended from outside', () => {
  it('by a cancel, reaches its items and their providers, and keeps what is done', async () => {
    const name = 'cancelled crane';
    const batch = productBatch(name, 6);
    await test.setFaults([{ contains: `${name} item-2;`, action: 'never_finish' }]);
    const { executionId } = await test.client.execute(batch);
    await until(async () => (await test.accepted({ prompt: `${name} item-2;` })).length > 0);
    await until(async () => ((await test.client.poll(executionId)).items?.completed ?? 0) > 0);
    await test.client.cancel(executionId);
    await untilStatus(test, executionId, 'CANCELLED');
    const { items, credits } = await test.client.poll(executionId);
    expect(items?.running).toBe(0);
    expect(items?.completed).toBeGreaterThan(0);
    expect(credits.held).toBe(0);
    const { data } = await test.client.listItems(executionId);
    expect(data[2]?.status).toBe('CANCELLED');
    expect(await openBooks(test.system.databaseUrl)).toEqual([]);
  });

  it('by a cancel while all its items wait, ends them too', async () => {
    const graph = aGraph('asked auk')
      .node('review', 'control:review', { title: 'Good?' })
      .edge('prompt', 'review', { targetHandle: 'value' })
      .build();
    const iteratorConfigs = [{ nodeId: 'prompt', values: ['one', 'two'] }];
    const { executionId } = await test.client.execute({ ...graph, iteratorConfigs });
    expect((await test.client.wait(executionId)).status).toBe('WAITING');
    await test.client.cancel(executionId);
    await untilStatus(test, executionId, 'CANCELLED');
    expect((await test.client.poll(executionId)).items).toMatchObject({ cancelled: 2, waiting: 0 });
    expect((await test.client.listReviews()).data).toEqual([]);
  });

  it('by an operator in Temporal, is FAILED in time, and its resume pays nothing twice', async () => {
    const name = 'terminated tern';
    await test.setFaults([{ contains: `${name} item-1;`, action: 'hold_job', times: 1 }]);
    const { executionId } = await test.client.execute(productBatch(name, 6));
    await until(async () => (await test.accepted({ prompt: `${name} item-1;` })).length > 0);
    await test.temporal.workflow.getHandle(executionWorkflowId(executionId)).terminate('a test');
    await untilStatus(test, executionId, 'FAILED');
    expect((await test.client.poll(executionId)).failure).toMatchObject({ code: 'run_terminated' });
    await test.client.resume(executionId);
    await test.setFaults([]);
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', items: { completed: 6 } });
    // What was under way was stopped at its provider, so each item has cost its price once.
    expect((await acceptedOf(test, name, 0))[0]).toBe(1);
    const { data } = await test.client.listItems(executionId);
    expect(new Set(data.map(({ credits }) => credits)).size).toBe(1);
    expect(await openBooks(test.system.databaseUrl)).toEqual([]);
  });

  it(
    'by the death of its worker, loses nothing and pays nothing twice',
    async () => {
      const name = 'killed kite';
      const { executionId } = await test.client.execute(productBatch(name, 12));
      await until(async () => ((await test.client.poll(executionId)).items?.completed ?? 0) > 2);
      await test.kill('worker');
      const view = await test.client.wait(executionId);
      expect(view).toMatchObject({ status: 'COMPLETED', attempt: 1, items: { completed: 12 } });
      expect(await acceptedOf(test, name, 12)).toEqual(ones(13));
      expect(await openBooks(test.system.databaseUrl)).toEqual([]);
    },
    KILLED_IN_A_SEND_MS,
  );
});
