import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aGraph } from '../support/graph-builder';
import { startTestApi, type TestAccount, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const path = '/api/v1/provider-keys';
const SECRET = 'fal-secret-of-the-studio-9f2c';
const add = (account: TestAccount, body: object) => api.call('POST', path, { key: account.key, body });
const list = (account: TestAccount) => api.call('GET', path, { key: account.key });

describe('a provider key of an account', () => {
  it('is kept once and listed without the key', async () => {
    const account = await api.createAccount({ mode: 'live' });
    const added = await add(account, { provider: 'fal', key: ` ${SECRET} `, name: 'studio' });
    expect([added.status, added.body]).toEqual([
      200,
      {
        providerKeyId: expect.stringMatching(/^sec_/),
        provider: 'fal',
        name: 'studio',
        last4: '9f2c',
        createdAt: expect.any(String),
      },
    ]);
    const again = await add(account, { provider: 'fal', key: SECRET, name: 'the studio' });
    expect(again.body).toEqual({ ...added.body, name: 'the studio' });
    const listed = await list(account);
    expect(listed.body.data).toEqual([again.body]);
    expect(`${added.text}${again.text}${listed.text}`).not.toContain('of-the-studio');
  });

  it('makes its provider one that the account’s live executions may use, and no longer once it is deleted', async () => {
    const [account, other] = [
      await api.createAccount({ mode: 'live' }),
      await api.createAccount({ mode: 'live' }),
    ];
    const quote = (by: TestAccount) => {
      const body = aGraph('a jay').node('image', 'generate:flux_2_pro').edge('prompt', 'image').build();
      return api.call('POST', '/api/v1/workflows/inline/quote', { key: by.key, body });
    };
    expect((await quote(account)).body).toMatchObject({
      code: 'no_provider_configured',
      issues: [{ fix: expect.stringContaining('/api/v1/provider-keys') }],
    });
    const { providerKeyId } = (await add(account, { provider: 'fal', key: SECRET })).body;
    expect((await quote(account)).status).toBe(200);
    expect((await quote(other)).body.code).toBe('no_provider_configured');
    const remove = (by: TestAccount) => api.call('DELETE', `${path}/${providerKeyId}`, { key: by.key });
    expect((await remove(other)).status).toBe(404);
    expect((await remove(account)).status).toBe(204);
    expect((await quote(account)).body.code).toBe('no_provider_configured');
  });

  it('is neither seen nor moved by a test key', async () => {
    const live = await api.createAccount({ mode: 'live' });
    const test = await api.createAccount({ accountId: live.accountId });
    const { providerKeyId } = (await add(live, { provider: 'fal', key: SECRET })).body;
    const tried = [
      await list(test),
      await add(test, { provider: 'fal', key: 'another-key' }),
      await api.call('DELETE', `${path}/${providerKeyId}`, { key: test.key }),
    ];
    expect(tried.map(({ status, body }) => [status, body.code])).toEqual(
      Array.from({ length: 3 }, () => [403, 'mode_not_allowed']),
    );
    expect((await list(live)).body.data).toHaveLength(1);
  });

  it.each([
    ['for a provider that we do not know', { provider: 'nobody', key: SECRET }],
    ['that could not stand in a header', { provider: 'fal', key: 'two\nlines-of-a-key' }],
    ['that is too short to be one', { provider: 'fal', key: 'short' }],
  ])('is refused %s, without a word of it', async (_what, body) => {
    const account = await api.createAccount({ mode: 'live' });
    const refused = await add(account, body);
    expect([refused.status, refused.body.code]).toEqual([422, 'request_invalid']);
    expect(refused.text).not.toMatch(/lines-of|studio|"short"/);
  });

  it('has at most nine others beside it', async () => {
    const account = await api.createAccount({ mode: 'live' });
    const keys = Array.from({ length: 10 }, (_, nth) => `${SECRET}-${nth}`);
    await Promise.all(keys.map((key) => add(account, { provider: 'fal', key })));
    const refused = await add(account, { provider: 'fal', key: SECRET });
    expect([refused.status, refused.body.code]).toEqual([409, 'too_many_provider_keys']);
  });
});
