import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import sharp from 'sharp';
import { awaitJob } from '../../activities/await-job';
import { cancelJobs } from '../../activities/cancel-jobs';
import { resolveRequest } from '../../activities/resolve-request';
import { settleJobs } from '../../activities/settle-jobs';
import { submitJob } from '../../activities/submit-job';
import { callbackToken } from '../../store/database/callback-token';
import { callbacks } from '../../store/database/callbacks';
import type { Database } from '../../store/database/database';
import { executions } from '../../store/database/executions';
import { jobs } from '../../store/database/jobs';
import type { SubmitJobResult } from '../../workflows/contract';
import { openTestStore } from '../support/test-database';
import { aJobRequest, anExecution, RUN, type TestExecution } from '../store/database/builders';
import { aJobInput, anEnvironment, fakeDependencies, FakeProvider, providerError } from './fake-provider';
import { ScriptedServer } from './providers/scripted-server';

const SECRET = 'a-secret-of-thirty-two-characters';
const MODEL = 'fal-ai/flux-2-pro';
const PRICE = 30;

let database: Database;
let files: ScriptedServer;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 10 });
  files = await new ScriptedServer().listen();
  const body = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();
  files.answer({ headers: { 'content-type': 'image/png' }, body });
});
afterAll(async () => {
  await files.close();
  await database.close();
});

let execution: TestExecution;
let fake: FakeProvider;
beforeEach(async () => {
  execution = await anExecution(database);
  fake = new FakeProvider();
  fake.fileOrigin = files.url;
});

const submit = (runId = RUN): Promise<SubmitJobResult> =>
  anEnvironment(runId).run(submitJob, fakeDependencies(database, fake), aJobInput(execution));

const waitFor = (jobId: string, runId = RUN) =>
  anEnvironment(runId).run(awaitJob, fakeDependencies(database, fake), { ...aJobInput(execution), jobId });

const settle = () =>
  anEnvironment('settling').run(settleJobs, fakeDependencies(database, fake), {
    executionId: execution.id,
    accountId: execution.accountId,
    mode: 'test' as const,
  });

/** Sends a job, and gives its id. */
async function accepted(): Promise<string> {
  const result = await submit();
  if (result.status !== 'accepted') throw new Error('It was not accepted.');
  return result.jobId;
}

/** What an operator's termination leaves in our rows. */
async function terminated(): Promise<void> {
  const failure = {
    code: 'run_terminated',
    message: 'm',
    nodeId: '',
    retryable: true,
    resumable: true,
  } as const;
  await executions.closeFromTemporal(database, {
    executionId: execution.id,
    runId: RUN,
    status: 'FAILED',
    failure,
  });
}

async function resumed(): Promise<void> {
  await executions.prepareResume(database, execution.aResume());
}

/** As if its end, and all that was before, lay that much farther back. */
async function age(hours: number): Promise<void> {
  const id = execution.id;
  await sql`update executions set completed_at = completed_at - ${hours} * interval '1 hour' where id = ${id}`.execute(
    database.queries,
  );
  await sql`update jobs set accepted_at = accepted_at - ${hours} * interval '1 hour',
    lease_until = lease_until - ${hours} * interval '1 hour', odd_since = odd_since - ${hours} * interval '1 hour'
    where execution_id = ${id}`.execute(database.queries);
}

const only = async () => {
  const [job, ...others] = await jobs.ofExecution(database, execution.id);
  expect(others).toEqual([]);
  return job;
};

async function isOwed(): Promise<boolean> {
  const owed = await executions.unsettled(database, 1_000);
  return owed.some(({ executionId }) => executionId === execution.id);
}

/** Nothing is left to be done, and all that was held is charged or given back. */
async function expectSettled(chargedCredits: number): Promise<void> {
  expect(await isOwed()).toBe(false);
  expect((await execution.view()).credits).toMatchObject({ held: 0, charged: chargedCredits });
  expect(await execution.balance()).toEqual({ available: 1_000 - chargedCredits, held: 0 });
}

describe('settling an execution that an operator has terminated', () => {
  it('stops its job at the provider, asks what became of it, and charges nothing', async () => {
    await accepted();
    await terminated();
    expect(await isOwed()).toBe(true);
    await settle();
    expect(fake.cancelled).toEqual(['p1']);
    expect(await only()).toMatchObject({ state: 'CANCELLED' });
    await expectSettled(0);
  });

  it('stops its job again when the first cancel was lost on its way, or was answered and not obeyed', async () => {
    await accepted();
    await terminated();
    fake.beforeCancel = () => Promise.reject(providerError('ambiguous'));
    await expect(settle()).rejects.toThrow();
    fake.beforeCancel = () => Promise.resolve();
    fake.check = () => Promise.resolve({ status: 'pending' });
    await expect(settle()).rejects.toMatchObject({ type: 'JobPending' });
    fake.check = () => Promise.reject(providerError('job_failed'));
    await settle();
    expect(fake.cancelled).toEqual(['p1']);
    expect(await only()).toMatchObject({ state: 'CANCELLED' });
    await expectSettled(0);
  });

  it('keeps and charges the result of a job that was done by then, and a resume takes it without a send', async () => {
    const jobId = await accepted();
    await terminated();
    fake.succeed();
    await settle();
    expect(fake.cancelled).toEqual([]);
    expect(await only()).toMatchObject({ state: 'SETTLED', creditsCharged: PRICE });
    await expectSettled(PRICE);
    await resumed();
    expect(await submit('run-2')).toMatchObject({
      status: 'completed',
      result: { credits: PRICE, outputs: { image: { type: 'image', width: 64 } } },
    });
    expect(fake.sends).toHaveLength(1);
    expect(await only()).toMatchObject({ id: jobId });
  });

  it('keeps the result of a job that was done before the cancel had reached the provider', async () => {
    await accepted();
    await terminated();
    fake.beforeCancel = async () => fake.succeed();
    await settle();
    expect(await only()).toMatchObject({ state: 'SETTLED' });
    await expectSettled(PRICE);
  });

  it('waits for a job whose provider cannot cancel, but not beyond its time limit', async () => {
    await accepted();
    await terminated();
    fake.canCancel = false;
    await expect(settle()).rejects.toMatchObject({ type: 'JobPending' });
    await expect(settle()).rejects.toMatchObject({ type: 'JobPending' });
    expect(await only()).toMatchObject({ state: 'ACCEPTED' });
    await age(1);
    await settle();
    expect(await only()).toMatchObject({ state: 'CANCELLED' });
    await expectSettled(0);
  });

  it('asks a provider that cannot be reached for a day, then lets the job be', async () => {
    await accepted();
    await terminated();
    fake.check = () => Promise.reject(providerError('unavailable'));
    await expect(settle()).rejects.toMatchObject({ type: 'JobPending' });
    await age(25);
    await settle();
    expect(await only()).toMatchObject({ state: 'CANCELLED' });
    await expectSettled(0);
  });

  it('charges once when two settle at a time', async () => {
    await accepted();
    await terminated();
    fake.succeed();
    await Promise.all([settle(), settle(), settle()]);
    await expectSettled(PRICE);
  });

  it('charges what the provider bills for a job that failed', async () => {
    await accepted();
    await terminated();
    fake.check = () => Promise.reject(providerError('job_failed', { billed: true }));
    await settle();
    expect(await only()).toMatchObject({ state: 'FAILED', creditsCharged: PRICE });
    await expectSettled(PRICE);
  });

  it('gives back what was reserved for a job that was never sent', async () => {
    await execution.write((writer) => writer.openJob(aJobRequest({ model: MODEL })));
    await terminated();
    await settle();
    expect(await only()).toMatchObject({ state: 'CANCELLED' });
    await expectSettled(0);
  });
});

describe('a resume and the settling of the run before it', () => {
  it('do not fight: what a resume has taken over is left alone', async () => {
    const jobId = await accepted();
    await terminated();
    await resumed();
    await settle();
    expect(fake.cancelled).toEqual([]);
    expect(await submit('run-2')).toEqual({ status: 'accepted', jobId, attempts: 0 });
    fake.succeed();
    expect(await waitFor(jobId, 'run-2')).toMatchObject({ status: 'completed' });
    expect(fake.sends).toHaveLength(1);
  });

  it('do not fight when the resume comes between the look and the cancel', async () => {
    const jobId = await accepted();
    await terminated();
    fake.check = async () => {
      await resumed();
      return { status: 'pending' };
    };
    await settle();
    expect(fake.cancelled).toEqual([]);
    expect(await only()).toMatchObject({ id: jobId, state: 'ACCEPTED' });
  });

  it('agree on a job that was being cancelled: the run opens a new one in its place', async () => {
    const jobId = await accepted();
    await terminated();
    fake.beforeCancel = () => resumed();
    await settle();
    expect(fake.cancelled).toEqual(['p1']);
    expect(await submit('run-2')).toEqual({ status: 'accepted', jobId, attempts: 0 });
    await expect(waitFor(jobId, 'run-2')).rejects.toMatchObject({ type: 'JobCancelled' });
    await submit('run-2');
    expect(await jobs.ofExecution(database, execution.id)).toMatchObject([
      { state: 'CANCELLED', creditsCharged: 0 },
      { state: 'ACCEPTED', generation: 2, possibleDuplicate: false },
    ]);
  });
});

describe('settling a run that failed by itself', () => {
  it('collects the result of a job that went on, and stops it only after a day', async () => {
    await accepted();
    const failure = {
      code: 'job_timeout',
      message: 'm',
      nodeId: 'n1',
      retryable: true,
      resumable: true,
    } as const;
    await execution.write((writer) => writer.finish({ status: 'FAILED', failure, nodes: [] }));
    await expect(settle()).rejects.toMatchObject({ type: 'JobPending' });
    await age(23);
    await expect(settle()).rejects.toMatchObject({ type: 'JobPending' });
    expect(fake.cancelled).toEqual([]);
    await age(2);
    await settle();
    expect(fake.cancelled).toEqual(['p1']);
    await expectSettled(0);
  });
});

describe('a send of unknown fate', () => {
  /** Its answer is lost while the run is cancelled. */
  async function lost(): Promise<string> {
    const { requestHash } = await resolveRequest(aJobInput(execution), () => Promise.resolve(''));
    const { jobId, claim } = await execution.claimedJob({
      model: MODEL,
      requestHash,
      callbackSecret: SECRET,
    });
    await execution.write((writer) => writer.unknownJob(jobId, { token: claim.token }));
    return jobId;
  }

  const callBack = (jobId: string) =>
    callbacks.put(database, { token: callbackToken(SECRET, jobId), headers: {}, body: Buffer.from('{}') });

  const cancel = () =>
    anEnvironment().run(cancelJobs, fakeDependencies(database, fake), {
      executionId: execution.id,
      accountId: execution.accountId,
      mode: 'test' as const,
    });

  const finishCancelled = () =>
    execution.write((writer) => writer.finish({ status: 'CANCELLED', nodes: [] }));

  it('is found by its stored callback when the run is cancelled, and stopped', async () => {
    const jobId = await lost();
    await callBack(jobId);
    fake.callbackJobId = 'p-of-callback';
    await cancel();
    await finishCancelled();
    expect(fake.cancelled).toEqual(['p-of-callback']);
    expect(await only()).toMatchObject({ state: 'CANCELLED' });
    await expectSettled(0);
  });

  it('stays unknown without one, holds nothing, and is settled when its callback comes later', async () => {
    const jobId = await lost();
    await cancel();
    await finishCancelled();
    await settle();
    expect(await only()).toMatchObject({ state: 'UNKNOWN' });
    await expectSettled(0);
    fake.succeed();
    fake.callbackJobId = 'p-of-callback';
    await callBack(jobId);
    expect(await isOwed()).toBe(true);
    await settle();
    expect(await only()).toMatchObject({ state: 'SETTLED' });
    await expectSettled(PRICE);
  });

  it('is proven absent by a look-up, once its sender cannot live any more', async () => {
    fake.lookup = async () => undefined;
    await lost();
    await terminated();
    await expect(settle()).rejects.toMatchObject({ type: 'JobPending' });
    await age(1);
    await settle();
    expect(await only()).toMatchObject({ state: 'REJECTED' });
    await expectSettled(0);
  });

  it('whose answer comes after the cancel is stopped and settled', async () => {
    fake.answer = async () => {
      await finishCancelled();
      return { providerJobId: 'p-late' };
    };
    await submit();
    expect(await isOwed()).toBe(true);
    await settle();
    expect(fake.cancelled).toEqual(['p-late']);
    await expectSettled(0);
  });

  it('whose answer comes after it was given up is stopped later when it could not be stopped at once', async () => {
    fake.answer = async () => {
      await execution.write((writer) => writer.openJob(aJobRequest({ model: MODEL, requestHash: 'edited' })));
      return { providerJobId: 'p-late' };
    };
    fake.beforeCancel = () => Promise.reject(providerError('unavailable'));
    await expect(submit()).rejects.toMatchObject({ type: 'SubmissionUnknown' });
    expect(await isOwed()).toBe(true);
    fake.beforeCancel = () => Promise.resolve();
    await settle();
    expect(fake.cancelled).toEqual(['p-late']);
    expect(await isOwed()).toBe(false);
  });
});

describe('a job whose place another one has taken', () => {
  /** The node was edited while its job was under way, and the cancel was lost. */
  async function superseded(): Promise<string> {
    const jobId = await accepted();
    await execution.write((writer) => writer.openJob(aJobRequest({ model: MODEL, requestHash: 'edited' })));
    return jobId;
  }

  it('is stopped again when the first cancel was lost on its way', async () => {
    await superseded();
    fake.beforeCancel = () => Promise.reject(providerError('ambiguous'));
    await expect(settle()).rejects.toThrow();
    expect(await isOwed()).toBe(true);
    fake.beforeCancel = () => Promise.resolve();
    await settle();
    expect(fake.cancelled).toEqual(['p1']);
    expect(await isOwed()).toBe(false);
  });

  it('is stopped also while the execution runs', async () => {
    const jobId = await superseded();
    expect(await isOwed()).toBe(true);
    await settle();
    expect(fake.cancelled).toEqual(['p1']);
    expect(await jobs.find(database, jobId)).toMatchObject({ state: 'SUPERSEDED', creditsCharged: 0 });
    expect(await isOwed()).toBe(false);
  });

  it('is charged when it was made all the same; its output is kept, but not as the node’s', async () => {
    const jobId = await superseded();
    fake.succeed();
    await settle();
    await settle();
    expect(await jobs.find(database, jobId)).toMatchObject({
      state: 'SUPERSEDED',
      creditsCharged: PRICE,
      outputs: { image: { type: 'image' } },
    });
    expect(await execution.node('n1')).toMatchObject({ credits: PRICE, output: {} });
    expect((await execution.view()).credits.charged).toBe(PRICE);
  });
});

describe('an answer to a poll that no provider documents for a job', () => {
  it('is no end of the job before it was given for a minute', async () => {
    const jobId = await accepted();
    fake.check = () => Promise.reject(providerError('job_failed', { isOdd: true }));
    await expect(waitFor(jobId)).rejects.toMatchObject({ type: 'JobPending' });
    await expect(waitFor(jobId)).rejects.toMatchObject({ type: 'JobPending' });
    await age(1);
    await expect(waitFor(jobId)).rejects.toMatchObject({ type: 'ProviderJobFailed' });
    expect(await only()).toMatchObject({ state: 'FAILED', creditsCharged: 0 });
  });

  it('is forgotten when the job is found again', async () => {
    const jobId = await accepted();
    fake.check = () => Promise.reject(providerError('job_failed', { isOdd: true }));
    await expect(waitFor(jobId)).rejects.toMatchObject({ type: 'JobPending' });
    await age(1);
    fake.check = () => Promise.resolve({ status: 'pending' });
    await expect(waitFor(jobId)).rejects.toMatchObject({ type: 'JobPending' });
    expect(await only()).toMatchObject({ state: 'ACCEPTED', oddSince: null });
  });
});
