import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import {
  accountSecrets,
  SECRETS_PER_NAME_MAX,
  type AccountSecret,
} from '../../../store/database/account-secrets';
import type { Database } from '../../../store/database/database';
import { digestOf } from '../../../store/digest-of';
import { openSecret } from '../../../store/secret-box';
import { openTestStore } from '../../support/test-database';
import { anAccount } from './builders';

const [OLD, NEW] = ['o'.repeat(32), 'n'.repeat(32)];

describe('a secret of an account', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openTestStore();
  });
  afterAll(() => database.close());

  const add = (accountId: string, secret: string, label = '', keys: readonly string[] = [OLD]) =>
    accountSecrets.add(database, keys, { accountId, kind: 'provider', name: 'fal', label, secret });
  const sealed = (accountId: string) => accountSecrets.listSealed(database, accountId, 'provider');

  it('is readable with our secret, and stands in the database in no other way', async () => {
    const accountId = await anAccount(database);
    await add(accountId, 'fal-key-of-the-studio');
    const [kept] = await sealed(accountId);
    expect(openSecret([OLD], kept?.sealed ?? '')).toBe('fal-key-of-the-studio');
    const { rows } = await sql<{
      row: string;
    }>`select account_secrets::text as row from account_secrets`.execute(database.queries);
    expect(rows.map(({ row }) => row).join()).not.toMatch(/of-the-stu/);
    expect(kept).toMatchObject({ name: 'fal', last4: 'udio' });
  });

  it('tells nothing of itself when it is short, and a named one has no digest that guesses could be tried on', async () => {
    const accountId = await anAccount(database);
    const secrets = ['only-fifteen-ch', 'sixteen-are-many'];
    for (const secret of secrets) {
      const named = {
        accountId,
        kind: 'delivery:test',
        name: `n-${secret.length}`,
        label: '',
        secret,
      } as const;
      await add(accountId, secret);
      await accountSecrets.replace(database, [OLD], named);
    }
    const ends = (kept: readonly AccountSecret[]) => kept.map(({ last4 }) => last4);
    const named = await accountSecrets.list(database, accountId, 'delivery:test');
    expect([ends(await sealed(accountId)), ends(named)]).toEqual([
      ['', 'many'],
      ['', 'many'],
    ]);
    expect(named.filter(({ digest }) => secrets.map(digestOf).includes(digest))).toEqual([]);
  });

  it('is one when it is kept twice, also at once, and is then sealed anew', async () => {
    const accountId = await anAccount(database);
    const made = await Promise.all(Array.from({ length: 5 }, () => add(accountId, 'same-key', 'first')));
    expect(new Set(made.map((each) => each?.id)).size).toBe(1);
    await add(accountId, 'same-key', 'second', [NEW, OLD]);
    const kept = await sealed(accountId);
    expect(kept).toEqual([expect.objectContaining({ id: made[0]?.id, label: 'second' })]);
    expect(openSecret([NEW], kept[0]?.sealed ?? '')).toBe('same-key');
  });

  it('has a bounded number of others beside it, however many come at once', async () => {
    const accountId = await anAccount(database);
    const tried = Array.from({ length: SECRETS_PER_NAME_MAX + 3 }, (_, nth) => add(accountId, `key-${nth}`));
    expect((await Promise.all(tried)).filter((each) => each !== undefined)).toHaveLength(
      SECRETS_PER_NAME_MAX,
    );
    const [known] = await sealed(accountId);
    expect(await add(accountId, openSecret([OLD], known?.sealed ?? ''))).toMatchObject({ id: known?.id });
  });

  it('is deleted with all that was kept of it, and by its own account alone', async () => {
    const [accountId, other] = [await anAccount(database), await anAccount(database)];
    const id = (await add(accountId, 'a-key'))?.id ?? '';
    expect(await accountSecrets.delete(database, other, 'provider', id)).toBe(false);
    expect(await accountSecrets.list(database, other, 'provider')).toEqual([]);
    expect(await accountSecrets.delete(database, accountId, 'provider', id)).toBe(true);
    expect(await sealed(accountId)).toEqual([]);
  });
});
