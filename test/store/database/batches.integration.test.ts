import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { batches } from '../../../store/database/batches';
import type { Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import { encodeCursor, InvalidCursorError } from '../../../store/database/executions/cursor';
import { openTestStore } from '../../support/test-database';
import { aBatch, aBudgetFailure, RUN } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

describe('the list of items', () => {
  it('refuses a cursor that is none of its own', async () => {
    const { batch } = await aBatch(database, 1);
    for (const id of ['itm_99999999999', 'itm_1e3', 'itm_0x2', 'itm_x', 'exe_0'])
      await expect(
        batches.list(database, batch.accountId, batch.id, {}, { cursor: encodeCursor(id) }),
      ).rejects.toThrow(InvalidCursorError);
  });
});

describe('a batch that waits and is resumed', () => {
  it('has what had failed run again, though the process that resumes it dies at once', async () => {
    const { batch, items } = await aBatch(database, 2);
    const [failed, waiting] = items;
    const failure = { ...aBudgetFailure, nodeId: 'photo', resumable: true };
    await failed?.write((writer) => writer.finish({ status: 'FAILED', failure, nodes: [] }));
    await waiting?.pause('photo');
    await batch.pause('$items');
    expect((await batch.resumeWaiting()).kind).toBe('resumed');
    const { start } = await batches.openItems(database, { executionId: batch.id, runId: RUN }, 4);
    expect(start).toEqual([{ index: 0, executionId: failed?.id, attempt: 2 }]);
  });
});

describe('a batch', () => {
  it('tells pollers of what an item is charged after its end', async () => {
    const { batch, items } = await aBatch(database, 1);
    const [item] = items;
    const job = { step: 'photo', nodeId: 'photo' };
    const jobId = await item?.acceptedJob(job);
    await item?.write((writer) => writer.finish({ status: 'CANCELLED', nodes: [] }));
    const before = await executions.view(database, batch.accountId, batch.id);
    await item?.write((writer) => writer.settleJob(jobId ?? '', { outputs: { image: 'made' }, credits: 30 }));
    const after = await executions.view(database, batch.accountId, batch.id);
    expect((after?.view.credits.charged ?? 0) - (before?.view.credits.charged ?? 0)).toBe(30);
    expect(after?.revision).toBeGreaterThan(before?.revision ?? 0);
  });
});
