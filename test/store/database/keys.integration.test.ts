import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accounts } from '../../../store/database/accounts';
import type { Database } from '../../../store/database/database';
import { keys, type NewApiKey } from '../../../store/database/keys';
import { openTestStore } from '../../support/test-database';
import { anAccount } from './builders';

describe('API keys', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openTestStore();
  });
  afterAll(() => database.close());

  const aKey = (accountId: string, changes: Partial<NewApiKey> = {}): NewApiKey => ({
    accountId,
    mode: 'test',
    name: 'laptop',
    hash: createHash('sha256').update(randomBytes(20)).digest(),
    last4: 'abcd',
    scopes: ['execute'],
    ...changes,
  });

  it('are registered once per hash, also by ten processes at once', async () => {
    const key = aKey(await anAccount(database));
    const registered = await Promise.all(Array.from({ length: 10 }, () => keys.register(database, key)));
    expect(new Set(registered.map(({ id }) => id)).size).toBe(1);
    expect(registered[0]).toMatchObject({
      mode: 'test',
      last4: 'abcd',
      scopes: ['execute'],
      revokedAt: null,
    });
  });

  it('are found by hash with their account, and their use is noted', async () => {
    const accountId = await anAccount(database);
    const key = aKey(accountId, { expiresAt: new Date(0) });
    const { id } = await keys.register(database, key);
    expect(await keys.findByHash(database, key.hash)).toMatchObject({
      key: { id, expiresAt: new Date(0), lastUsedAt: null },
      account: { id: accountId, name: 'Tests', plan: 'self_hosted' },
    });
    expect((await keys.findByHash(database, key.hash))?.key.lastUsedAt).toBeInstanceOf(Date);
    expect(await keys.findByHash(database, Buffer.alloc(32))).toBeUndefined();
  });

  it('are revoked by their own account only, the earliest time counts', async () => {
    const [accountId, otherId] = [await anAccount(database), await anAccount(database)];
    const { id } = await keys.register(database, aKey(accountId));
    expect(await keys.revoke(database, otherId, id)).toBeUndefined();
    const later = new Date(Date.now() + 60_000);
    expect((await keys.revoke(database, accountId, id, later))?.revokedAt).toEqual(later);
    const revoked = await keys.revoke(database, accountId, id);
    expect(revoked?.revokedAt?.getTime()).toBeLessThan(later.getTime());
    expect(await keys.revoke(database, accountId, id, later)).toEqual(revoked);
    expect(await keys.list(database, accountId)).toEqual([revoked]);
    expect(await keys.list(database, otherId)).toEqual([]);
  });

  it('belong to accounts that are made once and keep their name', async () => {
    const id = await anAccount(database);
    expect(await accounts.ensure(database, { id, name: 'Other', plan: 'pro' })).toEqual({
      id,
      name: 'Tests',
      plan: 'self_hosted',
    });
    expect(await accounts.find(database, 'acc_none')).toBeUndefined();
  });
});
