import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { aGraph, type BuiltGraph } from '../support/graph-builder';
import { recordHistory } from '../support/record-history';
import { TestSystem } from '../support/test-system';
import { until } from '../support/until';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start({ EVERFRAME_BATCH_WINDOW: '2' });
});
afterEach(() => test.setFaults([]));
afterAll(() => test.stop());

/** A backdrop that is made once, and a photo of each product in front of it. */
function productPhotos(name: string): BuiltGraph {
  return aGraph(`${name} backdrop`)
    .node('backdrop', 'generate:flux_2_pro')
    .edge('prompt', 'backdrop')
    .node('product', 'input:text')
    .node('photo', 'edit:flux_2_edit')
    .edge('product', 'photo', { targetHandle: 'prompt' })
    .edge('backdrop', 'photo', { targetHandle: 'images' })
    .build();
}

describe('a batch', () => {
  it('runs what the items share once and the rest per item, each an execution of its own', async () => {
    const values = ['red mug', 'blue vase', 'green lamp'].map((each) => `shared otter ${each}`);
    const graph = productPhotos('shared otter');
    const iteratorConfigs = [{ nodeId: 'product', values }];
    const { executionId, quote } = await test.client.execute({ ...graph, iteratorConfigs });
    const view = await test.client.wait(executionId);

    expect(view).toMatchObject({
      status: 'COMPLETED',
      progress: { total: 5, completed: 5 },
      items: { total: 3, completed: 3, pending: 0, failed: 0, progress: 1 },
      credits: { held: 0 },
    });
    expect(Object.keys(view.nodes)).toEqual(['prompt', 'backdrop']);
    expect(view.credits.charged + view.credits.released).toBe(quote.maxCredits);
    expect(await test.accepted({ prompt: 'shared otter backdrop' })).toHaveLength(1);
    await recordHistory(executionId, 'batch');

    const { data: items } = await test.client.listItems(executionId);
    expect(items.map(({ index, status, values: [given] }) => [index, status, given?.value])).toEqual(
      values.map((value, index) => [index, 'COMPLETED', value]),
    );
    for (const [index, prompt] of values.entries()) {
      expect(await test.accepted({ prompt })).toHaveLength(1);
      const item = await test.client.poll(items[index]?.executionId ?? '');
      expect(item).toMatchObject({ status: 'COMPLETED', items: null, output: items[index]?.output });
      expect(item.nodes['backdrop']?.output).toEqual(view.nodes['backdrop']?.output);
    }
    await recordHistory(items[0]?.executionId ?? '', 'batch-item');
    const { data: listed } = await test.client.listExecutions();
    expect(listed.map((execution) => execution.executionId)).toEqual([executionId]);
  });

  it('pages through its items, and through those of a status', async () => {
    const csv = 'name,product\nfirst,paged lynx 1\nsecond,paged lynx 2\nthird,paged lynx 3\n';
    const graph = aGraph('unused').node('image', 'generate:flux_2_pro', { prompt: 'x' }).build();
    const iteratorConfigs = [{ nodeId: 'image', path: 'prompt', csv, column: 'product' }];
    const { executionId } = await test.client.execute({ ...graph, iteratorConfigs });
    await test.client.wait(executionId);
    const first = await test.client.listItems(executionId, { limit: 2 });
    const cursor = first.nextCursor ?? '';
    const second = await test.client.listItems(executionId, { limit: 2, cursor });
    expect([...first.data, ...second.data].map(({ values }) => values[0]?.value)).toEqual([
      'paged lynx 1',
      'paged lynx 2',
      'paged lynx 3',
    ]);
    expect(second.nextCursor).toBeNull();
    expect((await test.client.listItems(executionId, { status: 'FAILED' })).data).toEqual([]);
  });

  it('asks for every review at once, though few items run at a time, and waits only once all are asked', async () => {
    const graph = aGraph('asked auk')
      .node('review', 'control:review', { title: 'Good?' })
      .edge('prompt', 'review', { targetHandle: 'value' })
      .build();
    const values = ['one', 'two', 'three', 'four', 'five'];
    const iteratorConfigs = [{ nodeId: 'prompt', values }];
    const { executionId } = await test.client.execute({ ...graph, iteratorConfigs });
    const waiting = await test.client.wait(executionId);
    expect(waiting).toMatchObject({ status: 'WAITING', failure: null, items: { waiting: 5, pending: 0 } });
    const { data: reviews } = await test.client.listReviews({ executionId });
    expect(reviews.map(({ value }) => value).sort()).toEqual([...values].sort());
    const [first, ...others] = reviews;
    await test.client.decideReview(first?.reviewId ?? '', { decision: 'approve' });
    await until(async () => (await test.client.poll(executionId)).items?.completed === 1);
    await until(async () => (await test.client.poll(executionId)).status === 'WAITING');
    for (const { reviewId } of others) await test.client.decideReview(reviewId, { decision: 'approve' });
    await until(async () => (await test.client.poll(executionId)).status === 'COMPLETED');
    expect((await test.client.poll(executionId)).items).toMatchObject({ completed: 5, waiting: 0 });
    await recordHistory(executionId, 'batch-of-reviews');
  });
});
