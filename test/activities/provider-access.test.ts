import { describe, expect, it } from '@jest/globals';
import { AccountKeys } from '../../activities/account-keys';
import { ProviderAccess, type ProviderSession } from '../../activities/provider-access';
import { digestOf } from '../../store/digest-of';
import { sealSecret } from '../../store/secret-box';
import { guardedFetch } from './providers/a-provider-call';

const live = { accountId: 'acc_one', mode: 'live' } as const;

function anAccess(
  environment: Readonly<Record<string, string>>,
  accountKeys: Pick<AccountKeys, 'of'> = { of: async () => [] },
): ProviderAccess {
  return new ProviderAccess({
    environment,
    accountKeys,
    requestTimeoutMs: 1_000,
    guardedFetch,
    sandboxUrl: 'http://127.0.0.1:1',
  });
}

const secretOf = (session: ProviderSession | undefined): string | undefined =>
  session?.call(new AbortController().signal).credential;

async function secretsOf(sessions: Promise<readonly ProviderSession[]>): Promise<string> {
  return (await sessions).map(secretOf).join('');
}

describe('the keys of a provider', () => {
  it('are taken in turn, each with all the others behind it', async () => {
    const access = anAccess({ FAL_KEY: 'a', FAL_KEY_2: 'b', FAL_KEY_3: 'c' });
    const turns = Array.from({ length: 4 }, () => secretsOf(access.openAll('fal', live)));
    expect(await Promise.all(turns)).toEqual(['abc', 'bca', 'cab', 'abc']);
  });

  it('are found again by their id after a restart, in any order and under any number', async () => {
    const [first] = await anAccess({ FAL_KEY: 'a', FAL_KEY_2: 'b' }).openAll('fal', live);
    const restarted = anAccess({ FAL_KEY: 'b', FAL_KEY_7: 'a' });
    expect(secretOf(await restarted.open('fal', live, first?.credentialId ?? ''))).toBe('a');
  });

  it('are never replaced by another one: the failure names the variable and what to do', async () => {
    const [first] = await anAccess({ FAL_KEY: 'a' }).openAll('fal', live);
    const open = () => anAccess({ FAL_KEY: 'b' }).open('fal', live, first?.credentialId ?? '');
    await expect(open()).rejects.toMatchObject({ type: 'CredentialMissing' });
    await expect(open()).rejects.toThrow(/FAL_KEY.*restart the worker/);
    await expect(anAccess({}).open('fal', live, first?.credentialId ?? '')).rejects.toThrow(/is set no more/);
  });

  it('are named when there is none', async () => {
    await expect(anAccess({}).openAll('fal', live)).rejects.toThrow(/set FAL_KEY/);
  });

  it('stay out of test mode, which has one of its own', async () => {
    const access = anAccess({ FAL_KEY: 'a', FAL_KEY_2: 'b' });
    expect(await secretsOf(access.openAll('fal', { ...live, mode: 'test' }))).toBe('sandbox');
  });
});

/** Keys of accounts as the table holds them, and how often it was asked. */
function aTable(keys: Readonly<Record<string, readonly string[]>>) {
  const secrets = ['s'.repeat(32)];
  const table = { keys, reads: 0, clockMs: 0, secrets };
  const row = (secret: string, nth: number) => {
    const sealed = sealSecret(secrets, secret);
    const names = { id: `sec_${nth}`, name: 'fal', label: '', last4: secret.slice(-4) };
    return { ...names, digest: digestOf(secret), createdAt: new Date(0), sealed };
  };
  const read = async (accountId: string) => {
    table.reads += 1;
    return (table.keys[accountId] ?? []).map(row);
  };
  const accountKeys = (present = secrets) =>
    new AccountKeys({ read, secrets: present, now: () => table.clockMs });
  return { table, accountKeys };
}

describe('the keys of an account', () => {
  it('are used in turn and alone, while accounts without any use the server’s', async () => {
    const { accountKeys } = aTable({ acc_one: ['x', 'y'] });
    const access = anAccess({ FAL_KEY: 'a', GEMINI_API_KEY: 'g' }, accountKeys());
    expect(await secretsOf(access.openAll('fal', live))).toBe('xy');
    expect(await secretsOf(access.openAll('fal', live))).toBe('yx');
    expect(await secretsOf(access.openAll('fal', { ...live, accountId: 'acc_two' }))).toBe('a');
    expect(await secretsOf(access.openAll('google', live))).toBe('g');
    expect(await secretsOf(access.openAll('fal', { ...live, mode: 'test' }))).toBe('sandbox');
  });

  it('ask for the jobs that were sent under them, of their own account only; the server’s for theirs', async () => {
    const { accountKeys } = aTable({ acc_one: ['x'] });
    const access = anAccess({ FAL_KEY: 'a' }, accountKeys());
    const open = async (accountId: string, key: string) =>
      secretOf(await access.open('fal', { ...live, accountId }, digestOf(key)));
    expect([await open('acc_one', 'x'), await open('acc_one', 'a')]).toEqual(['x', 'a']);
    await expect(open('acc_two', 'x')).rejects.toMatchObject({ type: 'CredentialMissing' });
  });

  it('are read at most every two seconds: one taken away is used no longer, and so is the server’s after the first', async () => {
    const { table, accountKeys } = aTable({ acc_one: ['x'] });
    const access = anAccess({ FAL_KEY: 'a' }, accountKeys());
    for (const clockMs of [0, 1_000, 1_999]) {
      table.clockMs = clockMs;
      expect(await secretsOf(access.openAll('fal', live))).toBe('x');
    }
    expect(table.reads).toBe(1);
    Object.assign(table, { clockMs: 2_000, keys: {} });
    expect(await secretsOf(access.openAll('fal', live))).toBe('a');
    Object.assign(table, { clockMs: 4_000, keys: { acc_one: ['y'] } });
    expect(await secretsOf(access.openAll('fal', live))).toBe('y');
  });

  it('that can be read no more are told, and no other key stands in for them', async () => {
    const { accountKeys } = aTable({ acc_one: ['key-x'] });
    const access = anAccess({ FAL_KEY: 'a' }, accountKeys(['another secret of 32 characters..']));
    const opened = access.openAll('fal', live);
    await expect(opened).rejects.toMatchObject({ type: 'ProviderAuthenticationFailed' });
    await expect(opened).rejects.toThrow(/ends in ey-x .*Add the key again/);
  });

  it('are asked for anew after a read that failed', async () => {
    let isAway = true;
    const read = async () => {
      if (isAway) throw new Error('away');
      return [];
    };
    const accountKeys = new AccountKeys({ read, secrets: [], now: () => 0 });
    await expect(accountKeys.of('acc_one', 'fal')).rejects.toThrow('away');
    isAway = false;
    expect(await accountKeys.of('acc_one', 'fal')).toEqual([]);
  });
});
