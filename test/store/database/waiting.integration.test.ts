import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { credits } from '../../../store/database/credits';
import type { Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import { openTestStore } from '../../support/test-database';
import { aBudgetFailure, aJobRequest, anExecution, type TestExecution } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 20 });
});
afterAll(() => database.close());

/** n1 is done and has cost 30; n2 waits for money, n3 for n2. */
async function aWaitingExecution(changes: Parameters<typeof anExecution>[1] = {}): Promise<TestExecution> {
  const execution = await anExecution(database, { available: 200, budgetCredits: 50, ...changes });
  await execution.settledJob(30);
  await execution.pause('n2');
  return execution;
}

describe('an execution that waits', () => {
  it('shows what it waits for, at the node and as a whole, and is listed as open', async () => {
    const execution = await aWaitingExecution();
    expect(await execution.view()).toMatchObject({
      status: 'WAITING',
      attempt: 1,
      error: aBudgetFailure.message,
      failure: { ...aBudgetFailure, nodeId: 'n2', resumable: true },
      nodes: {
        n1: { status: 'COMPLETED' },
        n2: { status: 'WAITING', error: aBudgetFailure },
        n3: { status: 'PENDING' },
      },
      completedAt: null,
    });
    expect(await executions.open(database)).toContainEqual({
      executionId: execution.id,
      temporalRunId: 'run-1',
      status: 'WAITING',
    });
  });

  it('tells those who follow its events that it waits, and that it goes on', async () => {
    const execution = await aWaitingExecution();
    await execution.resumeWaiting();
    const events = await executions.eventsAfter(database, execution.id, 0);
    expect(events.slice(-2)).toMatchObject([
      { type: 'changed', data: { status: 'WAITING', nodes: { n2: 'WAITING' } } },
      { type: 'resumed', data: { status: 'RUNNING', attempt: 1 } },
    ]);
  });

  it('holds nothing but the prices of its open jobs', async () => {
    const execution = await anExecution(database, { available: 200 });
    const { jobId, claim } = await execution.claimedJob({ priceCredits: 25 });
    await execution.write((writer) => writer.unknownJob(jobId, { token: claim.token }));
    await execution.pause('n1');
    expect((await execution.view()).credits).toEqual({ held: 25, charged: 0, released: 95 });
    expect(await execution.balance()).toEqual({ available: 175, held: 25 });
  });

  it('is paused once, whatever is written again', async () => {
    const execution = await aWaitingExecution();
    const before = await execution.row();
    await execution.pause('n2');
    expect(await execution.row()).toEqual(before);
  });

  it('keeps what it waits for when a stopped worker wakes up and shows the node as running', async () => {
    const execution = await aWaitingExecution();
    const before = await execution.view();
    await execution.write((writer) => writer.updateNodes([{ nodeId: 'n2', status: 'RUNNING' }]));
    expect(await execution.view()).toEqual(before);
  });

  it('is not paused by a write that comes after the resume that it has not seen', async () => {
    const execution = await aWaitingExecution();
    await execution.resumeWaiting();
    await execution.pause('n2', 0);
    expect((await execution.view()).status).toBe('RUNNING');
    await execution.pause('n2', 1);
    expect((await execution.view()).status).toBe('WAITING');
  });

  it('gives back what it does not need each time it waits, however often between two resumes', async () => {
    const execution = await anExecution(database, { available: 200 });
    const rounds = ['n1', 'n2', 'n3'];
    for (const nodeId of rounds) {
      const jobId = await execution.acceptedJob({ step: nodeId, nodeId, priceCredits: 30 });
      await execution.write((writer) => writer.settleJob(jobId, { outputs: { image: 'made' }, credits: 20 }));
      await execution.pause('n3');
      expect((await execution.view()).credits).toMatchObject({ held: 0 });
      await execution.write((writer) => writer.goOn());
    }
    await execution.write((writer) => writer.finish({ status: 'COMPLETED', nodes: [] }));
    expect(await execution.balance()).toEqual({ available: 140, held: 0 });
  });

  it('can be cancelled: nothing is held after it', async () => {
    const execution = await aWaitingExecution();
    await executions.requestCancel(database, execution.accountId, execution.id);
    expect(await execution.resumeWaiting()).toEqual({ kind: 'conflict', status: 'WAITING', attempt: 1 });
    await execution.write((writer) => writer.finish({ status: 'CANCELLED', nodes: [] }));
    expect(await execution.view()).toMatchObject({
      status: 'CANCELLED',
      nodes: { n2: { status: 'CANCELLED' } },
      credits: { held: 0, charged: 30 },
    });
    expect(await execution.balance()).toEqual({ available: 170, held: 0 });
  });
});

describe('executions.resumeWaiting', () => {
  it('runs again what is not done, in the same Temporal run, with a hold for what is left of the new budget', async () => {
    const execution = await aWaitingExecution();
    const result = await execution.resumeWaiting({ budgetCredits: 75, resubmitUnknown: true });
    expect(result).toEqual({
      kind: 'resumed',
      heldCredits: 45,
      resume: {
        executionId: execution.id,
        runId: 'run-1',
        signal: { resumeNumber: 1, resumedAtMs: expect.any(Number), resubmitUnknown: true },
      },
    });
    expect(await execution.view()).toMatchObject({
      status: 'RUNNING',
      attempt: 1,
      failure: null,
      nodes: {
        n1: { status: 'COMPLETED', credits: 30 },
        n2: { status: 'PENDING', error: null, startedAt: null },
      },
      credits: { held: 45, charged: 30 },
    });
    expect(await execution.row()).toMatchObject({ budgetCredits: 75, temporalRunId: 'run-1' });
    await execution.settledJob(20, { step: 'n2', nodeId: 'n2' });
    await execution.write((writer) => writer.finish({ status: 'COMPLETED', nodes: [] }));
    expect((await execution.view()).credits).toMatchObject({ held: 0, charged: 50 });
  });

  it('counts what is held for open jobs as part of the hold', async () => {
    const execution = await anExecution(database, { available: 200 });
    const { jobId, claim } = await execution.claimedJob({ priceCredits: 25 });
    await execution.write((writer) => writer.unknownJob(jobId, { token: claim.token }));
    await execution.pause('n1');
    await execution.resumeWaiting({ hold: { minCredits: 25, maxCredits: 60 } });
    expect((await execution.row()).credits).toMatchObject({ held: 60 });
  });

  it('has one winner among twenty at once; the others are told that it runs', async () => {
    const execution = await aWaitingExecution();
    const results = await Promise.all(
      Array.from({ length: 20 }, () => execution.resumeWaiting({ expectedResumeNumber: 0 })),
    );
    expect(results.filter((result) => result.kind === 'resumed')).toHaveLength(1);
    expect(results.filter((result) => result.kind === 'conflict')).toHaveLength(19);
    expect(results).toContainEqual({ kind: 'conflict', status: 'RUNNING', attempt: 1 });
    expect((await execution.row()).resumeNumber).toBe(1);
  });

  it('refuses what was asked by somebody who saw an earlier pause', async () => {
    const execution = await aWaitingExecution();
    await execution.resumeWaiting();
    await execution.pause('n2', 1);
    const late = await execution.resumeWaiting({ expectedResumeNumber: 0 });
    expect(late).toEqual({ kind: 'conflict', status: 'WAITING', attempt: 1 });
  });

  it('refuses what the balance does not cover and leaves all as it was; a top-up mends it', async () => {
    const execution = await aWaitingExecution({ available: 90, budgetCredits: 90 });
    const before = await execution.view();
    const hold = { minCredits: 61, maxCredits: 80 };
    expect(await execution.resumeWaiting({ hold })).toEqual({
      kind: 'insufficient_credits',
      requiredCredits: 61,
      availableCredits: 60,
    });
    expect(await execution.view()).toEqual(before);
    const { accountId } = execution;
    await credits.grant(database, { accountId, mode: 'test', credits: 1, grantKey: 'top-up' });
    expect(await execution.resumeWaiting({ hold })).toMatchObject({ kind: 'resumed', heldCredits: 60 });
  });

  it('refuses what does not wait, and what is not the caller’s', async () => {
    const execution = await anExecution(database);
    expect(await execution.resumeWaiting()).toEqual({ kind: 'conflict', status: 'RUNNING', attempt: 1 });
    expect(await execution.resumeWaiting({ accountId: 'acc_other' })).toEqual({ kind: 'not_found' });
  });

  it('stays due until its run has been told', async () => {
    const execution = await aWaitingExecution();
    const result = await execution.resumeWaiting();
    if (result.kind !== 'resumed') throw new Error(result.kind);
    await sql`update executions set resume_requested_at = resume_requested_at - interval '4 seconds'
      where id = ${execution.id}`.execute(database.queries);
    const mine = async () =>
      (await executions.pendingResumes(database, 3_000)).filter(
        ({ executionId }) => executionId === execution.id,
      );
    expect(await mine()).toMatchObject([{ runId: 'run-1', signal: { resumeNumber: 1 } }]);
    await executions.resumeSent(database, result.resume);
    expect(await mine()).toEqual([]);
  });
});

describe('another Temporal run of an execution that waits', () => {
  it('takes its place after an edit, and the one that waits is to be ended first', async () => {
    const execution = await aWaitingExecution();
    const hold = { minCredits: 0, maxCredits: 20 };
    const resumed = await executions.prepareResume(
      database,
      execution.aResume({ hold, reusedSteps: ['n1'] }),
    );
    expect(resumed).toEqual({ kind: 'resumed', attempt: 2, heldCredits: 20 });
    expect(await executions.pendingStart(database, execution.id)).toMatchObject({
      supersededRunId: 'run-1',
      attempt: 2,
    });
    await expect(execution.pause('n2')).rejects.toMatchObject({ isPast: true });
  });

  it('counts its resumes from the start, after an operator’s reset too', async () => {
    const execution = await aWaitingExecution();
    await execution.resumeWaiting();
    await execution.pause('n2', 1);
    await executions.takeOver(database, { executionId: execution.id, fromRunId: 'run-1', toRunId: 'run-2' });
    expect(await execution.view()).toMatchObject({ status: 'RUNNING', attempt: 2, failure: null });
    await execution.pause('n2', 0, 'run-2');
    expect((await execution.row()).resumeNumber).toBe(0);
    // Signals of the past were played again to it: the next one counts on from there.
    await execution.resumeWaiting();
    await execution.pause('n2', 3, 'run-2');
    expect(await execution.row()).toMatchObject({ status: 'WAITING', resumeNumber: 3 });
  });

  it('reserves for a job again that was open while the run waited', async () => {
    const execution = await aWaitingExecution({ available: 130, budgetCredits: 120 });
    await execution.resumeWaiting({ hold: { minCredits: 0, maxCredits: 0 } });
    await execution.write((writer) => writer.openJob(aJobRequest({ step: 'n2', nodeId: 'n2' })));
    expect((await execution.row()).credits).toMatchObject({ held: 30, charged: 30 });
  });
});
