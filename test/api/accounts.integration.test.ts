import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const create = (body: object, key = api.account.key) => api.call('POST', '/api/v1/accounts', { body, key });

describe('/accounts', () => {
  it('makes an account on a plan, with a key that has no power over money or accounts', async () => {
    const { status, body } = await create({ name: 'A team', plan: 'starter' });
    expect([status, body.account]).toEqual([
      201,
      { accountId: expect.stringMatching(/^acc_/), name: 'A team', plan: 'starter' },
    ]);
    const used = await api.call('GET', '/api/v1/usage', { key: body.key });
    expect(used.headers.get('x-ratelimit-limit')).toBe('20');
    expect(used.body).toMatchObject({ credits: 0, plan: { name: 'starter', executionsPerDay: 200 } });
    for (const path of ['/api/v1/accounts', '/api/v1/credits/grants']) {
      const refused = await api.call('POST', path, { body: { name: 'x', credits: 1 }, key: body.key });
      expect([refused.status, refused.body.code]).toEqual([403, 'scope_missing']);
    }
  });

  it('changes a plan, which counts from the next request on', async () => {
    const { account, key } = (await create({ name: 'Grows', plan: 'free' })).body;
    const path = `/api/v1/accounts/${account.accountId}`;
    const changed = await api.call('PUT', path, { body: { name: 'Grows', plan: 'enterprise' } });
    expect(changed.body).toEqual({ ...account, plan: 'enterprise' });
    expect((await api.call('GET', '/api/v1/credits', { key })).headers.get('x-ratelimit-limit')).toBe('200');
    const { data } = (await api.call('GET', '/api/v1/accounts')).body;
    expect(data).toContainEqual({ ...account, plan: 'enterprise' });
  });

  it('gives credits to another account for who may do both, once per grant key', async () => {
    const { account, key } = (await create({ name: 'Customer' })).body;
    const grant = { credits: 900, grantKey: 'invoice-1', accountId: account.accountId };
    const path = '/api/v1/credits/grants';
    const answers = [1, 2].map(() => api.call('POST', path, { body: grant }));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([201, 201]);
    const balance = await api.call('GET', '/api/v1/credits', { key });
    expect(balance.body).toMatchObject({ availableCredits: 900, grantedCredits: 900 });
    const banker = await api.createAccount({ scopes: ['credits:manage'] });
    expect((await api.call('POST', path, { body: grant, key: banker.key })).body.code).toBe('scope_missing');
    const unknown = await api.call('POST', path, { body: { ...grant, accountId: 'acc_none' } });
    expect([unknown.status, unknown.body.code]).toEqual([404, 'account_not_found']);
  });
});

describe('GET /usage', () => {
  it.each([
    ['ends before it begins', 'from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z'],
    ['lasts for years', 'from=2020-01-01T00:00:00Z'],
    ['is no time', 'from=yesterday'],
  ])('refuses a time that %s', async (_what, query) => {
    const { status, body } = await api.call('GET', `/api/v1/usage?${query}`);
    expect([status, body.code, body.issues[0].path]).toEqual([422, 'request_invalid', 'query.from']);
  });
});
