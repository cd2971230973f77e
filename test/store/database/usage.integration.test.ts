import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import { usage } from '../../../store/database/usage';
import { openTestStore } from '../../support/test-database';
import { anAcceptRequest, anExecution, TestExecution } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

const hour = 3_600_000;
const around = { from: new Date(Date.now() - hour), to: new Date(Date.now() + hour) };

describe('usage', () => {
  it('sums what was charged by day, model and node type, and counts executions by how they stand', async () => {
    const first = await anExecution(database);
    await first.settledJob(20);
    await first.settledJob(12, { step: 'n2', nodeId: 'n2', model: 'flux-2', nodeType: 'generate:other' });
    await first.write((writer) => writer.finish({ status: 'COMPLETED', nodes: [] }));
    const request = anAcceptRequest(first.accountId);
    await executions.accept(database, request);
    const second = new TestExecution(database, first.accountId, request.execution.id);
    await second.settledJob(25, { step: 'n3', nodeId: 'n3' });
    const used = await usage.read(database, { accountId: first.accountId, mode: 'test', ...around });
    expect(used).toMatchObject({ credits: 57, jobs: 3, days: [{ credits: 57, jobs: 3 }] });
    expect(used.executions).toEqual({ started: 2, completed: 1, failed: 0, cancelled: 0 });
    expect(used.models).toEqual([
      { provider: 'fal', model: 'flux', credits: 45, jobs: 2 },
      { provider: 'fal', model: 'flux-2', credits: 12, jobs: 1 },
    ]);
    expect(used.nodeTypes).toEqual([
      { nodeType: 'generate:flux_2_pro', credits: 45, jobs: 2 },
      { nodeType: 'generate:other', credits: 12, jobs: 1 },
    ]);
  });

  it('holds nothing of another time, another mode or another account', async () => {
    const own = await anExecution(database);
    await own.settledJob(20);
    const of = (changes: object) =>
      usage.read(database, { accountId: own.accountId, mode: 'test', ...around, ...changes });
    const past = { from: new Date(Date.now() - 9 * hour), to: new Date(Date.now() - 8 * hour) };
    const stranger = await anExecution(database);
    for (const changes of [past, { mode: 'live' }, { accountId: stranger.accountId }]) {
      expect(await of(changes)).toMatchObject({ credits: 0, jobs: 0, days: [], models: [] });
    }
    expect((await of(past)).executions.started).toBe(0);
    expect((await of({})).credits).toBe(20);
  });
});
