import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { createSweeper } from '../../api/sweeper';
import { callbackToken } from '../../store/database/callback-token';
import type { ExecutionWriter } from '../../store/database/executions/execution-writer';
import type { FailureCode } from '../../workflows/contract';
import { signalsOf, writeAsRun } from './support/finished-work';
import { textToImage } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';

const callbackSecret = 'the worker signs callback tokens with it';
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const sweep = () => createSweeper(api.dependencies).sweep();
const write = <T>(executionId: string, work: (writer: ExecutionWriter) => Promise<T>) =>
  writeAsRun(api.dependencies, executionId, work);
const callBack = (jobId: string) =>
  api.call('POST', `/api/v1/callbacks/${callbackToken(callbackSecret, jobId)}`, {
    key: '',
    body: '{"id":"p1"}',
  });
const statusOf = async (executionId: string) =>
  (await api.call('GET', `/api/v1/workflows/executions/${executionId}/poll`)).body.status;

/** A send whose sender has died, without a word of what became of it; the run waits. */
async function waitsForAFate(
  code: FailureCode = 'submission_unknown',
): Promise<{ executionId: string; jobId: string }> {
  const { body } = await api.call('POST', '/api/v1/workflows/inline/execute', { body: textToImage });
  const { executionId } = body;
  const { job } = await write(executionId, (writer) =>
    writer.openJob({
      ...{ step: 'image', nodeId: 'image', nodeType: 'generate:flux_2_pro', provider: 'fal' },
      ...{ model: 'fal-ai/flux-2-pro', requestHash: 'ab', request: {}, priceCredits: 1, callbackSecret },
    }),
  );
  await write(executionId, async (writer) => {
    await writer.claimJob(job.id, { leaseMs: -1 });
    await writer.unknownJob(job.id);
  });
  await pause(executionId, code);
  return { executionId, jobId: job.id };
}

async function pause(executionId: string, code: FailureCode, resumesTaken = 0): Promise<void> {
  const error = { code, message: 'Nobody can tell.', retryable: true };
  await write(executionId, (writer) =>
    writer.pause({
      failure: { ...error, nodeId: 'image', resumable: true },
      resumesTaken,
      nodes: [{ nodeId: 'image', status: 'WAITING', error }],
    }),
  );
}

describe('an execution that waits for the fate of a send', () => {
  it('goes on by itself, once, when the callback comes', async () => {
    const { executionId, jobId } = await waitsForAFate();
    await sweep();
    expect([await statusOf(executionId), await signalsOf(executionId)]).toEqual(['WAITING', []]);
    expect((await callBack(jobId)).status).toBe(200);
    await sweep();
    await sweep();
    expect([await statusOf(executionId), await signalsOf(executionId)]).toEqual(['RUNNING', ['resume']]);
  });

  it('goes on by itself when the sender that was taken for dead brings the answer', async () => {
    const { executionId, jobId } = await waitsForAFate();
    await write(executionId, (writer) => writer.adoptJob(jobId, { providerJobId: 'p1' }));
    await sweep();
    expect(await signalsOf(executionId)).toEqual(['resume']);
  });

  it('goes on no second time for a callback that told nothing', async () => {
    const { executionId, jobId } = await waitsForAFate();
    await callBack(jobId);
    await sweep();
    await sql`update callbacks set received_at = received_at - interval '1 minute' where job_id = ${jobId}`.execute(
      api.dependencies.database.queries,
    );
    await pause(executionId, 'submission_unknown', 1);
    await sweep();
    expect([await statusOf(executionId), await signalsOf(executionId)]).toEqual(['WAITING', ['resume']]);
  });

  it('is left to the user when it waits for anything else too', async () => {
    const { executionId, jobId } = await waitsForAFate('budget_reached');
    await callBack(jobId);
    await sweep();
    expect([await statusOf(executionId), await signalsOf(executionId)]).toEqual(['WAITING', []]);
  });
});
