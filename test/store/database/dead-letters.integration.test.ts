import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { deadLetters } from '../../../store/database/dead-letters';
import type { DeadLetterFilters } from '../../../store/database/dead-letters/dead-letter';
import type { Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import { newId } from '../../../store/ids';
import type { FailureView } from '../../../workflows/contract';
import { openTestStore } from '../../support/test-database';
import { anExecution, aPlan, RUN, type TestExecution } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

/** fal is away, Replicate refuses the request. */
const everyone: FailureView = {
  code: 'all_providers_failed',
  message: 'Every candidate failed.',
  retryable: true,
  candidates: [
    { provider: 'fal', model: 'flux', code: 'provider_unavailable', message: 'away', retryable: true },
    {
      provider: 'replicate',
      model: 'flux',
      code: 'provider_request_rejected',
      message: 'no',
      retryable: false,
    },
  ],
};

const image = { type: 'image', assetId: 'ast_1', mimeType: 'image/png', bytes: 1, sha256: 'ab' } as const;

/** n1 is done, n2 fails, n3 never began. */
async function fail(execution: TestExecution, runId = RUN, error = everyone): Promise<void> {
  await execution.write(
    (writer) =>
      writer.finish({
        status: 'FAILED',
        failure: { ...error, nodeId: 'n2', resumable: true },
        nodes: [
          { nodeId: 'n1', status: 'COMPLETED', outputs: { image } },
          { nodeId: 'n2', status: 'FAILED', error },
        ],
      }),
    runId,
  );
}

async function failedExecution(): Promise<TestExecution> {
  const execution = await anExecution(database, { plan: aLinkedPlan() });
  await fail(execution);
  return execution;
}

/** n2 takes the picture of n1. */
function aLinkedPlan() {
  const { nodes, ...plan } = aPlan();
  const inputs = [{ port: 'image', many: false, sourceNodeId: 'n1', sourcePort: 'image' }];
  return { ...plan, nodes: nodes.map((node) => (node.id === 'n2' ? { ...node, inputs } : node)) };
}

async function letters(execution: TestExecution, filters: DeadLetterFilters = {}) {
  const page = await deadLetters.list(database, execution.accountId, filters);
  return page.letters;
}

async function onlyLetter(execution: TestExecution) {
  const [letter, ...others] = await letters(execution);
  if (letter === undefined || others.length > 0) throw new Error('not one letter');
  return letter;
}

async function resume(execution: TestExecution, expectedAttempt = 1): Promise<void> {
  const plan = aLinkedPlan();
  const result = await executions.prepareResume(database, execution.aResume({ expectedAttempt, plan }));
  expect(result.kind).toBe('resumed');
}

describe('a dead letter', () => {
  it('is there once the execution has failed, with reasons, inputs by reference and the price of the node', async () => {
    const execution = await failedExecution();
    const { id } = await onlyLetter(execution);
    expect(await deadLetters.find(database, execution.accountId, id)).toMatchObject({
      executionId: execution.id,
      nodeId: 'n2',
      nodeType: 'generate:flux_2_pro',
      state: 'open',
      timesFailed: 1,
      failure: everyone,
      price: { minCredits: 30, maxCredits: 30 },
      inputs: { config: {}, inputs: { image } },
      redrive: null,
    });
  });

  it('does not exist for executions that ended otherwise', async () => {
    const execution = await anExecution(database);
    await execution.write((writer) =>
      writer.finish({ status: 'CANCELLED', nodes: [{ nodeId: 'n2', status: 'FAILED', error: everyone }] }),
    );
    expect(await letters(execution)).toEqual([]);
  });

  it('is written when the end comes from Temporal alone', async () => {
    const execution = await anExecution(database);
    await execution.write((writer) =>
      writer.updateNodes([{ nodeId: 'n2', status: 'FAILED', error: everyone }]),
    );
    const failure = { ...everyone, nodeId: '', resumable: true };
    await executions.closeFromTemporal(database, {
      executionId: execution.id,
      runId: RUN,
      status: 'FAILED',
      failure,
    });
    expect(await letters(execution)).toMatchObject([{ nodeId: 'n2', state: 'open' }]);
  });

  it('leaves the open list when its execution goes on, and is resolved when the node is done', async () => {
    const execution = await failedExecution();
    await resume(execution);
    expect(await letters(execution)).toMatchObject([{ state: 'redriven', redrivenAt: expect.any(Date) }]);
    await execution.write(
      (writer) =>
        writer.finish({ status: 'COMPLETED', nodes: [{ nodeId: 'n2', status: 'COMPLETED', outputs: {} }] }),
      'run-2',
    );
    expect(await letters(execution)).toMatchObject([{ state: 'resolved', resolvedAt: expect.any(Date) }]);
    expect(await letters(execution, { state: 'open' })).toEqual([]);
  });

  it('leaves the open list when an operator resets the run in Temporal', async () => {
    const execution = await failedExecution();
    const reset = { executionId: execution.id, fromRunId: RUN, toRunId: 'run-reset' };
    expect(await executions.takeOver(database, reset)).toBe(true);
    expect(await onlyLetter(execution)).toMatchObject({ state: 'redriven' });
  });

  it('is the same letter, open again, when the node fails again', async () => {
    const execution = await failedExecution();
    const { id } = await onlyLetter(execution);
    await resume(execution);
    const error: FailureView = { code: 'job_timeout', message: 'too slow', retryable: true };
    await fail(execution, 'run-2', error);
    expect(await onlyLetter(execution)).toMatchObject({
      id,
      state: 'open',
      timesFailed: 2,
      attempt: 2,
      failure: error,
      resolvedAt: null,
    });
  });

  it('is open again when the next attempt is cancelled before the node was done', async () => {
    const execution = await failedExecution();
    await resume(execution);
    await execution.write((writer) => writer.finish({ status: 'CANCELLED', nodes: [] }), 'run-2');
    expect(await onlyLetter(execution)).toMatchObject({ state: 'open', timesFailed: 1 });
  });

  it('is found by who was asked, by what they answered, by type and by time', async () => {
    const execution = await failedExecution();
    const { failedAt } = await onlyLetter(execution);
    const later = new Date(failedAt.getTime() + 1);
    const found: DeadLetterFilters[] = [
      { provider: 'fal' },
      { code: 'all_providers_failed' },
      { provider: 'fal', code: 'provider_unavailable' },
      { nodeType: 'generate:flux_2_pro' },
      { failedFrom: failedAt, failedBefore: later },
    ];
    for (const filters of found) expect(await letters(execution, filters)).toHaveLength(1);
    const missed: DeadLetterFilters[] = [
      { provider: 'openai' },
      { provider: 'replicate', code: 'provider_unavailable' },
      { failedFrom: later },
      { failedBefore: failedAt },
      { mode: 'live' },
    ];
    for (const filters of missed) expect(await letters(execution, filters)).toEqual([]);
  });

  it('is seen by its account alone', async () => {
    const execution = await failedExecution();
    const other = await failedExecution();
    const { id } = await onlyLetter(execution);
    expect(await deadLetters.find(database, other.accountId, id)).toBeUndefined();
    expect(await letters(other, { ids: [id] })).toEqual([]);
    const schedule = { redriveId: newId('rdv'), accountId: other.accountId };
    const executions = [{ letterIds: [id], delayMs: 0 }];
    expect(await deadLetters.scheduleRedrive(database, { ...schedule, executions }, undefined)).toEqual({
      kind: 'changed',
    });
  });
});

describe('a list of dead letters', () => {
  it('goes on after its cursor, without gaps and repeats', async () => {
    const execution = await anExecution(database);
    await execution.write((writer) =>
      writer.finish({
        status: 'FAILED',
        failure: { ...everyone, nodeId: 'n1', resumable: true },
        nodes: ['n1', 'n2', 'n3'].map((nodeId) => ({ nodeId, status: 'FAILED', error: everyone })),
      }),
    );
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await deadLetters.list(database, execution.accountId, {}, { cursor, limit: 2 });
      seen.push(...page.letters.map((letter) => letter.nodeId));
      cursor = page.nextCursor;
    }
    expect(seen.sort()).toEqual(['n1', 'n2', 'n3']);
  });
});

describe('a planned redrive', () => {
  async function plan(failed: readonly TestExecution[], perMinute?: number): Promise<string> {
    const redriveId = newId('rdv');
    for (const [index, execution] of failed.entries()) {
      const { id } = await onlyLetter(execution);
      const delayMs = perMinute === undefined ? 0 : (index * 60_000) / perMinute;
      const schedule = {
        redriveId,
        accountId: execution.accountId,
        executions: [{ letterIds: [id], delayMs }],
      };
      const result = await deadLetters.scheduleRedrive(database, { ...schedule, perMinute }, undefined);
      expect(result.kind).toBe('scheduled');
    }
    return redriveId;
  }

  const due = async (redriveId: string) =>
    (await deadLetters.dueRedrives(database, 100)).filter((each) => each.redriveId === redriveId);

  it('takes each letter once, however many plan at a time', async () => {
    const execution = await failedExecution();
    const { id } = await onlyLetter(execution);
    const { accountId } = execution;
    const executions = [{ letterIds: [id], delayMs: 0 }];
    const results = await Promise.all(
      Array.from({ length: 5 }, () =>
        deadLetters.scheduleRedrive(database, { redriveId: newId('rdv'), accountId, executions }, undefined),
      ),
    );
    expect(results.map((result) => result.kind).sort()).toEqual([
      ...Array.from({ length: 4 }, () => 'changed'),
      'scheduled',
    ]);
  });

  it('is due when its time has come, not before', async () => {
    const failed = [await failedExecution(), await failedExecution()];
    const redriveId = await plan(failed, 1);
    expect((await due(redriveId)).map((each) => each.executionId)).toEqual([failed[0]?.id]);
    await resume(failed[0] as TestExecution);
    expect(await due(redriveId)).toEqual([]);
  });

  it('keeps its throttle when everything is overdue after an outage of ours', async () => {
    const failed = [await failedExecution(), await failedExecution(), await failedExecution()];
    const redriveId = await plan(failed, 2);
    await sql`update dead_letters set redrive_due_at = redrive_due_at - interval '1 hour'
      where redrive_id = ${redriveId}`.execute(database.queries);
    expect((await due(redriveId)).map((each) => each.executionId)).toEqual(
      failed.slice(0, 2).map(({ id }) => id),
    );
    for (const execution of failed.slice(0, 2)) await resume(execution);
    expect(await due(redriveId)).toEqual([]);
    await sql`update dead_letters set redriven_at = redriven_at - interval '61 seconds'
      where redrive_id = ${redriveId}`.execute(database.queries);
    expect((await due(redriveId)).map((each) => each.executionId)).toEqual([failed[2]?.id]);
  });

  it('opens the letter again when it is refused, and says why', async () => {
    const execution = await failedExecution();
    const redriveId = await plan([execution]);
    const refusal = { code: 'insufficient_credits', message: 'Add credits.' };
    await deadLetters.refuseRedrive(database, { redriveId, executionId: execution.id }, refusal);
    expect(await onlyLetter(execution)).toMatchObject({
      state: 'open',
      redrive: { redriveId, dueAt: null, refusal },
    });
    expect(await due(redriveId)).toEqual([]);
  });

  it('gives way to a resume that comes first', async () => {
    const execution = await failedExecution();
    const redriveId = await plan([execution]);
    await resume(execution);
    expect(await due(redriveId)).toEqual([]);
    expect(await onlyLetter(execution)).toMatchObject({ state: 'redriven', redrive: { dueAt: null } });
  });
});
