import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callProvider } from '../../activities/call-provider';
import type { Database } from '../../store/database/database';
import { executions } from '../../store/database/executions';
import { jobs } from '../../store/database/jobs';
import type { JobInput, LaterChange, StepResult } from '../../workflows/contract';
import { anExecution, aJobRequest, RUN, type TestExecution } from '../store/database/builders';
import { openTestStore } from '../support/test-database';
import { aJobInput, anEnvironment, fakeDependencies, FakeProvider } from './fake-provider';

let database: Database;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

const model = 'gpt-5.4-mini';
const chat = {
  nodeType: 'text:llm',
  config: { prompt: 'a boat', maxTokens: 16 },
  candidate: { provider: 'openai', model, execution: 'sync', priceCredits: 30 },
} as const satisfies Partial<JobInput>;

/** The call is under way when that happens; its run tries to write the answer afterwards. */
async function answeredAfter(happens: (execution: TestExecution, fake: FakeProvider) => Promise<void>) {
  const execution = await anExecution(database);
  const fake = new FakeProvider();
  fake.duringCall = () => happens(execution, fake);
  const call = (runId: string): Promise<StepResult | LaterChange> =>
    anEnvironment(runId).run(
      callProvider,
      fakeDependencies(database, fake, { latestRunId: async () => 'run-2' }),
      aJobInput(execution, chat),
    );
  const lost: unknown = await call(RUN).catch((error: unknown) => error);
  return { execution, fake, lost, call, all: () => jobs.ofExecution(database, execution.id) };
}

const reset = (execution: TestExecution) =>
  executions.takeOver(database, { executionId: execution.id, fromRunId: RUN, toRunId: 'run-2' });

describe('the answer to a synchronous call', () => {
  it('whose run was replaced meanwhile is kept and charged, and the next run takes it without a send', async () => {
    const { execution, fake, lost, call, all } = await answeredAfter(async (own) => void (await reset(own)));
    expect(lost).toMatchObject({ type: 'StaleRun' });
    const [job] = await all();
    expect(job).toMatchObject({ state: 'SETTLED', outputs: { text: 'a boat' } });
    expect(job?.creditsCharged).toBeGreaterThan(0);
    expect((await execution.node('n1'))?.status).not.toBe('COMPLETED');
    expect(await call('run-2')).toMatchObject({
      outputs: { text: 'a boat' },
      credits: job?.creditsCharged,
      attempts: 1,
    });
    expect((await execution.node('n1'))?.status).toBe('COMPLETED');
    expect(fake.sends).toHaveLength(1);
  });

  it('whose job was superseded meanwhile is kept in its row and charged once', async () => {
    const { execution, lost, all } = await answeredAfter(async (own) => {
      await reset(own);
      const edited = aJobRequest({ provider: 'openai', model, requestHash: 'of-an-edited-node' });
      await own.write((writer) => writer.openJob(edited), 'run-2');
    });
    expect(lost).toMatchObject({ type: 'StaleRun' });
    const [job, next] = await all();
    expect(job).toMatchObject({ state: 'SUPERSEDED', outputs: { text: 'a boat' } });
    expect(job?.closedAt).not.toBeNull();
    expect(job?.creditsCharged).toBeGreaterThan(0);
    expect(next).toMatchObject({ state: 'INTENT', creditsCharged: 0 });
    expect(await execution.view()).toMatchObject({ credits: { charged: job?.creditsCharged } });
  });
});
