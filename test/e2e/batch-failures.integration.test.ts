import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import { batches } from '../../store/database/batches';
import { openDatabase } from '../../store/database/database';
import { executionWorkflowId } from '../../workflows/contract';
import { openBooks } from '../support/open-books';
import { TestSystem } from '../support/test-system';
import { acceptedOf, ones, productBatch, untilStatus } from './product-batch';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start({ EVERFRAME_BATCH_WINDOW: '4' });
});
afterEach(() => test.setFaults([]));
afterAll(() => test.stop());

const fails = (name: string, ...items: readonly number[]) =>
  items.map((item) => ({ contains: `${name} item-${item};`, action: 'refuse' as const }));

/** The same with a style beside the backdrop, without which the photos are made as well. */
function styledBatch(name: string, count: number) {
  const { nodes, edges, ...batch } = productBatch(name, count);
  const data = {
    ...{ nodeType: 'generate:flux_2_pro', config: { prompt: `${name} style` }, onError: 'continue' },
  };
  const toPhoto = { id: 'style-photo', source: 'style', target: 'photo', targetHandle: 'images' };
  return { ...batch, nodes: [...nodes, { id: 'style', data }], edges: [...edges, toPhoto] };
}

describe('a batch with items that fail', () => {
  it('keeps the others; a redrive of its dead letters runs those alone and completes it', async () => {
    const name = 'letter lynx';
    await test.setFaults(fails(name, 1, 4));
    const { executionId } = await test.client.execute(productBatch(name, 6));
    const failed = await test.client.wait(executionId);
    expect(failed).toMatchObject({
      status: 'FAILED',
      failure: { code: 'items_failed', resumable: true },
      items: { completed: 4, failed: 2, pending: 0 },
    });
    await test.setFaults([]);

    const { data: letters } = await test.client.listDeadLetters({ batchId: executionId });
    expect(letters.map(({ nodeId }) => nodeId)).toEqual(['photo', 'photo']);
    const redriven = await test.client.redriveDeadLetters({ batchId: executionId });
    expect(redriven.executions).toHaveLength(2);
    await untilStatus(test, executionId, 'COMPLETED');
    expect(await test.client.poll(executionId)).toMatchObject({
      items: { completed: 6, failed: 0 },
      attempt: 2,
    });
    // A refused job was taken, and not paid.
    expect(await acceptedOf(test, name, 6)).toEqual([1, 1, 2, 1, 1, 2, 1]);
    expect(await openBooks(test.system.databaseUrl)).toEqual([]);
  });

  it('ends in Temporal as in the database, also when Temporal has its last workflow task done again', async () => {
    const name = 'twice told tern';
    await test.setFaults(fails(name, 1));
    const { executionId } = await test.client.execute(productBatch(name, 3));
    await test.client.wait(executionId);
    const batch = test.temporal.workflow.getHandle(executionWorkflowId(executionId));
    await expect(batch.result()).rejects.toThrow(WorkflowFailedError);
    const { runId } = await batch.describe();
    const database = openDatabase(test.system.databaseUrl);
    try {
      const look = await batches.openItems(database, { executionId, runId }, 4);
      expect(look).toMatchObject({
        start: [],
        end: { failure: { message: expect.stringContaining('1 of 3 items failed') } },
      });
    } finally {
      await database.close();
    }
  });

  it('resumes with a receipt that names what is kept, and runs the failed items alone', async () => {
    const name = 'resumed rook';
    await test.setFaults(fails(name, 0, 2));
    const { executionId } = await test.client.execute(productBatch(name, 5));
    await test.client.wait(executionId);
    await test.setFaults([]);
    const preview = await test.client.previewResume(executionId);
    expect(preview).toMatchObject({ items: { reused: 3, rerun: 2 }, rerun: ['photo'] });
    const { credits } = await test.client.poll(executionId);
    expect(preview.creditsNotSpentAgain).toBe(credits.charged);
    const receipt = await test.client.resume(executionId);
    expect(receipt).toEqual(preview);
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', attempt: 2, items: { completed: 5 } });
    expect(await acceptedOf(test, name, 5)).toEqual([1, 2, 1, 2, 1, 1]);
  });

  it('has what the items share made again once, not by each item that is resumed', async () => {
    const name = 'styled stoat';
    const style = `${name} style`;
    await test.setFaults([...fails(name, 1, 2), { contains: style, action: 'refuse' }]);
    const { executionId } = await test.client.execute(styledBatch(name, 4));
    const failed = await test.client.wait(executionId);
    expect(failed).toMatchObject({
      nodes: { style: { status: 'FAILED' } },
      items: { completed: 2, failed: 2 },
    });
    const before = (await test.accepted({ prompt: style })).length;
    const { data: letters } = await test.client.listDeadLetters({ batchId: executionId });
    expect(letters.map(({ nodeId }) => nodeId)).toEqual(['photo', 'photo']);
    await test.setFaults([{ contains: style, action: 'refuse' }]);
    const itemId = letters[0]?.executionId ?? '';
    expect((await test.client.resume(itemId)).rerun).toEqual(['photo']);
    expect((await test.client.wait(itemId)).status).toBe('COMPLETED');
    expect(await test.accepted({ prompt: style })).toHaveLength(before);

    await test.setFaults([]);
    await test.client.resume(executionId);
    expect(await test.client.wait(executionId)).toMatchObject({
      status: 'COMPLETED',
      items: { completed: 4 },
    });
    expect(await test.accepted({ prompt: style })).toHaveLength(before + 1);
    expect(await openBooks(test.system.databaseUrl)).toEqual([]);
  });

  it('makes nothing more of what they share when a redrive has completed the last of them', async () => {
    const name = 'spared sparrow';
    const style = { contains: `${name} style`, action: 'refuse' as const };
    await test.setFaults([...fails(name, 1), style]);
    const { executionId } = await test.client.execute(styledBatch(name, 2));
    expect((await test.client.wait(executionId)).status).toBe('FAILED');
    const before = (await test.accepted({ prompt: style.contains })).length;
    await test.setFaults([]);
    await test.client.redriveDeadLetters({ batchId: executionId });
    await untilStatus(test, executionId, 'COMPLETED');
    expect(await test.accepted({ prompt: style.contains })).toHaveLength(before);
  });

  it('is COMPLETED with allowPartial; an item is then resumed by itself', async () => {
    const name = 'partial puffin';
    await test.setFaults(fails(name, 2));
    const { executionId } = await test.client.execute({ ...productBatch(name, 3), allowPartial: true });
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', items: { completed: 2, failed: 1 } });
    await test.setFaults([]);
    const { data: failed } = await test.client.listItems(executionId, { status: 'FAILED' });
    const itemId = failed[0]?.executionId ?? '';
    const receipt = await test.client.resume(itemId);
    expect(receipt.rerun).toEqual(['photo']);
    expect((await test.client.wait(itemId)).status).toBe('COMPLETED');
    expect((await test.client.poll(executionId)).items).toMatchObject({ completed: 3, failed: 0 });
    expect(await acceptedOf(test, name, 3)).toEqual([1, 1, 1, 2]);
  });

  it('tries them again by itself with autoRedrive', async () => {
    const name = 'again adder';
    const once = { contains: `${name} item-1;`, action: 'refuse' as const, times: 1 };
    const always = fails(name, 2);
    await test.setFaults([once, ...always]);
    const autoRedrive = { times: 2, after: 0 };
    const { executionId } = await test.client.execute({ ...productBatch(name, 3), autoRedrive });
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'FAILED', attempt: 1, items: { completed: 2, failed: 1 } });
    const { data } = await test.client.listItems(executionId);
    expect(data.map(({ status, redrives, attempt }) => [status, redrives, attempt])).toEqual([
      ['COMPLETED', 0, 1],
      ['COMPLETED', 1, 2],
      ['FAILED', 2, 3],
    ]);
    expect(await acceptedOf(test, name, 3)).toEqual([1, 1, 2, 3]);
  });
});

describe('a batch whose credits run out', () => {
  it('waits with what it has, and goes on with more', async () => {
    const name = 'budget badger';
    const batch = productBatch(name, 5);
    const quote = await test.client.quote(batch);
    const photo = quote.nodes.find(({ nodeId }) => nodeId === 'photo')?.maxCredits ?? Number.NaN;
    const backdrop = quote.nodes.find(({ nodeId }) => nodeId === 'backdrop')?.maxCredits ?? Number.NaN;
    const budgetCredits = backdrop + (photo / 5) * 2;
    const { executionId } = await test.client.execute({ ...batch, budgetCredits });
    const waiting = await test.client.wait(executionId);
    expect(waiting).toMatchObject({ status: 'WAITING', failure: { code: 'budget_reached' } });
    expect(waiting.items?.pending).toBeGreaterThan(0);
    expect(waiting.credits.charged).toBeLessThanOrEqual(budgetCredits);
    await test.client.resume(executionId, { budgetCredits: quote.maxCredits });
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({
      status: 'COMPLETED',
      attempt: 1,
      items: { completed: 5 },
      credits: { held: 0 },
    });
    expect(await acceptedOf(test, name, 5)).toEqual(ones(6));
    expect(await openBooks(test.system.databaseUrl)).toEqual([]);
  });
});
