import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '../../../store/database/database';
import { jobs } from '../../../store/database/jobs';
import { BudgetReachedError } from '../../../store/database/jobs/job';
import { openTestStore } from '../../support/test-database';
import { aJobRequest, anExecution, RUN, type TestExecution } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

/** What arrays, JSON and SQL each escape in their own way. */
const ODD = 'a "quote", a \\ backslash, {braces}, null, \u0000, \ud800 and ✓';

const scopeOf = ({ id }: TestExecution) => ({ executionId: id, runId: RUN });
const claim = () => ({ token: randomUUID(), pastGeneration: 0, leaseMs: 60_000, credentialId: 'key-1' });
const intents = (changes = {}) =>
  ['n1', 'n2', 'n3'].map((step) => ({
    request: aJobRequest({ step, nodeId: step, request: { prompt: `${step}: ${ODD}` }, ...changes }),
    claim: claim(),
  }));

describe('what is written together', () => {
  it('is claimed and settled each for itself, its documents unchanged, in the order given', async () => {
    const execution = await anExecution(database);
    const wanted = intents({ callbackSecret: 'secret', fallbackFrom: ['openai:gpt'] });
    const claimed = await jobs.writeIntents(database, scopeOf(execution), wanted);
    expect(claimed.map(({ job, claim: won }) => [job.step, job.request, job.state, won?.token])).toEqual(
      wanted.map(({ request, claim: { token } }) => [request.step, request.request, 'SUBMITTING', token]),
    );
    const send = { outcome: 'completed', startedAt: new Date(), latencyMs: 3.2 } as const;
    const results = claimed.map(({ job }, number) => ({
      jobId: job.id,
      settlement: { outputs: { text: `${job.step}: ${ODD}` }, credits: number, ...(number ? { send } : {}) },
    }));
    const settled = await jobs.writeSettlements(database, scopeOf(execution), results);
    expect(settled).toEqual(
      results.map(({ settlement: { outputs, credits } }, number) => ({
        ...{ outputs, credits, attempts: number ? 1 : 0, isFirst: true },
      })),
    );
    expect(await jobs.writeSettlements(database, scopeOf(execution), results.slice(1))).toEqual(
      settled.slice(1).map((result) => ({ ...result, isFirst: false })),
    );
    expect(await execution.node('n3')).toMatchObject({ status: 'COMPLETED', credits: 2, attempts: 1 });
    expect((await execution.view()).credits).toMatchObject({ charged: 3 });
  });

  it('is not written at all when one of it is refused', async () => {
    const execution = await anExecution(database, { budgetCredits: 70 });
    await expect(jobs.writeIntents(database, scopeOf(execution), intents())).rejects.toThrow(
      BudgetReachedError,
    );
    expect(await jobs.ofExecution(database, execution.id)).toEqual([]);
    const [first] = await jobs.writeIntents(database, scopeOf(execution), intents().slice(0, 1));
    expect(first?.job.state).toBe('SUBMITTING');
  });
});
