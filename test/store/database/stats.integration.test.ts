import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import { stats } from '../../../store/database/stats';
import { variants } from '../../../store/database/workflows/variants';
import { openTestStore } from '../../support/test-database';
import { aBatch, anAcceptRequest, anAccount, anExecution, TestExecution } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

const hour = 3_600_000;
const around = { from: new Date(Date.now() - hour), to: new Date(Date.now() + hour) };

describe('stats', () => {
  it('hold nothing of another time, mode, account or workflow', async () => {
    const own = await anExecution(database);
    await own.settledJob(20);
    await own.write((writer) => writer.finish({ status: 'COMPLETED', nodes: [] }));
    const of = (changes: object) =>
      stats.read(database, { accountId: own.accountId, mode: 'test', ...around, ...changes });
    expect((await of({})).runs).toMatchObject({ count: 1, completed: 1, credits: 20 });
    const past = { from: new Date(Date.now() - 9 * hour), to: new Date(Date.now() - 8 * hour) };
    const stranger = await anAccount(database);
    for (const changes of [past, { mode: 'live' }, { accountId: stranger }, { workflowId: 'wf_other' }]) {
      expect(await of(changes)).toEqual({
        runs: { count: 0, completed: 0, failed: 0, latencyMs: null, credits: 0 },
        ...{ workflows: [], dearestRuns: [], nodeTypes: [], models: [], reasons: [] },
      });
    }
  });

  it('give the percentiles of the latencies of those that completed', async () => {
    const accountId = await anAccount(database, 100_000);
    for (let seconds = 1; seconds <= 101; seconds += 1) {
      const request = anAcceptRequest(accountId);
      await executions.accept(database, request);
      const run = new TestExecution(database, accountId, request.execution.id);
      const status = seconds === 101 ? 'FAILED' : 'COMPLETED';
      await run.write((writer) => writer.finish({ status, nodes: [] }));
      await sql`update executions set created_at = completed_at - make_interval(secs => ${seconds})
        where id = ${run.id}`.execute(database.queries);
    }
    const { runs } = await stats.read(database, { accountId, mode: 'test', ...around });
    expect(runs).toMatchObject({ count: 101, completed: 100, failed: 1 });
    expect(runs.latencyMs).toEqual({ p50: 50_500, p95: 95_050, p99: 99_010 });
  });

  it('count a batch once, with all that its items have cost', async () => {
    const { batch, items } = await aBatch(database, 2, { workflowId: 'wf_1', variant: 'calm' });
    for (const item of items) {
      await item.settledJob(30, { step: 'photo', nodeId: 'photo' });
      await item.write((writer) => writer.finish({ status: 'COMPLETED', nodes: [] }));
    }
    await batch.write((writer) => writer.finish({ status: 'COMPLETED', nodes: [] }));
    const scope = { accountId: batch.accountId, mode: 'test', workflowId: 'wf_1', ...around } as const;
    const { runs, workflows, dearestRuns, models } = await stats.read(database, scope);
    expect([runs, workflows[0], dearestRuns[0], models[0]]).toMatchObject([
      { count: 1, credits: 60 },
      { count: 1, credits: 60 },
      { executionId: batch.id, credits: 60 },
      { count: 2, credits: 60 },
    ]);
    expect(await variants.stats(database, scope)).toMatchObject([{ executions: 1, creditsMean: 60 }]);
  });

  it('compare the variants of the time alone', async () => {
    const accountId = await anAccount(database);
    const request = anAcceptRequest(accountId, { workflowId: 'wf_1', variant: 'calm' });
    await executions.accept(database, request);
    const scope = { accountId, mode: 'test', workflowId: 'wf_1' } as const;
    expect(await variants.stats(database, { ...scope, ...around })).toMatchObject([{ variant: 'calm' }]);
    const past = { from: new Date(Date.now() - 9 * hour), to: new Date(Date.now() - 8 * hour) };
    expect(await variants.stats(database, { ...scope, ...past })).toEqual([]);
  });
});
