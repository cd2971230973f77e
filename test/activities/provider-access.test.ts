import { describe, expect, it } from '@jest/globals';
import { ProviderAccess, type ProviderSession } from '../../activities/provider-access';
import { guardedFetch } from './providers/a-provider-call';

function anAccess(environment: Readonly<Record<string, string>>): ProviderAccess {
  return new ProviderAccess({
    environment,
    requestTimeoutMs: 1_000,
    guardedFetch,
    sandboxUrl: 'http://127.0.0.1:1',
  });
}

const secretOf = (session: ProviderSession | undefined): string | undefined =>
  session?.call(new AbortController().signal).credential;

describe('the keys of a provider', () => {
  it('are taken in turn, each with all the others behind it', () => {
    const access = anAccess({ FAL_KEY: 'a', FAL_KEY_2: 'b', FAL_KEY_3: 'c' });
    const turns = Array.from({ length: 4 }, () => access.openAll('fal', 'live').map(secretOf).join(''));
    expect(turns).toEqual(['abc', 'bca', 'cab', 'abc']);
  });

  it('are found again by their id after a restart, in any order and under any number', () => {
    const [first] = anAccess({ FAL_KEY: 'a', FAL_KEY_2: 'b' }).openAll('fal', 'live');
    const restarted = anAccess({ FAL_KEY: 'b', FAL_KEY_7: 'a' });
    expect(secretOf(restarted.open('fal', 'live', first?.credentialId ?? ''))).toBe('a');
  });

  it('are never replaced by another one: the failure names the variable and what to do', () => {
    const [first] = anAccess({ FAL_KEY: 'a' }).openAll('fal', 'live');
    const open = () => anAccess({ FAL_KEY: 'b' }).open('fal', 'live', first?.credentialId ?? '');
    expect(open).toThrow(expect.objectContaining({ type: 'CredentialMissing' }));
    expect(open).toThrow(/FAL_KEY.*restart the worker/);
    expect(() => anAccess({}).open('fal', 'live', first?.credentialId ?? '')).toThrow(/is set no more/);
  });

  it('are named when there is none', () => {
    expect(() => anAccess({}).openAll('fal', 'live')).toThrow(/set FAL_KEY/);
  });

  it('stay out of test mode, which has one of its own', () => {
    const access = anAccess({ FAL_KEY: 'a', FAL_KEY_2: 'b' });
    expect(access.openAll('fal', 'test').map(secretOf)).toEqual(['sandbox']);
  });
});
