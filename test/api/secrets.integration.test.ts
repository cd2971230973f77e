import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});

afterAll(() => api.close());

const put = (name: string, body: object, key?: string) =>
  api.call('PUT', `/api/v1/secrets/${name}`, { body, ...(key ? { key } : {}) });
const list = async (key?: string) => (await api.call('GET', '/api/v1/secrets', key ? { key } : {})).body.data;

describe('a secret by its name', () => {
  it('is shown by its last four characters and its hosts alone, and replaced as a whole', async () => {
    const first = await put('cms', { value: 'a token that nobody sees', hosts: ['CMS.example.com'] });
    expect(first).toMatchObject({
      status: 200,
      body: { name: 'cms', hosts: ['cms.example.com'], last4: 'sees' },
    });
    const second = await put('cms', { value: 'another token, also hidden', hosts: ['*.example.org'] });
    expect(first.text + second.text).not.toContain('token');
    expect(await list()).toMatchObject([{ name: 'cms', hosts: ['*.example.org'], last4: 'dden' }]);
    expect((await api.call('DELETE', '/api/v1/secrets/cms')).status).toBe(204);
    expect((await api.call('DELETE', '/api/v1/secrets/cms')).status).toBe(404);
  });

  it('of live executions is not seen by test keys, nor one of another account', async () => {
    const { accountId } = api.account;
    const live = await api.createAccount({ accountId, mode: 'live' });
    const other = await api.createAccount();
    await put('cms', { value: 'the live token', hosts: ['cms.example.com'] }, live.key);
    expect([await list(), await list(other.key)]).toEqual([[], []]);
    expect(await list(live.key)).toHaveLength(1);
    expect((await api.call('DELETE', '/api/v1/secrets/cms')).status).toBe(404);
  });

  it.each([
    [{ value: 'short', hosts: ['a.example'] }],
    [{ value: 'long enough', hosts: [] }],
    [{ value: 'long enough', hosts: ['https://a.example'] }],
    [{ value: 'long enough', hosts: ['a.example:8080'] }],
    [{ value: 'long enough', hosts: ['*'] }],
    [{ value: 'line\nbreak here', hosts: ['a.example'] }],
  ])('%j is refused', async (body) => {
    expect((await put('cms', body)).status).toBe(422);
  });
});
