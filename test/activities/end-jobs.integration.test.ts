import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { awaitJob } from '../../activities/await-job';
import { cancelJobs } from '../../activities/cancel-jobs';
import type { Database } from '../../store/database/database';
import { jobs } from '../../store/database/jobs';
import { openTestStore } from '../support/test-database';
import { aFailure, anExecution, type TestExecution } from '../store/database/builders';
import { aJobInput, anEnvironment, fakeDependencies, FakeProvider, providerError } from './fake-provider';

const MODEL = { model: 'fal-ai/flux-2-pro' };

let database: Database;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 10 });
});
afterAll(() => database.close());

const awaitOnce = (execution: TestExecution, jobId: string, fake: FakeProvider) =>
  anEnvironment().run(awaitJob, fakeDependencies(database, fake), { ...aJobInput(execution), jobId });

const cancelOnce = (execution: TestExecution, fake: FakeProvider, attempt = 1) =>
  anEnvironment(undefined, attempt).run(cancelJobs, fakeDependencies(database, fake), {
    executionId: execution.id,
    accountId: execution.accountId,
    mode: 'test' as const,
  });

const statesOf = async (execution: TestExecution) =>
  (await jobs.ofExecution(database, execution.id)).map((job) => job.state);

describe('awaiting a job', () => {
  it('tells a failure that an earlier attempt has recorded in the same words, and decides nothing else', async () => {
    const execution = await anExecution(database);
    const jobId = await execution.acceptedJob(MODEL);
    const fake = new FakeProvider();
    fake.check = () => Promise.reject(providerError('refused'));
    const refused = { type: 'ContentRefused', message: 'Fake is refused.' };
    await expect(awaitOnce(execution, jobId, fake)).rejects.toMatchObject(refused);
    fake.check = () => Promise.reject(providerError('job_failed'));
    await expect(awaitOnce(execution, jobId, fake)).rejects.toMatchObject(refused);
  });

  it.each(['unavailable', 'rate_limited', 'authentication', 'billing'] as const)(
    'goes on when the provider is %s: that says nothing of the job',
    async (kind) => {
      const execution = await anExecution(database);
      const jobId = await execution.acceptedJob(MODEL);
      const fake = new FakeProvider();
      fake.check = () => Promise.reject(providerError(kind));
      await expect(awaitOnce(execution, jobId, fake)).rejects.toMatchObject({ type: 'JobPending' });
      expect(await statesOf(execution)).toEqual(['ACCEPTED']);
    },
  );
});

describe('cancelling jobs', () => {
  it('ends the others when one cannot be cancelled at its provider, and asks again for that one', async () => {
    const execution = await anExecution(database);
    await execution.acceptedJob({ ...MODEL, step: 'n1', nodeId: 'n1' });
    const { jobId } = await execution.claimedJob({ ...MODEL, step: 'n2', nodeId: 'n2' });
    await execution.write((writer) => writer.adoptJob(jobId, { providerJobId: 'p2' }));
    const fake = new FakeProvider();
    fake.beforeCancel = async (id) => {
      if (id === 'p1') throw providerError('unavailable');
    };
    await expect(cancelOnce(execution, fake)).rejects.toMatchObject({ options: { retryAfterMs: 1_000 } });
    expect(await statesOf(execution)).toEqual(['ACCEPTED', 'CANCELLED']);
    await cancelOnce(execution, fake, 4);
    // It is left to what settles the execution, which has more patience.
    expect(await statesOf(execution)).toEqual(['ACCEPTED', 'CANCELLED']);
    expect(fake.cancelled).toEqual(['p2']);
  });

  it('keeps a send of unknown fate unknown, so that a resume does not repeat it silently', async () => {
    const execution = await anExecution(database);
    const { jobId, claim } = await execution.claimedJob(MODEL);
    await execution.write((writer) => writer.unknownJob(jobId, { token: claim.token, failure: aFailure }));
    await cancelOnce(execution, new FakeProvider());
    expect(await statesOf(execution)).toEqual(['UNKNOWN']);
  });
});
