import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { textToImage } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const grants = '/api/v1/credits/grants';
const balance = async (key: string) => (await api.call('GET', '/api/v1/credits', { key })).body;

describe('GET /credits', () => {
  it('shows what is available, held and charged of what was granted, in the mode of the key', async () => {
    const { key, accountId } = await api.createAccount({ credits: 500 });
    expect(await balance(key)).toEqual({
      mode: 'test',
      ...{ availableCredits: 500, heldCredits: 0, chargedCredits: 0, grantedCredits: 500 },
    });
    const { body } = await api.call('POST', '/api/v1/workflows/inline/execute', { key, body: textToImage });
    const held = body.quote.maxCredits;
    expect(await balance(key)).toMatchObject({ availableCredits: 500 - held, heldCredits: held });
    const live = await api.createAccount({ accountId, mode: 'live', credits: 0 });
    expect(await balance(live.key)).toMatchObject({ mode: 'live', grantedCredits: 0, availableCredits: 0 });
  });
});

describe('POST /credits/grants', () => {
  it('adds credits in the mode of the key', async () => {
    const { key } = await api.createAccount({ credits: 0 });
    const { status, body } = await api.call('POST', grants, {
      key,
      body: { credits: 70, grantKey: 'payment-1' },
    });
    expect([status, body]).toEqual([
      201,
      {
        ...{ grantId: expect.any(String), grantKey: 'payment-1', mode: 'test', credits: 70 },
        createdAt: expect.any(String),
      },
    ]);
    expect(await balance(key)).toMatchObject({ availableCredits: 70, grantedCredits: 70 });
  });

  it.each([
    ['grantKey', { credits: 7, grantKey: 'twenty' }, {}],
    ['Idempotency-Key', { credits: 7 }, { 'Idempotency-Key': 'twenty' }],
  ])('counts twenty posts with one %s once', async (_name, body, headers) => {
    const { key } = await api.createAccount({ credits: 0 });
    const post = () => api.call('POST', grants, { key, body, headers });
    const answers = await Promise.all(Array.from({ length: 20 }, post));
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    const repeat = await post();
    expect([repeat.status, repeat.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(await balance(key)).toMatchObject({ availableCredits: 7 });
  });

  it('refuses another amount under a key that was used', async () => {
    const { key } = await api.createAccount({ credits: 0 });
    await api.call('POST', grants, { key, body: { credits: 7, grantKey: 'a' } });
    const { status, body } = await api.call('POST', grants, { key, body: { credits: 8, grantKey: 'a' } });
    expect([status, body.code]).toEqual([422, 'idempotency_key_reused']);
    expect(await balance(key)).toMatchObject({ availableCredits: 7 });
  });

  it('adds to the account of the key alone: another one’s grant key means nothing there', async () => {
    const [one, two] = [await api.createAccount({ credits: 0 }), await api.createAccount({ credits: 0 })];
    const body = { credits: 5, grantKey: 'same' };
    await api.call('POST', grants, { key: one.key, body });
    await api.call('POST', grants, { key: two.key, body });
    expect([await balance(one.key), await balance(two.key)]).toMatchObject([
      { availableCredits: 5 },
      { availableCredits: 5 },
    ]);
  });

  it('names every fault of a body', async () => {
    const { status, body } = await api.call('POST', grants, { body: { credits: 0.5, grantKey: 'a b' } });
    expect([status, body.issues.map((issue: { path: string }) => issue.path).sort()]).toEqual([
      422,
      ['credits', 'grantKey'],
    ]);
  });

  it('needs a key that may manage credits', async () => {
    const { key } = await api.createAccount({ scopes: ['credits:read', 'executions:write'] });
    const { status, body } = await api.call('POST', grants, { key, body: { credits: 5 } });
    expect([status, body.code, body.requiredScope]).toEqual([403, 'scope_missing', 'credits:manage']);
  });
});
