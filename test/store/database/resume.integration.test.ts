import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import { openTestStore } from '../../support/test-database';
import { aFailure, aJobRequest, anExecution, aPlan, type TestExecution } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 20 });
});
afterAll(() => database.close());

/** n1 is done, n2 failed, n3 never began. */
async function aFailedExecution(): Promise<TestExecution> {
  const execution = await anExecution(database);
  await execution.settledJob(30);
  const { jobId, claim } = await execution.claimedJob({ step: 'n2', nodeId: 'n2' });
  await execution.write((writer) => writer.rejectJob(jobId, claim.token, aFailure));
  await execution.write((writer) =>
    writer.finish({
      status: 'FAILED',
      failure: { ...aFailure, nodeId: 'n2', resumable: true },
      nodes: [{ nodeId: 'n2', status: 'FAILED', error: aFailure }],
    }),
  );
  return execution;
}

describe('executions.prepareResume', () => {
  it('reopens a failed execution: reused nodes stay, the others wait again, a start is requested', async () => {
    const execution = await aFailedExecution();
    expect(await execution.view()).toMatchObject({
      status: 'FAILED',
      error: aFailure.message,
      failure: { nodeId: 'n2', code: 'provider_unavailable', resumable: true },
      nodes: { n1: { status: 'COMPLETED' }, n2: { status: 'FAILED' }, n3: { status: 'PENDING' } },
      credits: { held: 0, charged: 30, released: 90 },
    });
    const carried = [{ nodeId: 'n1', status: 'COMPLETED', outputs: { image: 'made' } }] as const;
    const resumed = await executions.prepareResume(
      database,
      execution.aResume({ carried, reusedSteps: ['n1'] }),
    );
    expect(resumed).toEqual({ kind: 'resumed', attempt: 2, heldCredits: 60 });
    expect(await execution.view()).toMatchObject({
      status: 'RUNNING',
      attempt: 2,
      failure: null,
      nodes: {
        n1: { status: 'COMPLETED', output: { image: 'made' }, credits: 30 },
        n2: { status: 'PENDING', error: null, completedAt: null },
        n3: { status: 'PENDING' },
      },
      credits: { held: 60, charged: 30, released: 90 },
    });
    expect(await executions.pendingStart(database, execution.id)).toMatchObject({ attempt: 2, carried });
    // The run before is out for good, even while no new one has written.
    await expect(execution.write(async () => 1)).rejects.toMatchObject({ isPast: true, currentRunId: null });
    await execution.write(async (writer) => {
      const { job } = await writer.openJob(aJobRequest({ step: 'n2', nodeId: 'n2' }));
      expect(job).toMatchObject({ generation: 2, generationReason: 'definite_failure' });
    }, 'run-2');
  });

  it('has one winner among twenty racing resumes', async () => {
    const execution = await aFailedExecution();
    const results = await Promise.all(
      Array.from({ length: 20 }, () => executions.prepareResume(database, execution.aResume())),
    );
    expect(results.filter((result) => result.kind === 'resumed')).toHaveLength(1);
    expect(results.filter((result) => result.kind === 'conflict')).toHaveLength(19);
    expect(results).toContainEqual({ kind: 'conflict', status: 'RUNNING', attempt: 2 });
    expect(await execution.balance()).toEqual({ available: 910, held: 60 });
  });

  it('refuses a running, a completed, a foreign and an already resumed execution', async () => {
    const execution = await anExecution(database);
    const resume = (changes = {}) => executions.prepareResume(database, execution.aResume(changes));
    expect(await resume()).toEqual({ kind: 'conflict', status: 'RUNNING', attempt: 1 });
    expect(await resume({ accountId: 'acc_other' })).toEqual({ kind: 'not_found' });
    await execution.write((writer) => writer.finish({ status: 'COMPLETED', nodes: [] }));
    expect(await resume()).toEqual({ kind: 'conflict', status: 'COMPLETED', attempt: 1 });
    const failed = await aFailedExecution();
    const late = await executions.prepareResume(database, failed.aResume({ expectedAttempt: 2 }));
    expect(late).toEqual({ kind: 'conflict', status: 'FAILED', attempt: 1 });
  });

  it('refuses what the balance does not cover and leaves the execution as it was', async () => {
    const execution = await aFailedExecution();
    const before = await execution.view();
    const result = await executions.prepareResume(
      database,
      execution.aResume({ hold: { minCredits: 971, maxCredits: 2000 } }),
    );
    expect(result).toEqual({ kind: 'insufficient_credits', requiredCredits: 971, availableCredits: 970 });
    expect(await execution.view()).toEqual(before);
  });

  it('answers the repeat of an idempotency key with the stored receipt', async () => {
    const execution = await aFailedExecution();
    const idempotency = {
      scope: 'resume',
      key: 'k',
      fingerprint: 'f',
      response: { status: 202, body: { reused: ['n1'] } },
    };
    const resume = () => executions.prepareResume(database, execution.aResume({ idempotency }));
    expect((await resume()).kind).toBe('resumed');
    expect(await resume()).toEqual({ kind: 'replayed', status: 202, body: { reused: ['n1'] } });
    expect((await execution.row()).attempt).toBe(2);
  });

  it('follows an edited graph: nodes that are gone leave, new ones come, an edited one is paid as changed', async () => {
    const execution = await aFailedExecution();
    const plan = aPlan(['n1', 'n4', 'n3']);
    await executions.prepareResume(database, execution.aResume({ plan, graph: { nodes: ['edited'] } }));
    const view = await execution.view();
    expect(Object.keys(view.nodes)).toEqual(['n1', 'n4', 'n3']);
    // Its result is not shown any more, its cost is.
    expect(view.nodes['n1']).toMatchObject({ status: 'PENDING', output: {}, credits: 30 });
    const documents = await executions.documents(database, execution.accountId, execution.id);
    expect(documents).toMatchObject({ graph: { nodes: ['edited'] }, plan, triggerData: {} });
    await execution.settledJob(30, { requestHash: 'hash-b' }, 'run-2');
    expect(await execution.node('n1')).toMatchObject({ status: 'COMPLETED', credits: 60 });
  });

  it('reserves again for a job that the run before left open, when it is adopted', async () => {
    const execution = await anExecution(database);
    const { jobId, claim } = await execution.claimedJob();
    await execution.write((writer) => writer.unknownJob(jobId, { token: claim.token }));
    await execution.write((writer) => writer.finish({ status: 'FAILED', nodes: [] }));
    await executions.prepareResume(database, execution.aResume({ hold: { minCredits: 0, maxCredits: 10 } }));
    await execution.write(async (writer) => {
      expect((await writer.openJob(aJobRequest())).adopted).toBe(true);
    }, 'run-2');
    expect((await execution.view()).credits).toEqual({ held: 30, charged: 0, released: 120 });
  });
});
