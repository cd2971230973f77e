import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { executionViewSchema } from '../../pipeline/execution-view';
import { credits } from '../../store/database/credits';
import { textToImage } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const execute = '/api/v1/workflows/inline/execute';

async function countExecutions(accountId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from executions where account_id = ${accountId}`.execute(
    api.dependencies.database.queries,
  );
  return rows[0]?.count ?? 0;
}

describe('POST /workflows/:id/execute', () => {
  it('answers 201 with id, quote and links, and Temporal has the run', async () => {
    const { status, body, headers } = await api.call('POST', execute, { body: textToImage });
    expect([status, body]).toEqual([
      201,
      {
        executionId: expect.stringMatching(/^exe_[0-9a-f]{32}$/),
        workflowId: 'inline',
        version: null,
        status: 'RUNNING',
        quote: {
          minCredits: expect.any(Number),
          maxCredits: expect.any(Number),
          nodes: [
            { nodeId: 'prompt', nodeType: 'input:text', minCredits: 0, maxCredits: 0 },
            expect.objectContaining({ nodeId: 'image', nodeType: 'generate:flux_2_pro' }),
          ],
        },
        links: expect.objectContaining({ poll: expect.stringContaining(body.executionId) }),
      },
    ]);
    expect(headers.get('location')).toBe(body.links.self);
    const run = await api.dependencies.temporal.describeLatest(body.executionId);
    expect(run).toMatchObject({ status: 'RUNNING', attempt: 1 });
  });

  it('takes the call of the published guides as it is, workflow id included', async () => {
    const { status, body } = await api.call('POST', '/api/v1/workflows/YOUR_WORKFLOW_ID/execute', {
      body: textToImage,
    });
    expect([status, body.workflowId]).toEqual([201, 'YOUR_WORKFLOW_ID']);
  });

  it('answers 404 where there is neither such a workflow nor a graph', async () => {
    const { status, body } = await api.call('POST', '/api/v1/workflows/wf_unknown/execute', { body: {} });
    expect([status, body.code]).toEqual([404, 'workflow_not_found']);
  });

  it('answers 402 with what each node costs, and starts nothing', async () => {
    const poor = await api.createAccount({ credits: 1 });
    const { status, body } = await api.call('POST', execute, { key: poor.key, body: textToImage });
    expect(status).toBe(402);
    expect(body).toMatchObject({
      code: 'insufficient_credits',
      availableCredits: 1,
      breakdown: [
        { nodeId: 'prompt', nodeType: 'input:text', credits: 0 },
        { nodeId: 'image', nodeType: 'generate:flux_2_pro', credits: body.requiredCredits },
      ],
    });
    expect(body.requiredCredits).toBeGreaterThan(1);
    expect(await countExecutions(poor.accountId)).toBe(0);
  });

  it('answers 422 no_provider_configured, naming the variables, to a live key without credentials', async () => {
    const live = await api.createAccount({ mode: 'live' });
    const { status, body } = await api.call('POST', execute, { key: live.key, body: textToImage });
    expect([status, body.code]).toEqual([422, 'no_provider_configured']);
    expect(body.issues[0].fix).toMatch(/FAL_KEY/);
  });

  it('tells faults of the body and of the graph at once', async () => {
    const body = { ...textToImage, priority: 9, edges: [{ id: 'e', source: 'nowhere', target: 'image' }] };
    const answer = await api.call('POST', execute, { body });
    expect(answer.status).toBe(422);
    const codes = answer.body.issues.map((issue: { path: string; code: string }) => issue.code);
    expect(codes).toEqual(expect.arrayContaining(['too_big', 'edge_dangling']));
  });

  it('holds the answer as Prefer asks and adds the execution', async () => {
    const started = performance.now();
    const { status, body, headers } = await api.call('POST', execute, {
      body: textToImage,
      headers: { Prefer: 'wait=1' },
    });
    expect(performance.now() - started).toBeGreaterThan(900);
    expect([status, headers.get('preference-applied')]).toEqual([201, 'wait=1']);
    expect(executionViewSchema.parse(body.execution)).toMatchObject({
      executionId: body.executionId,
      status: 'RUNNING',
    });
  });

  it('holds credits while it runs', async () => {
    const { accountId, key } = await api.createAccount({ credits: 1_000 });
    const { body } = await api.call('POST', execute, { key, body: textToImage });
    const balance = await credits.balance(api.dependencies.database, accountId, 'test');
    expect(balance).toEqual({ available: 1_000 - body.quote.maxCredits, held: body.quote.maxCredits });
  });
});

describe('Idempotency-Key', () => {
  it('that was used in test mode does not stand for a live request', async () => {
    const account = await api.createAccount();
    const live = await api.createAccount({ accountId: account.accountId, mode: 'live', credits: 0 });
    const headers = { 'Idempotency-Key': 'order-1' };
    const request = { body: textToImage, headers };
    expect(await api.call('POST', execute, { ...request, key: account.key })).toMatchObject({ status: 201 });
    // It was looked at anew, and this house has no live providers.
    const { body } = await api.call('POST', execute, { ...request, key: live.key });
    expect(body.code).toBe('no_provider_configured');
  });

  it('starts one run for 50 posts at once', async () => {
    const { accountId, key } = await api.createAccount();
    const headers = { 'Idempotency-Key': '"fifty"' };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => api.call('POST', execute, { key, body: textToImage, headers })),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 50 }, () => 201));
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    const replayed = answers.filter((answer) => answer.headers.get('idempotency-replayed') === 'true');
    expect(replayed).toHaveLength(49);
    const locations = new Set(answers.map((answer) => answer.headers.get('location')));
    expect([...locations]).toEqual([answers[0]?.body.links.self]);
    expect(await countExecutions(accountId)).toBe(1);
  });

  it('answers 422 to the same key with another body', async () => {
    const headers = { 'Idempotency-Key': 'other-body' };
    await api.call('POST', execute, { body: textToImage, headers });
    const body = { ...textToImage, triggerData: { prompt: 'Another one' } };
    const answer = await api.call('POST', execute, { body, headers });
    expect([answer.status, answer.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('means nothing across accounts', async () => {
    const headers = { 'Idempotency-Key': 'two-accounts' };
    const other = await api.createAccount();
    const first = await api.call('POST', execute, { body: textToImage, headers });
    const second = await api.call('POST', execute, { key: other.key, body: textToImage, headers });
    expect(second.status).toBe(201);
    expect(second.body.executionId).not.toBe(first.body.executionId);
  });

  it('may be used again after a refusal', async () => {
    const headers = { 'Idempotency-Key': 'after-refusal' };
    const { accountId, key } = await api.createAccount({ credits: 1 });
    expect((await api.call('POST', execute, { key, body: textToImage, headers })).status).toBe(402);
    await credits.grant(api.dependencies.database, {
      accountId,
      mode: 'test',
      credits: 1_000,
      grantKey: 'more',
    });
    expect((await api.call('POST', execute, { key, body: textToImage, headers })).status).toBe(201);
  });

  it('answers 400 to a key that cannot be one', async () => {
    const answer = await api.call('POST', execute, {
      body: textToImage,
      headers: { 'Idempotency-Key': 'a b' },
    });
    expect([answer.status, answer.body.code]).toEqual([400, 'idempotency_key_invalid']);
  });
});

describe('POST /workflows/:id/quote', () => {
  it('prices every node and starts nothing', async () => {
    const { accountId, key } = await api.createAccount({ credits: 0 });
    const { status, body } = await api.call('POST', '/api/v1/workflows/inline/quote', {
      key,
      body: textToImage,
    });
    expect(status).toBe(200);
    expect(body.minCredits).toBeGreaterThan(0);
    expect(body.maxCredits).toBeGreaterThanOrEqual(body.minCredits);
    expect(body.nodes).toHaveLength(2);
    expect(await countExecutions(accountId)).toBe(0);
  });
});
