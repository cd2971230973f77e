import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import { jobs } from '../../../store/database/jobs';
import { BudgetReachedError, JobStateError, type JobClaim } from '../../../store/database/jobs/job';
import { openTestStore } from '../../support/test-database';
import { aFailure, aJobRequest, anExecution, type TestExecution } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 20 });
});
afterAll(() => database.close());

const open = (execution: TestExecution, changes = {}) =>
  execution.write((writer) => writer.openJob(aJobRequest(changes)));

describe('claiming a job', () => {
  it('has one winner among twenty', async () => {
    const execution = await anExecution(database);
    const { job } = await open(execution);
    const claims = await Promise.all(
      Array.from({ length: 20 }, () =>
        execution.write((writer) => writer.claimJob(job.id, { leaseMs: 60_000, credentialId: 'key-1' })),
      ),
    );
    const winners = claims.filter((claim): claim is JobClaim => claim !== null);
    expect(winners).toHaveLength(1);
    expect(await jobs.find(database, job.id)).toMatchObject({
      state: 'SUBMITTING',
      credentialId: 'key-1',
      leaseUntil: winners[0]?.leaseUntil,
    });
  });

  it('lets only the holder of the token go on', async () => {
    const execution = await anExecution(database);
    const { jobId } = await execution.claimedJob();
    const stranger = '00000000-0000-4000-8000-000000000000';
    await execution.write(async (writer) => {
      expect(await writer.rejectJob(jobId, stranger, aFailure)).toBe(false);
      expect(await writer.returnJob(jobId, stranger, aFailure)).toBe(false);
      expect(await writer.unknownJob(jobId, { token: stranger })).toBe(false);
      expect(await writer.unknownJob(jobId)).toBe(false); // the lease has not ended
      expect(await writer.cancelJob(jobId)).toBe(false);
      expect(await writer.reclaimJob(jobId, { leaseMs: 1 })).toBeNull();
      expect(await writer.adoptJob(jobId, { providerJobId: 'p' })).toBe(true);
      expect(await writer.adoptJob(jobId, { providerJobId: 'q' })).toBe(false);
    });
    expect((await jobs.find(database, jobId))?.providerHandle).toEqual({ providerJobId: 'p' });
  });

  it('gives a returned job to the next claimer and keeps its sends counted', async () => {
    const execution = await anExecution(database);
    const { jobId, claim } = await execution.claimedJob();
    const send = { jobId, latencyMs: 12.4, startedAt: new Date(), outcome: 'rejected' } as const;
    const counted = await execution.write(async (writer) => {
      await writer.recordSend({ ...send, httpStatus: 429, failureCode: 'provider_rate_limited' });
      await writer.returnJob(jobId, claim.token, aFailure);
      expect(await writer.claimJob(jobId, { leaseMs: 60_000 })).not.toBeNull();
      return writer.recordSend({ ...send, outcome: 'accepted' });
    });
    expect(counted).toEqual({ attempts: 2, jobSends: 2 });
    expect(await execution.node('n1')).toMatchObject({ attempts: 2 });
    const detail = await executions.detail(database, execution.accountId, execution.id);
    expect(detail?.sends.map(({ number, outcome, latencyMs }) => ({ number, outcome, latencyMs }))).toEqual([
      { number: 1, outcome: 'rejected', latencyMs: 12 },
      { number: 2, outcome: 'accepted', latencyMs: 12 },
    ]);
  });

  it('opens a job of unknown fate again when its lease has ended, for a fresh claim or as UNKNOWN', async () => {
    const execution = await anExecution(database);
    const { job } = await open(execution);
    await execution.write(async (writer) => {
      const first = await writer.claimJob(job.id, { leaseMs: -1 });
      const again = await writer.reclaimJob(job.id, { leaseMs: -1 });
      expect(again?.token).not.toBe(first?.token);
      expect(await writer.unknownJob(job.id)).toBe(true);
    });
    // An answer comes after all: what was paid is not lost.
    await execution.write(async (writer) => {
      expect(await writer.claimJob(job.id, { leaseMs: 1 })).toBeNull();
      expect(await writer.adoptJob(job.id, { providerJobId: 'p' })).toBe(true);
    });
  });

  it('adopts an unknown job that a callback or a look-up found, once', async () => {
    const execution = await anExecution(database);
    const { jobId, claim } = await execution.claimedJob();
    await execution.write(async (writer) => {
      await writer.unknownJob(jobId, { token: claim.token, failure: aFailure });
      expect(await writer.adoptJob(jobId, { providerJobId: 'found' })).toBe(true);
      expect(await writer.adoptJob(jobId, { providerJobId: 'other' })).toBe(false);
      expect(await writer.rejectJob(jobId, null, aFailure)).toBe(false);
    });
    expect(await jobs.find(database, jobId)).toMatchObject({
      state: 'ACCEPTED',
      providerHandle: { providerJobId: 'found' },
      failure: null,
    });
  });
});

describe('the generation of a job', () => {
  it('is the first for a new step, and the same job for the same request in every state that may still pay off', async () => {
    const execution = await anExecution(database);
    const first = await open(execution);
    expect(first).toMatchObject({ adopted: false, superseded: [] });
    expect(first.job).toMatchObject({ generation: 1, generationReason: 'first', temporalRunId: 'run-1' });
    const { id } = first.job;
    const expectAdopted = async (state: string) => {
      const again = await open(execution);
      expect(again).toMatchObject({ adopted: true, superseded: [], job: { id, state } });
    };
    await expectAdopted('INTENT');
    const claim = await execution.write((writer) => writer.claimJob(id, { leaseMs: 60_000 }));
    await expectAdopted('SUBMITTING');
    await execution.write((writer) => writer.unknownJob(id, { token: claim?.token }));
    await expectAdopted('UNKNOWN');
    await execution.write((writer) => writer.adoptJob(id, { providerJobId: 'p' }));
    await expectAdopted('ACCEPTED');
    await execution.write((writer) => writer.storeJob(id, { image: 'x' }));
    await expectAdopted('STORED');
    await execution.write((writer) => writer.settleJob(id, { credits: 30 }));
    await expectAdopted('SETTLED');
  });

  it('is a new one after a definite failure', async () => {
    const execution = await anExecution(database);
    const { jobId, claim } = await execution.claimedJob();
    await execution.write((writer) => writer.rejectJob(jobId, claim.token, aFailure));
    const second = await open(execution);
    expect(second).toMatchObject({
      adopted: false,
      job: { generation: 2, generationReason: 'definite_failure', possibleDuplicate: false },
    });
    const accepted = await execution.acceptedJob();
    await execution.write((writer) => writer.failJob(accepted, aFailure));
    expect((await open(execution)).job).toMatchObject({
      generation: 3,
      generationReason: 'definite_failure',
    });
  });

  it('is a new one for a changed request, and what was open before is given up and named', async () => {
    const execution = await anExecution(database);
    const jobId = await execution.acceptedJob();
    const changed = await open(execution, { requestHash: 'hash-b' });
    expect(changed).toMatchObject({
      adopted: false,
      superseded: [{ id: jobId, state: 'SUPERSEDED', providerHandle: { providerJobId: 'p1' } }],
      job: { generation: 2, generationReason: 'changed' },
    });
    await expect(
      execution.write((writer) => writer.settleJob(jobId, { outputs: {}, credits: 30 })),
    ).rejects.toThrow(JobStateError);
    const back = await open(execution);
    expect(back).toMatchObject({
      adopted: false,
      superseded: [{ generation: 2 }],
      job: { generation: 3, generationReason: 'changed' },
    });
  });

  it('keeps a settled job as it is when its request changes', async () => {
    const execution = await anExecution(database);
    const jobId = await execution.settledJob(30);
    const changed = await open(execution, { requestHash: 'hash-b' });
    expect(changed).toMatchObject({ superseded: [], job: { generation: 2, generationReason: 'changed' } });
    expect((await jobs.find(database, jobId))?.state).toBe('SETTLED');
  });

  it('is a flagged new one when a job of unknown fate is sent again on purpose, and only then', async () => {
    const execution = await anExecution(database);
    const { jobId, claim } = await execution.claimedJob();
    expect(await open(execution, { resubmitUnknown: 'policy' })).toMatchObject({
      adopted: true,
      job: { state: 'SUBMITTING' },
    });
    await execution.write((writer) => writer.unknownJob(jobId, { token: claim.token }));
    const again = await open(execution, { resubmitUnknown: 'policy' });
    expect(again).toMatchObject({
      adopted: false,
      superseded: [{ id: jobId }],
      job: { generation: 2, generationReason: 'policy', possibleDuplicate: true },
    });
    await execution.write((writer) =>
      writer.recordSend({ jobId: again.job.id, outcome: 'accepted', latencyMs: 1, startedAt: new Date() }),
    );
    expect(await execution.node('n1')).toMatchObject({ possibleDuplicate: true });
  });

  it('is counted by step and candidate, so a fallback starts at one', async () => {
    const execution = await anExecution(database);
    await open(execution);
    expect((await open(execution, { provider: 'replicate' })).job.generation).toBe(1);
    expect((await open(execution, { model: 'flux-2' })).job.generation).toBe(1);
    expect((await open(execution, { step: 'n2', nodeId: 'n2' })).job.generation).toBe(1);
  });
});

describe('settling a job', () => {
  it('charges once and answers the first result again, also from twenty at once', async () => {
    const execution = await anExecution(database);
    const jobId = await execution.acceptedJob({ fallbackFrom: ['openai:dall-e'] });
    const settle = (image: string) =>
      execution.write((writer) => writer.settleJob(jobId, { outputs: { image }, credits: 25 }));
    const first = await settle('first');
    const others = await Promise.all(Array.from({ length: 20 }, () => settle('second')));
    expect(first).toMatchObject({ outputs: { image: 'first' }, credits: 25, isFirst: true });
    for (const other of others) {
      expect(other).toMatchObject({ outputs: { image: 'first' }, credits: 25, isFirst: false });
    }
    expect((await execution.view()).credits).toEqual({ held: 95, charged: 25, released: 0 });
    expect(await execution.node('n1')).toMatchObject({
      status: 'COMPLETED',
      output: { image: 'first' },
      provider: 'fal',
      model: 'flux',
      credits: 25,
      fallbackFrom: ['openai:dall-e'],
    });
  });

  it('never charges more than the reserved price', async () => {
    const execution = await anExecution(database);
    const jobId = await execution.settledJob(5000);
    expect((await jobs.find(database, jobId))?.creditsCharged).toBe(30);
  });

  it('takes the outputs that were stored before', async () => {
    const execution = await anExecution(database);
    const jobId = await execution.acceptedJob();
    await execution.write((writer) => writer.storeJob(jobId, { image: 'stored \0 \ud800' }));
    const settled = await execution.write((writer) => writer.settleJob(jobId, { credits: 1 }));
    expect(settled.outputs).toEqual({ image: 'stored \0 \ud800' });
    expect((await execution.node('n1')).output).toEqual({ image: 'stored \0 \ud800' });
  });

  it('keeps a paid result that comes after the execution ended: the job is settled, the end stays', async () => {
    const execution = await anExecution(database);
    const jobId = await execution.acceptedJob();
    await execution.write((writer) => writer.finish({ status: 'CANCELLED', nodes: [] }));
    expect(await execution.balance()).toEqual({ available: 1000, held: 0 });
    await execution.write((writer) => writer.settleJob(jobId, { outputs: { image: 'late' }, credits: 30 }));
    expect(await execution.view()).toMatchObject({
      status: 'CANCELLED',
      credits: { held: 0, charged: 30, released: 120 },
      nodes: { n1: { status: 'CANCELLED', credits: 30 } },
    });
    expect(await execution.balance()).toEqual({ available: 970, held: 0 });
  });

  it('charges a failed job what the provider bills, and nothing otherwise', async () => {
    const execution = await anExecution(database);
    const billed = await execution.acceptedJob();
    const free = await execution.acceptedJob({ step: 'n2', nodeId: 'n2' });
    await execution.write(async (writer) => {
      expect(await writer.failJob(billed, aFailure, { billedCredits: 10 })).toBe(true);
      expect(await writer.failJob(billed, aFailure, { billedCredits: 10 })).toBe(false);
      expect(await writer.failJob(free, aFailure)).toBe(true);
    });
    expect((await execution.view()).credits).toEqual({ held: 110, charged: 10, released: 0 });
    expect(await execution.node('n1')).toMatchObject({ credits: 10 });
  });
});

describe('reserving the price of a job', () => {
  it('extends the hold only by what it lacks', async () => {
    const execution = await anExecution(database, { hold: { minCredits: 0, maxCredits: 50 } });
    await open(execution, { step: 'n1', nodeId: 'n1' });
    expect((await execution.view()).credits.held).toBe(50);
    await open(execution, { step: 'n2', nodeId: 'n2' });
    expect((await execution.view()).credits.held).toBe(60);
    await open(execution, { step: 'n2', nodeId: 'n2' });
    expect((await execution.view()).credits.held).toBe(60);
  });

  it('is refused when the balance does not cover it, and nothing is written', async () => {
    const execution = await anExecution(database, {
      available: 40,
      hold: { minCredits: 0, maxCredits: 40 },
    });
    await open(execution);
    const refused = open(execution, { step: 'n2', nodeId: 'n2' });
    await expect(refused).rejects.toMatchObject({
      name: 'BudgetReachedError',
      limit: 'balance',
      neededCredits: 20,
      availableCredits: 0,
    });
    expect(await jobs.ofExecution(database, execution.id)).toHaveLength(1);
  });

  it('is refused beyond the budget, though the balance would do', async () => {
    const execution = await anExecution(database, { budgetCredits: 70 });
    await execution.settledJob(30);
    await open(execution, { step: 'n2', nodeId: 'n2' });
    const refused = open(execution, { step: 'n3', nodeId: 'n3' });
    await expect(refused).rejects.toThrow(BudgetReachedError);
    await expect(refused).rejects.toMatchObject({
      limit: 'budget',
      neededCredits: 30,
      availableCredits: 10,
    });
  });

  it('does not keep a job that was sent from being adopted: its result is owed', async () => {
    const execution = await anExecution(database, { budgetCredits: 30 });
    const jobId = await execution.acceptedJob();
    const lowered = database.queries.updateTable('executions').set({ budget_credits: 10 });
    await lowered.where('id', '=', execution.id).execute();
    expect(await open(execution)).toMatchObject({ adopted: true, job: { id: jobId, state: 'ACCEPTED' } });
  });

  it('is free again once the job is rejected or cancelled', async () => {
    const execution = await anExecution(database, { budgetCredits: 30 });
    const { jobId, claim } = await execution.claimedJob();
    await execution.write((writer) => writer.rejectJob(jobId, claim.token, aFailure));
    const { job } = await open(execution, { provider: 'replicate' });
    await execution.write((writer) => writer.cancelJob(job.id));
    expect((await open(execution, { provider: 'openai' })).adopted).toBe(false);
  });
});

describe('an execution that has ended', () => {
  it('opens and sends nothing any more', async () => {
    const execution = await anExecution(database);
    const { job } = await open(execution);
    await execution.write((writer) => writer.finish({ status: 'FAILED', nodes: [] }));
    await expect(open(execution, { step: 'n2' })).rejects.toThrow(JobStateError);
    expect(await execution.write((writer) => writer.claimJob(job.id, { leaseMs: 1000 }))).toBeNull();
  });
});
