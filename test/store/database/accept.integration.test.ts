import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { credits } from '../../../store/database/credits';
import type { Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import type { IdempotencyRequest } from '../../../store/database/executions/execution';
import { idempotency } from '../../../store/database/idempotency';
import { openTestStore } from '../../support/test-database';
import { anAcceptRequest, anAccount, aPlan } from './builders';

function aKey(changes: Partial<IdempotencyRequest> = {}): IdempotencyRequest {
  return {
    scope: 'execute',
    key: 'key-1',
    fingerprint: 'body-1',
    response: { status: 201, body: { z: 1, a: 'first' } },
    ...changes,
  };
}

describe('executions.accept', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openTestStore({ poolMax: 20 });
  });
  afterAll(() => database.close());

  const countExecutions = async (accountId: string) =>
    (await executions.list(database, accountId, {})).executions.length;

  it('starts one execution out of fifty concurrent requests with one idempotency key', async () => {
    const accountId = await anAccount(database);
    const results = await Promise.all(
      Array.from({ length: 50 }, () =>
        executions.accept(database, anAcceptRequest(accountId, { idempotency: aKey() })),
      ),
    );
    expect(results.filter((result) => result.kind === 'accepted')).toHaveLength(1);
    const replays = results.filter((result) => result.kind === 'replayed');
    expect(replays).toHaveLength(49);
    expect(replays[0]).toEqual({ kind: 'replayed', status: 201, body: { z: 1, a: 'first' } });
    expect(Object.keys(Object(replays[0]?.body))).toEqual(['z', 'a']);
    expect(await countExecutions(accountId)).toBe(1);
    expect(await credits.balance(database, accountId, 'test')).toEqual({ available: 880, held: 120 });
  });

  it('tells a key that is reused for another body, and keeps keys of accounts and scopes apart', async () => {
    const [accountId, otherAccountId] = [await anAccount(database), await anAccount(database)];
    const accept = (account: string, key: IdempotencyRequest) =>
      executions.accept(database, anAcceptRequest(account, { idempotency: key }));
    expect((await accept(accountId, aKey())).kind).toBe('accepted');
    expect((await accept(accountId, aKey({ fingerprint: 'body-2' }))).kind).toBe('fingerprint_mismatch');
    expect((await accept(accountId, aKey({ scope: 'other' }))).kind).toBe('accepted');
    expect((await accept(otherAccountId, aKey({ fingerprint: 'body-2' }))).kind).toBe('accepted');
    expect(await countExecutions(accountId)).toBe(2);
  });

  it('takes an expired key as new', async () => {
    const accountId = await anAccount(database);
    const accept = (key: IdempotencyRequest) =>
      executions.accept(database, anAcceptRequest(accountId, { idempotency: key }));
    await accept(aKey({ lifetimeMs: 0 }));
    expect(await idempotency.find(database, accountId, aKey())).toBeUndefined();
    expect((await accept(aKey({ fingerprint: 'body-2' }))).kind).toBe('accepted');
    await accept(aKey({ key: 'key-2', lifetimeMs: 0 }));
    expect(await idempotency.prune(database)).toBe(1);
    expect((await idempotency.find(database, accountId, aKey()))?.kind).toBe('fingerprint_mismatch');
  });

  it('refuses what the balance does not cover without leaving a trace, so the same key works after a top-up', async () => {
    const accountId = await anAccount(database, 89);
    const accept = () => executions.accept(database, anAcceptRequest(accountId, { idempotency: aKey() }));
    expect(await accept()).toEqual({
      kind: 'insufficient_credits',
      requiredCredits: 90,
      availableCredits: 89,
    });
    expect(await countExecutions(accountId)).toBe(0);
    await credits.grant(database, { accountId, mode: 'test', credits: 1, grantKey: 'top-up' });
    expect(await accept()).toEqual({ kind: 'accepted', heldCredits: 90 });
    expect(await credits.balance(database, accountId, 'test')).toEqual({ available: 0, held: 90 });
  });

  it('holds the least of the quote, the budget and the balance', async () => {
    const accountId = await anAccount(database, 200);
    const accept = async (changes: Parameters<typeof anAcceptRequest>[1]) =>
      executions.accept(database, anAcceptRequest(accountId, changes));
    expect(await accept({ budgetCredits: 100 })).toMatchObject({ heldCredits: 100 });
    expect(await accept({})).toMatchObject({ heldCredits: 100 });
    expect(await accept({ hold: { minCredits: 0, maxCredits: 10 } })).toMatchObject({ heldCredits: 0 });
  });

  it('accepts a free execution of an account that never had credits', async () => {
    const accountId = await anAccount(database, 0);
    const free = anAcceptRequest(accountId, { hold: { minCredits: 0, maxCredits: 0 } });
    expect(await executions.accept(database, free)).toEqual({ kind: 'accepted', heldCredits: 0 });
  });

  it('shows the accepted execution with its nodes in plan order, and offers it to be started', async () => {
    const accountId = await anAccount(database);
    const request = anAcceptRequest(accountId, { plan: aPlan(['b', 'a', 'c']), tags: ['x'], failFast: true });
    await executions.accept(database, request);
    const { id } = request.execution;
    const found = await executions.view(database, accountId, id);
    expect(found?.revision).toBe(1);
    expect(found?.view).toMatchObject({
      executionId: id,
      status: 'RUNNING',
      attempt: 1,
      progress: { total: 3, completed: 0, running: 0, failed: 0, skipped: 0 },
      credits: { held: 120, charged: 0, released: 0 },
      error: null,
      failure: null,
      output: {},
    });
    expect(Object.keys(found?.view.nodes ?? {})).toEqual(['b', 'a', 'c']);
    expect(await executions.pendingStart(database, id)).toMatchObject({
      executionId: id,
      accountId,
      workflowName: 'Tests',
      failFast: true,
      plan: request.execution.plan,
      carried: [],
    });
    expect((await executions.pendingStarts(database, 0)).map((start) => start.executionId)).toContain(id);
    expect(await executions.pendingStarts(database, 60_000)).toEqual([]);
    await executions.started(database, id, 'run-1');
    expect(await executions.pendingStart(database, id)).toBeUndefined();
    const snapshot = await executions.snapshot(database, accountId, id);
    expect(snapshot?.execution.temporalRunId).toBe('run-1');
  });

  it('shows an execution to its own account only', async () => {
    const [accountId, otherAccountId] = [await anAccount(database), await anAccount(database)];
    const request = anAcceptRequest(accountId);
    await executions.accept(database, request);
    const { id } = request.execution;
    expect(await executions.view(database, otherAccountId, id)).toBeUndefined();
    expect(await executions.detail(database, otherAccountId, id)).toBeUndefined();
    expect(await executions.documents(database, otherAccountId, id)).toBeUndefined();
    expect(await executions.requestCancel(database, otherAccountId, id)).toEqual({ kind: 'not_found' });
    expect(await countExecutions(otherAccountId)).toBe(0);
  });
});
