import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import type { Database } from '../../../store/database/database';
import { reviews } from '../../../store/database/reviews';
import type { ReviewAnswer } from '../../../workflows/contract';
import { openTestStore } from '../../support/test-database';
import { anExecution, type TestExecution } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 20 });
});
afterAll(() => database.close());

function look(execution: TestExecution, step: string, timeoutSeconds = 600): Promise<ReviewAnswer> {
  const texts = { label: step, title: step, instructions: '' };
  return execution.write((writer) =>
    writer.openReview({
      step,
      nodeId: 'n1',
      nodeKey: 'key',
      ...texts,
      value: 'a draft',
      timeoutSeconds,
    }),
  );
}

const approval = { decision: 'approve', comment: '', decidedBy: 'a person' } as const;

describe('a review', () => {
  it('may wait for a year', async () => {
    const execution = await anExecution(database, { available: 200 });
    const yearSeconds = 31_536_000;
    const answer = await look(execution, 'n1', yearSeconds);
    expect(answer).toEqual({ status: 'open', remainingMs: expect.any(Number) });
    expect(answer).toHaveProperty('remainingMs', expect.closeTo(yearSeconds * 1_000, -5));
  });
});

describe('a review whose time runs out while a person decides', () => {
  it('tells the run what it tells the person', async () => {
    const execution = await anExecution(database, { available: 200 });
    const steps = Array.from({ length: 40 }, (_, index) => `n1.${index + 1}`);
    for (const step of steps) await look(execution, step);
    await sql`update reviews set due_at = now() where execution_id = ${execution.id}`.execute(
      database.queries,
    );
    const page = await reviews.list(
      database,
      execution.accountId,
      { executionId: execution.id },
      { limit: 100 },
    );
    const races = page.reviews.map(async ({ id, step }) => {
      const [result, answer] = await Promise.all([
        reviews.decide(database, execution.accountId, id, approval),
        look(execution, step),
      ]);
      const told = answer.status === 'decided' ? answer.decision : answer.status;
      return { person: result.kind, run: told };
    });
    for (const { person, run } of await Promise.all(races))
      expect(run).toBe(person === 'decided' ? 'approve' : 'timed_out');
  });
});
