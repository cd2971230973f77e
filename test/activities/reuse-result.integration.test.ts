import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resolveRequest } from '../../activities/resolve-request';
import { submitJob } from '../../activities/submit-job';
import type { AssetStore } from '../../store/assets/asset-store';
import { createLocalAssetStore } from '../../store/assets/local-asset-store';
import type { Database } from '../../store/database/database';
import { executions } from '../../store/database/executions';
import { jobs } from '../../store/database/jobs';
import type { JobInput } from '../../workflows/contract';
import { openTestStore } from '../support/test-database';
import { aJobRequest, anAcceptRequest, anExecution, TestExecution } from '../store/database/builders';
import { aJobInput, anEnvironment, fakeDependencies, FakeProvider } from './fake-provider';

let database: Database;
let assetStore: AssetStore;
let folder: string;
beforeAll(async () => {
  database = await openTestStore();
  folder = await mkdtemp(path.join(tmpdir(), 'everframe-cache-'));
  assetStore = createLocalAssetStore(folder);
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

const cached = { cache: 'workspace', config: { prompt: 'a boat', seed: 7 } } as const;
const model = 'fal-ai/flux-2-pro';

/** An execution that has paid for the picture; its file is stored. */
async function paid(execution: TestExecution): Promise<{ readonly sha256: string }> {
  const { requestHash } = await resolveRequest(aJobInput(execution, cached), () => Promise.resolve(''));
  const bytes = Buffer.from(`picture of ${execution.id}`);
  const { sha256 } = await assetStore.put(execution.accountId, bytes, {
    mimeType: 'image/png',
    maxBytes: 100,
  });
  const jobId = await execution.acceptedJob({ model, requestHash });
  const image = {
    type: 'image',
    assetId: 'ast_1',
    mimeType: 'image/png',
    bytes: bytes.length,
    sha256,
  } as const;
  await execution.write((writer) => writer.settleJob(jobId, { outputs: { image }, credits: 30 }));
  return { sha256 };
}

/** Another execution of the account. */
async function another({ accountId }: TestExecution): Promise<TestExecution> {
  const request = anAcceptRequest(accountId);
  expect((await executions.accept(database, request)).kind).toBe('accepted');
  return new TestExecution(database, accountId, request.execution.id);
}

function submit(execution: TestExecution, input: Partial<JobInput> = cached, fake = new FakeProvider()) {
  const deps = fakeDependencies(database, fake, { assetStore });
  return anEnvironment().run(submitJob, deps, aJobInput(execution, input));
}

describe('a node with cache "workspace"', () => {
  it('takes the result of another execution: no job, no send, no credits, shown as cached', async () => {
    const first = await anExecution(database);
    const { sha256 } = await paid(first);
    const second = await another(first);
    const fake = new FakeProvider();
    const held = (await second.row()).credits;
    const image = expect.objectContaining({ sha256 });
    expect(await submit(second, cached, fake)).toEqual({
      status: 'completed',
      result: { outputs: { image }, credits: 0, attempts: 0, cached: true },
    });
    expect(fake.sends).toEqual([]);
    expect(await jobs.ofExecution(database, second.id)).toEqual([]);
    expect((await second.row()).credits).toEqual(held);
    expect(await second.node('n1')).toMatchObject({
      status: 'COMPLETED',
      cached: true,
      credits: 0,
      attempts: 0,
      provider: 'fal',
      output: { image },
    });
  });

  it('gets the same result when its activity runs again, also when there is a newer one', async () => {
    const first = await anExecution(database);
    const { sha256 } = await paid(first);
    await paid(await another(first));
    const third = await another(first);
    for (let time = 0; time < 2; time += 1) {
      expect(await submit(third)).toMatchObject({
        result: { outputs: { image: { sha256 } } },
      });
    }
  });

  it('goes to the provider when the file of the result is gone', async () => {
    const first = await anExecution(database);
    const { sha256 } = await paid(first);
    await assetStore.delete(first.accountId, sha256);
    expect(await submit(await another(first))).toMatchObject({ status: 'accepted' });
  });

  it.each<[string, Partial<JobInput>]>([
    ['another seed', { ...cached, config: { prompt: 'a boat', seed: 8 } }],
    ['another version of the node type', { ...cached, nodeTypeVersion: 2 }],
    ['live mode', { ...cached, mode: 'live' }],
    ['no leave to reuse', { config: cached.config }],
  ])('takes nothing with %s', async (_what, input) => {
    const first = await anExecution(database);
    await paid(first);
    expect(await submit(await another(first), input)).toMatchObject({ status: 'accepted' });
  });

  it('takes nothing of another account', async () => {
    await paid(await anExecution(database));
    expect(await submit(await anExecution(database))).toMatchObject({ status: 'accepted' });
  });

  it('keeps to a job of its own that is under way', async () => {
    const first = await anExecution(database);
    await paid(first);
    const second = await another(first);
    const { requestHash } = await resolveRequest(aJobInput(second, cached), () => Promise.resolve(''));
    const jobId = await second.acceptedJob(aJobRequest({ model, requestHash }));
    expect(await submit(second)).toMatchObject({ status: 'accepted', jobId });
  });
});
