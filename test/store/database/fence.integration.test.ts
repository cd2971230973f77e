import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import { ExecutionNotFoundError, FenceError } from '../../../store/database/executions/execution';
import { openTestStore } from '../../support/test-database';
import { aJobRequest, anExecution, type TestExecution } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 20 });
});
afterAll(() => database.close());

const touch = (execution: TestExecution, runId: string, continuedFromRunId?: string) =>
  executions.write(database, { executionId: execution.id, runId, continuedFromRunId }, async (writer) =>
    writer.updateNodes([{ nodeId: 'n1', status: 'RUNNING' }]),
  );
const takeOver = (execution: TestExecution, fromRunId: string, toRunId: string) =>
  executions.takeOver(database, { executionId: execution.id, fromRunId, toRunId });

describe('the fence', () => {
  it('gives an execution without a run to the first run that writes, and marks its start as done', async () => {
    const execution = await anExecution(database);
    await touch(execution, 'run-1');
    await touch(execution, 'run-1');
    expect(await execution.row()).toMatchObject({
      temporalRunId: 'run-1',
      attempt: 1,
      startRequestedAt: null,
    });
  });

  it('lets exactly one of twenty runs take an execution without a run', async () => {
    const execution = await anExecution(database);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => touch(execution, `run-${index}`)),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  it('lets the run that continues the holder go on in the same attempt, and keeps the holder out from then on', async () => {
    const execution = await anExecution(database);
    await touch(execution, 'run-1');
    await touch(execution, 'run-2', 'run-1');
    expect(await execution.row()).toMatchObject({ temporalRunId: 'run-2', attempt: 1 });
    await expect(touch(execution, 'run-1')).rejects.toMatchObject({ currentRunId: 'run-2', isPast: true });
  });

  it('keeps another run out and names the holder', async () => {
    const execution = await anExecution(database);
    await touch(execution, 'run-1');
    const refused = touch(execution, 'run-2');
    await expect(refused).rejects.toThrow(FenceError);
    await expect(refused).rejects.toMatchObject({ currentRunId: 'run-1', runId: 'run-2', isPast: false });
    expect((await execution.row()).revision).toBe(2);
  });

  it('gives the execution to one of several takers-over', async () => {
    const execution = await anExecution(database);
    await touch(execution, 'run-1');
    const taken = await Promise.all(
      Array.from({ length: 10 }, (_, index) => takeOver(execution, 'run-1', `reset-${index}`)),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect((await execution.row()).attempt).toBe(2);
    await expect(touch(execution, 'run-1')).rejects.toMatchObject({ isPast: true });
    const { temporalRunId } = await execution.row();
    expect(await takeOver(execution, temporalRunId ?? '', 'run-1')).toBe(false);
  });

  it('reopens a completed execution for an operator’s reset: finished nodes stay, the hold is there again', async () => {
    const execution = await anExecution(database);
    await execution.settledJob(30);
    await execution.write((writer) =>
      writer.finish({ status: 'COMPLETED', nodes: [{ nodeId: 'n2', status: 'FAILED' }] }),
    );
    expect(await takeOver(execution, 'run-1', 'reset-1')).toBe(true);
    expect(await execution.view()).toMatchObject({
      status: 'RUNNING',
      attempt: 2,
      completedAt: null,
      nodes: { n1: { status: 'COMPLETED' }, n2: { status: 'PENDING' } },
      credits: { held: 90, charged: 30, released: 90 },
    });
    await execution.write(async (writer) => {
      await writer.updateNodes([{ nodeId: 'n1', status: 'RUNNING' }]);
      const { job, adopted } = await writer.openJob(aJobRequest());
      expect({ adopted, state: job.state }).toEqual({ adopted: true, state: 'SETTLED' });
      expect(await writer.settleJob(job.id, { credits: 30 })).toMatchObject({ isFirst: false, credits: 30 });
    }, 'reset-1');
    expect(await execution.view()).toMatchObject({
      nodes: { n1: { status: 'COMPLETED', output: { image: 'made' } } },
      credits: { charged: 30 },
    });
  });

  it('keeps a run out that comes after the execution was closed without one', async () => {
    const execution = await anExecution(database);
    await executions.requestCancel(database, execution.accountId, execution.id);
    const close = { executionId: execution.id, runId: null, status: 'CANCELLED' } as const;
    expect(await executions.closeFromTemporal(database, close)).toMatchObject({ closed: true });
    await expect(touch(execution, 'run-1')).rejects.toMatchObject({ isPast: true, currentRunId: null });
  });

  it('says so when there is no such execution', async () => {
    const write = executions.write(database, { executionId: 'exe_none', runId: 'r' }, async () => 1);
    await expect(write).rejects.toThrow(ExecutionNotFoundError);
  });
});
