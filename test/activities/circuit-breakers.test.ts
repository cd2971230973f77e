import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { CircuitBreakers } from '../../activities/circuit-breakers';
import { CircuitOpenError } from '../../activities/own-circuits';
import { ProviderError, type ProviderErrorKind } from '../../activities/providers/provider-error';
import { openDatabase } from '../../store/database/database';
import { theBreakers } from './fake-provider';

const KEY = 'fal/flux/key-1/test';
/** Longer than any test takes: no circuit is half open by itself. */
const RESET_MS = 60_000;
/** Nothing listens there: each worker is alone with what it has seen itself. */
const awayDatabase = openDatabase('postgres://nobody@127.0.0.1:1/none');

let made: CircuitBreakers | undefined;
afterEach(() => made?.shutdown());
afterAll(() => awayDatabase.close());

function createBreakers(resetTimeoutMs = RESET_MS): CircuitBreakers {
  made = theBreakers(awayDatabase, { volumeThreshold: 3, resetTimeoutMs });
  return made;
}

function failure(kind: ProviderErrorKind): ProviderError {
  return new ProviderError({ provider: 'fal', kind, message: `it is ${kind}` });
}

async function failTimes(breakers: CircuitBreakers, times: number, error: Error = failure('unavailable')) {
  for (let count = 0; count < times; count += 1) {
    await expect(breakers.fire(KEY, () => Promise.reject(error))).rejects.toBe(error);
  }
}

async function openError(check: () => Promise<void>): Promise<CircuitOpenError> {
  try {
    await check();
  } catch (error) {
    if (error instanceof CircuitOpenError) return error;
    throw error;
  }
  throw new Error('The circuit lets sends through.');
}

const SHORT_RESET_MS = 60;
/** Waits out the reset time: the circuit is half open then. */
const waitForProbe = (resetMs = SHORT_RESET_MS) => sleep(resetMs + 40);

describe('a circuit while the database is away', () => {
  it('opens at the volume threshold, not before, and then runs no send', async () => {
    const breakers = createBreakers();
    await failTimes(breakers, 2);
    await breakers.assertClosed(KEY);
    await failTimes(breakers, 1);
    let sent = false;
    const fired = breakers.fire(KEY, async () => {
      sent = true;
    });
    await expect(fired).rejects.toBeInstanceOf(CircuitOpenError);
    expect(sent).toBe(false);
  });

  it('opens by failures in a row, however long the provider was well before', async () => {
    const breakers = createBreakers();
    for (let count = 0; count < 50; count += 1) await breakers.fire(KEY, async () => 'well');
    await failTimes(breakers, 2);
    await breakers.fire(KEY, async () => 'well');
    await failTimes(breakers, 2);
    await failTimes(breakers, 1, new Error('The lease ended.'));
    await breakers.assertClosed(KEY);
    await failTimes(breakers, 1);
    await openError(() => breakers.assertClosed(KEY));
  });

  it('says when the next probe may go', async () => {
    const breakers = createBreakers();
    await failTimes(breakers, 3);
    const { retryAfterMs } = await openError(() => breakers.assertClosed(KEY));
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(RESET_MS);
  });

  it('is one circuit per key', async () => {
    const breakers = createBreakers();
    await failTimes(breakers, 3);
    await breakers.assertClosed('fal/flux/key-2/test');
    expect(await breakers.fire('fal/flux/key-2/test', async () => 7)).toBe(7);
  });

  it.each([
    'request_rejected',
    'refused',
    'authentication',
    'billing',
    'model_gone',
    'job_failed',
    'input_unreachable',
  ] as const)('stays closed when errors are %s, which still reach the caller', async (kind) => {
    const breakers = createBreakers();
    await failTimes(breakers, 6, failure(kind));
    await breakers.assertClosed(KEY);
  });

  it('stays closed for errors of our own, which still reach the caller', async () => {
    const breakers = createBreakers();
    await failTimes(breakers, 6, new Error('The lease ended.'));
    await breakers.assertClosed(KEY);
  });

  it.each(['rate_limited', 'unavailable', 'ambiguous', 'response_invalid'] as const)(
    'opens when errors are %s',
    async (kind) => {
      const breakers = createBreakers();
      await failTimes(breakers, 3, failure(kind));
      await openError(() => breakers.assertClosed(KEY));
    },
  );

  it('gives back what the send gave, also undefined', async () => {
    const breakers = createBreakers();
    expect(await breakers.fire(KEY, async () => ({ providerJobId: 'p' }))).toEqual({ providerJobId: 'p' });
    expect(await breakers.fire(KEY, async () => undefined)).toBeUndefined();
  });
});

describe('a circuit after its reset time', () => {
  it('closes on a probe that goes well', async () => {
    const breakers = createBreakers(SHORT_RESET_MS);
    await failTimes(breakers, 3);
    await waitForProbe();
    expect(await breakers.fire(KEY, async () => 'well')).toBe('well');
    await breakers.assertClosed(KEY);
  });

  it('opens again on a probe that fails, for another reset time', async () => {
    // Long enough that the circuit is still open when it is looked at, also on a busy machine.
    const resetMs = 2_000;
    const breakers = createBreakers(resetMs);
    await failTimes(breakers, 3);
    await waitForProbe(resetMs);
    await failTimes(breakers, 1);
    expect((await openError(() => breakers.assertClosed(KEY))).retryAfterMs).toBeGreaterThan(resetMs / 2);
  });

  it('lets one probe through; others are refused meanwhile, with a time that lies ahead', async () => {
    const breakers = createBreakers(SHORT_RESET_MS);
    await failTimes(breakers, 3);
    await waitForProbe();
    let endProbe = (): void => undefined;
    let probe: Promise<void> | undefined;
    await new Promise<void>((isSent) => {
      probe = breakers.fire(KEY, () => {
        isSent();
        return new Promise<void>((resolve) => (endProbe = resolve));
      });
    });
    expect((await openError(() => breakers.assertClosed(KEY))).retryAfterMs).toBeGreaterThan(0);
    await expect(breakers.fire(KEY, async () => 1)).rejects.toBeInstanceOf(CircuitOpenError);
    endProbe();
    await probe;
    await breakers.assertClosed(KEY);
  });
});
