import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { onlyText } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const keysPath = '/api/v1/api-keys';
const execute = '/api/v1/workflows/inline/execute';
const create = (body: object, key = api.account.key, headers = {}) =>
  api.call('POST', keysPath, { body, key, headers });
const works = async (key: string) => (await api.call('GET', keysPath, { key })).status === 200;

describe('/api-keys', () => {
  it('makes a key that works, shows it once and stores only its hash', async () => {
    const made = await create({ name: 'CI' });
    expect([made.status, made.body.key]).toEqual([201, expect.stringMatching(/^sk-test-[0-9A-Za-z]{38}$/)]);
    expect(await works(made.body.key)).toBe(true);
    const list = await api.call('GET', keysPath);
    expect(list.body.data).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ keyId: made.body.keyId, last4: made.body.key.slice(-4) }),
      ]),
    );
    expect(list.text).not.toContain(made.body.key);
    const { rows } = await sql<{ row: string }>`select api_keys::text as row from api_keys`.execute(
      api.dependencies.database.queries,
    );
    expect(JSON.stringify(rows)).not.toContain(made.body.key);
  });

  it('refuses a revoked key at once; revoking again is the same', async () => {
    const made = await create({ name: 'short' });
    const path = `${keysPath}/${made.body.keyId}`;
    const first = await api.call('DELETE', path);
    expect([first.status, first.body.revokedAt]).toEqual([200, expect.any(String)]);
    expect(await works(made.body.key)).toBe(false);
    expect((await api.call('DELETE', path)).body.revokedAt).toEqual(first.body.revokedAt);
  });

  it('refuses an expired key', async () => {
    const { key } = await api.createAccount({ expiresAt: new Date(Date.now() - 1_000) });
    expect(await works(key)).toBe(false);
  });

  it('never gives more power than the calling key has', async () => {
    const weak = await api.createAccount({ scopes: ['keys:manage'] });
    const scoped = await create({ name: 'x', scopes: ['executions:write'] }, weak.key);
    expect([scoped.status, scoped.body.code]).toEqual([403, 'scope_missing']);
    const live = await create({ name: 'x', mode: 'live' });
    expect([live.status, live.body.code]).toEqual([403, 'mode_not_allowed']);
    expect((await create({ name: 'x' }, weak.key)).body.scopes).toEqual(['keys:manage']);
  });

  it('gives power over money only where it is named', async () => {
    const inherited = await create({ name: 'x' });
    expect(inherited.body.scopes).toContain('credits:read');
    expect(inherited.body.scopes).not.toContain('credits:manage');
    const named = await create({ name: 'x', scopes: ['credits:manage'] });
    expect(named.body.scopes).toEqual(['credits:manage']);
  });

  it('names every fault of a body', async () => {
    const { status, body } = await create({ name: '', scopes: ['everything'], expiresAt: 'tomorrow' });
    expect(status).toBe(422);
    expect(body.issues.map((issue: { path: string }) => issue.path).sort()).toEqual([
      'expiresAt',
      'name',
      'scopes[0]',
    ]);
    const past = await create({ name: 'x', expiresAt: '2020-01-01T00:00:00Z' });
    expect(past.body.issues[0]).toMatchObject({ path: 'expiresAt', code: 'expiry_in_the_past' });
  });

  it('makes one key per Idempotency-Key, and a repeat does not show it again', async () => {
    const account = await api.createAccount();
    const headers = { 'Idempotency-Key': 'one-key' };
    const answers = await Promise.all([1, 2, 3].map(() => create({ name: 'once' }, account.key, headers)));
    expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201]);
    expect(answers.filter((answer) => answer.body.key !== undefined)).toHaveLength(1);
    const { body } = await api.call('GET', keysPath, { key: account.key });
    expect(body.data.filter((key: { name: string }) => key.name === 'once')).toHaveLength(1);
  });

  it('rotates a key: the new one is its equal, the old one works until the overlap is over', async () => {
    const old = await create({ name: 'deploy', scopes: ['keys:manage', 'nodes:read'] });
    const rotate = (overlapSeconds: number, keyId = old.body.keyId) =>
      api.call('POST', `${keysPath}/${keyId}/rotate`, { body: { overlapSeconds } });
    const made = await rotate(3_600);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: 'deploy', mode: 'test', scopes: ['keys:manage', 'nodes:read'] });
    expect(made.body.replaces.keyId).toBe(old.body.keyId);
    const overlapMs = Date.parse(made.body.replaces.revokedAt) - Date.now();
    expect(Math.abs(overlapMs - 3_600_000)).toBeLessThan(60_000);
    expect([await works(old.body.key), await works(made.body.key)]).toEqual([true, true]);
    const again = await rotate(3_600);
    expect([again.status, again.body.code]).toEqual([409, 'api_key_ended']);
    const last = await rotate(0, made.body.keyId);
    expect([await works(made.body.key), await works(last.body.key)]).toEqual([false, true]);
  });

  it('rotates no key that may do more than the calling one, and none of another account', async () => {
    const strong = await create({ name: 'strong' });
    const path = `${keysPath}/${strong.body.keyId}/rotate`;
    const weak = await create({ name: 'weak', scopes: ['keys:manage'] });
    const refused = await api.call('POST', path, { body: {}, key: weak.body.key });
    expect([refused.status, refused.body.code]).toEqual([403, 'scope_missing']);
    const { key } = await api.createAccount();
    expect((await api.call('POST', path, { body: {}, key })).status).toBe(404);
    expect(await works(strong.body.key)).toBe(true);
  });

  it('answers 404 for a foreign key', async () => {
    const made = await create({ name: 'mine' });
    const { key } = await api.createAccount();
    expect((await api.call('DELETE', `${keysPath}/${made.body.keyId}`, { key })).status).toBe(404);
    expect(await works(made.body.key)).toBe(true);
  });
});

describe('plans', () => {
  it('lets a free account make 10 requests a minute, counted for all its keys', async () => {
    const { key, accountId } = await api.createAccount({ plan: 'free' });
    const { key: second } = await api.createAccount({ plan: 'free', accountId });
    const answers = [];
    for (let request = 0; request < 11; request += 1) {
      answers.push(
        await api.call('GET', '/api/v1/nodes/input:text', { key: request % 2 === 0 ? key : second }),
      );
    }
    expect(answers.map((answer) => answer.status)).toEqual([...Array.from({ length: 10 }, () => 200), 429]);
    expect(answers.slice(0, 3).map((answer) => answer.headers.get('x-ratelimit-remaining'))).toEqual([
      '9',
      '8',
      '7',
    ]);
    const last = answers[10];
    expect(last?.body.code).toBe('rate_limited');
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(last?.headers.get('x-ratelimit-limit')).toBe('10');
    expect(Number(last?.headers.get('x-ratelimit-reset')) * 1_000).toBeGreaterThan(Date.now() - 1_000);
  });

  it('lets a pro account start 10 executions a minute, and counts only what starts', async () => {
    const { key } = await api.createAccount({ plan: 'pro' });
    const post = (headers = {}) => api.call('POST', execute, { key, body: onlyText, headers });
    const headers = { 'Idempotency-Key': 'counted-once' };
    await post(headers);
    await post(headers);
    await api.call('POST', execute, { key, body: { nodes: [], edges: [] } });
    const statuses = [];
    for (let request = 0; request < 10; request += 1) statuses.push((await post()).status);
    expect(statuses).toEqual([...Array.from({ length: 9 }, () => 201), 429]);
    expect((await post()).body.code).toBe('execution_rate_limited');
  });
});
