import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asSender, writeFenced } from '../../activities/fence';
import type { Database } from '../../store/database/database';
import { jobs } from '../../store/database/jobs';
import { openTestStore } from '../support/test-database';
import { aJobRequest, anExecution, RUN, type TestExecution } from '../store/database/builders';
import { anEnvironment } from './fake-provider';

let database: Database;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 20 });
});
afterAll(() => database.close());

function writeAs(execution: TestExecution, runId: string, latest: string) {
  const scope = { executionId: execution.id, accountId: execution.accountId, mode: 'test' } as const;
  const deps = { database, latestRunId: async () => latest };
  return anEnvironment(runId).run(() => writeFenced(deps, scope, async (writer) => writer.execution.attempt));
}

async function startedExecution(): Promise<TestExecution> {
  const execution = await anExecution(database);
  await execution.write(async () => undefined);
  return execution;
}

describe('after a reset', () => {
  it('ten steps of the new run that write at once take over once, and all of them write', async () => {
    const execution = await startedExecution();
    const attempts = await Promise.all(
      Array.from({ length: 10 }, () => writeAs(execution, 'run-2', 'run-2')),
    );
    expect(attempts).toEqual(Array.from({ length: 10 }, () => 2));
  });

  it('the old run writes nothing any more', async () => {
    const execution = await startedExecution();
    await writeAs(execution, 'run-2', 'run-2');
    await expect(writeAs(execution, RUN, 'run-2')).rejects.toMatchObject({ type: 'StaleRun' });
  });

  it('a run that is not the latest takes nothing over', async () => {
    const execution = await startedExecution();
    await expect(writeAs(execution, 'run-2', 'run-3')).rejects.toMatchObject({ type: 'StaleRun' });
    expect((await execution.row()).temporalRunId).toBe(RUN);
  });

  it('a second answer for a job that was given up takes the place of no first one: both can be stopped', async () => {
    const execution = await startedExecution();
    const jobId = await execution.acceptedJob();
    await execution.write((writer) => writer.openJob(aJobRequest({ requestHash: 'edited' })));
    const send = { latencyMs: 1, startedAt: new Date() };
    const acceptance = { jobId, handle: { providerJobId: 'p2' }, send };
    const answer = await jobs.writeAcceptance(
      database,
      { executionId: execution.id, runId: RUN },
      acceptance,
    );
    expect(answer).toMatchObject({ state: 'SUPERSEDED', isSurplus: true });
    expect(await jobs.find(database, jobId)).toMatchObject({ providerHandle: { providerJobId: 'p1' } });
  });

  it('the old run’s sender still records the answer that it alone has', async () => {
    const execution = await startedExecution();
    const { jobId } = await execution.claimedJob();
    await writeAs(execution, 'run-2', 'run-2');
    const scope = { executionId: execution.id, accountId: execution.accountId, mode: 'test' } as const;
    const deps = { database, latestRunId: async () => 'run-2' };
    const send = { latencyMs: 1, startedAt: new Date() };
    const acceptance = { jobId, handle: { providerJobId: 'p1' }, send };
    await anEnvironment(RUN).run(() =>
      asSender(deps, scope, (writeScope) => jobs.writeAcceptance(database, writeScope, acceptance)),
    );
    expect(await jobs.find(database, jobId)).toMatchObject({ state: 'ACCEPTED' });
    expect((await execution.row()).temporalRunId).toBe('run-2');
  });
});
