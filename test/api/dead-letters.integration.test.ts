import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { createSweeper, type Sweeper } from '../../api/sweeper';
import type { FailureView } from '../../workflows/contract';
import { terminate, writeAsRun } from './support/finished-work';
import { textToImage } from './support/graphs';
import { startTestApi, type TestAccount, type TestApi } from './support/test-api';

let api: TestApi;
let sweeper: Sweeper;
beforeAll(async () => {
  api = await startTestApi();
  sweeper = createSweeper(api.dependencies);
});
afterAll(() => api.close());

const path = '/api/v1/dead-letters';

const everyone: FailureView = {
  code: 'all_providers_failed',
  message: 'Every candidate failed.',
  retryable: true,
  candidates: [
    { provider: 'fal', model: 'flux', code: 'provider_unavailable', message: 'away', retryable: true },
    { provider: 'replicate', model: 'flux', code: 'provider_rate_limited', message: 'busy', retryable: true },
  ],
};

/** Two pictures of one prompt. */
const twoImages = {
  ...textToImage,
  nodes: [...textToImage.nodes, { id: 'image2', data: { nodeType: 'generate:flux_2_pro', config: {} } }],
  edges: [...textToImage.edges, { id: 'e2', source: 'prompt', target: 'image2' }],
};

/** An execution whose pictures failed at every provider. */
async function failed(account: TestAccount, graph: typeof textToImage | typeof twoImages = textToImage) {
  const { body } = await api.call('POST', '/api/v1/workflows/inline/execute', {
    key: account.key,
    body: graph,
  });
  const images = graph.nodes.map(({ id }) => id).filter((id) => id !== 'prompt');
  await writeAsRun(api.dependencies, body.executionId, (writer) =>
    writer.finish({
      status: 'FAILED',
      failure: { ...everyone, nodeId: 'image', resumable: true },
      nodes: [
        { nodeId: 'prompt', status: 'COMPLETED', outputs: { text: 'A sunset over a mountain lake' } },
        ...images.map((nodeId) => ({ nodeId, status: 'FAILED' as const, error: everyone })),
      ],
    }),
  );
  await terminate(body.executionId);
  return body.executionId as string;
}

async function open({ key }: TestAccount, query = '') {
  const { status, body } = await api.call('GET', `${path}${query}`, { key });
  expect(status).toBe(200);
  return body.data;
}

async function attemptOf({ key }: TestAccount, executionId: string): Promise<number> {
  return (await api.call('GET', `/api/v1/workflows/executions/${executionId}/poll`, { key })).body.attempt;
}

const redrive = ({ key }: TestAccount, body: object, headers = {}) =>
  api.call('POST', `${path}/redrive`, { key, body, headers });

describe('GET /dead-letters', () => {
  it('lists what failed at every candidate, with the reason of each and the price', async () => {
    const account = await api.createAccount();
    const executionId = await failed(account);
    expect(await open(account)).toEqual([
      expect.objectContaining({
        executionId,
        nodeId: 'image',
        nodeType: 'generate:flux_2_pro',
        mode: 'test',
        state: 'open',
        failure: everyone,
        price: { minCredits: 30, maxCredits: 30 },
        timesFailed: 1,
        redrive: null,
      }),
    ]);
  });

  it('filters by provider, code and time, and refuses a filter that is none', async () => {
    const account = await api.createAccount();
    await failed(account);
    expect(await open(account, '?provider=fal&code=provider_unavailable')).toHaveLength(1);
    expect(await open(account, '?provider=fal&code=provider_rate_limited')).toEqual([]);
    expect(await open(account, '?to=2020-01-01T00:00:00Z')).toEqual([]);
    expect(await open(account, '?state=resolved')).toEqual([]);
    expect((await api.call('GET', `${path}?code=nonsense`)).status).toBe(422);
    expect((await api.call('GET', `${path}?cursor=nonsense`)).body.code).toBe('cursor_invalid');
  });

  it('shows one with what the node was given', async () => {
    const account = await api.createAccount();
    await failed(account);
    const [{ deadLetterId }] = await open(account);
    const { status, body } = await api.call('GET', `${path}/${deadLetterId}`, account);
    expect([status, body.inputs.inputs]).toEqual([200, { prompt: 'A sunset over a mountain lake' }]);
    expect(body.inputs.config).toMatchObject({ aspectRatio: '4:3' });
  });

  it('answers 404 to everything about a foreign one', async () => {
    const account = await api.createAccount();
    const executionId = await failed(account);
    const [{ deadLetterId }] = await open(account);
    expect((await api.call('GET', `${path}/${deadLetterId}`)).body.code).toBe('dead_letter_not_found');
    expect((await api.call('POST', `${path}/${deadLetterId}/redrive`)).status).toBe(404);
    expect((await redrive(api.account, { ids: [deadLetterId] })).status).toBe(404);
    expect((await redrive(api.account, { provider: 'fal' })).body.letters).toBe(0);
    await sweeper.sweep();
    expect(await attemptOf(account, executionId)).toBe(1);
  });
});

describe('POST /dead-letters/:id/redrive', () => {
  it('lets the execution go on from the failed step and answers the receipt; the letter is not open any more', async () => {
    const account = await api.createAccount();
    const executionId = await failed(account);
    const [{ deadLetterId }] = await open(account);
    const { status, body } = await api.call('POST', `${path}/${deadLetterId}/redrive`, account);
    expect([status, body]).toEqual([
      202,
      expect.objectContaining({ executionId, reused: [{ nodeId: 'prompt', credits: 0 }], rerun: ['image'] }),
    ]);
    expect(await api.dependencies.temporal.describeLatest(executionId)).toMatchObject({ attempt: 2 });
    expect(await open(account)).toEqual([]);
    const again = await api.call('POST', `${path}/${deadLetterId}/redrive`, account);
    expect([again.status, again.body.code]).toEqual([409, 'dead_letter_not_open']);
  });

  it('gives repeats with one Idempotency-Key the first receipt', async () => {
    const account = await api.createAccount();
    const executionId = await failed(account);
    const [{ deadLetterId }] = await open(account);
    const request = { ...account, headers: { 'Idempotency-Key': 'once' } };
    const first = await api.call('POST', `${path}/${deadLetterId}/redrive`, request);
    const second = await api.call('POST', `${path}/${deadLetterId}/redrive`, request);
    expect([second.status, second.body]).toEqual([202, first.body]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await attemptOf(account, executionId)).toBe(2);
  });

  it('gives racing repeats with one Idempotency-Key one redrive and one answer', async () => {
    const account = await api.createAccount();
    const executionId = await failed(account);
    const [{ deadLetterId }] = await open(account);
    const request = { ...account, headers: { 'Idempotency-Key': 'race' } };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.call('POST', `${path}/${deadLetterId}/redrive`, request)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    expect(await attemptOf(account, executionId)).toBe(2);
  });

  it('answers 402 with the breakdown when the credits do not reach, and the letter stays open', async () => {
    const account = await api.createAccount({ credits: 30 });
    const executionId = await failed(account);
    // All that there is is set aside for another run.
    await api.call('POST', '/api/v1/workflows/inline/execute', { key: account.key, body: textToImage });
    const [{ deadLetterId }] = await open(account);
    const { status, body } = await api.call('POST', `${path}/${deadLetterId}/redrive`, account);
    expect([status, body]).toEqual([
      402,
      expect.objectContaining({
        requiredCredits: 30,
        availableCredits: 0,
        breakdown: [{ nodeId: 'image', nodeType: 'generate:flux_2_pro', credits: 30 }],
      }),
    ]);
    expect(await open(account)).toHaveLength(1);
    expect(await attemptOf(account, executionId)).toBe(1);
  });
});

describe('POST /dead-letters/redrive', () => {
  it('tells by dryRun how many there are and what they cost, and starts nothing', async () => {
    const account = await api.createAccount();
    for (let run = 0; run < 3; run += 1) await failed(account);
    const body = { provider: 'fal', code: 'provider_unavailable', dryRun: true };
    const answer = await redrive(account, body);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      redriveId: null,
      letters: 3,
      price: { minCredits: 90, maxCredits: 90 },
      availableCredits: 100_000,
      hasMore: false,
    });
    await sweeper.sweep();
    expect(await open(account)).toHaveLength(3);
  });

  it('lets all go on that failed at a provider within a time, several letters of one execution once', async () => {
    const account = await api.createAccount();
    const executionId = await failed(account, twoImages);
    const from = new Date(Date.now() - 60_000).toISOString();
    const { status, body } = await redrive(account, { provider: 'fal', from });
    expect([status, body.letters]).toEqual([202, 2]);
    expect(body.executions).toEqual([
      expect.objectContaining({
        executionId,
        deadLetterIds: [expect.any(String), expect.any(String)],
        receipt: expect.objectContaining({ rerun: ['image', 'image2'] }),
      }),
    ]);
    await sweeper.sweep();
    expect(await attemptOf(account, executionId)).toBe(2);
    expect(await open(account, `?state=redriven&redriveId=${body.redriveId}`)).toHaveLength(2);
  });

  it('lets named ones go on at the pace that was asked for', async () => {
    const account = await api.createAccount();
    const first = await failed(account);
    const second = await failed(account);
    const ids = (await open(account)).map((letter: { deadLetterId: string }) => letter.deadLetterId);
    const { body } = await redrive(account, { ids, throttle: { perMinute: 1 } });
    const [one, other] = body.executions;
    expect(Date.parse(other.dueAt) - Date.parse(one.dueAt)).toBe(60_000);
    await sweeper.sweep();
    expect([await attemptOf(account, first), await attemptOf(account, second)]).toEqual([2, 1]);
    expect(await open(account, '?state=redriven')).toHaveLength(2);
  });

  it('tells at its letter which execution the credits did not reach for', async () => {
    const account = await api.createAccount({ credits: 30 });
    const first = await failed(account);
    const second = await failed(account);
    expect((await redrive(account, { provider: 'fal' })).body).toMatchObject({
      price: { minCredits: 60 },
      availableCredits: 30,
    });
    await sweeper.sweep();
    expect([await attemptOf(account, first), await attemptOf(account, second)]).toEqual([2, 1]);
    expect(await open(account)).toEqual([
      expect.objectContaining({
        executionId: second,
        redrive: expect.objectContaining({
          dueAt: null,
          refusal: { code: 'insufficient_credits', message: expect.stringContaining('30 credits') },
        }),
      }),
    ]);
  });

  it('lets the others go on when one cannot be read', async () => {
    const account = await api.createAccount();
    const [broken, sound] = [await failed(account), await failed(account)];
    await redrive(account, { provider: 'fal' });
    const { queries } = api.dependencies.database;
    await sql`update executions set plan = '{}' where id = ${broken}`.execute(queries);
    await sweeper.sweep();
    expect(await attemptOf(account, sound)).toBe(2);
    expect(await attemptOf(account, broken)).toBe(1);
    await sql`delete from executions where id = ${broken}`.execute(queries);
  });

  it('plans once by repeats with one Idempotency-Key', async () => {
    const account = await api.createAccount();
    await failed(account);
    const headers = { 'Idempotency-Key': 'outage-1' };
    const answers = await Promise.all([1, 2, 3].map(() => redrive(account, { provider: 'fal' }, headers)));
    expect(answers.map((answer) => answer.status)).toEqual([202, 202, 202]);
    expect(new Set(answers.map((answer) => answer.body.redriveId)).size).toBe(1);
  });

  it('refuses ids and filters together, neither of them, unknown ids and letters that are not open', async () => {
    const account = await api.createAccount();
    await failed(account);
    const [{ deadLetterId }] = await open(account);
    expect((await redrive(account, { ids: [deadLetterId], provider: 'fal' })).status).toBe(422);
    expect((await redrive(account, {})).status).toBe(422);
    expect((await redrive(account, { ids: [deadLetterId, 'dlt_unknown'] })).body).toMatchObject({
      code: 'dead_letter_not_found',
      error: expect.stringContaining('dlt_unknown'),
    });
    expect((await redrive(account, { ids: [deadLetterId] })).status).toBe(202);
    expect((await redrive(account, { ids: [deadLetterId] })).body).toMatchObject({
      code: 'dead_letter_not_open',
      error: expect.stringContaining(deadLetterId),
    });
  });

  it('takes in letters of the key’s own mode alone', async () => {
    const account = await api.createAccount();
    await failed(account);
    const live = await api.createAccount({ accountId: account.accountId, mode: 'live', credits: 0 });
    expect((await redrive(live, { provider: 'fal', dryRun: true })).body.letters).toBe(0);
  });
});
