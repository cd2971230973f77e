import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CircuitBreakers, CircuitOpenError } from '../../activities/circuit-breakers';
import { ProviderError, type ProviderErrorKind } from '../../activities/providers/provider-error';

const KEY = 'fal/flux/key-1/test';
const RESET_MS = 60;
const SETTINGS = {
  volumeThreshold: 3,
  errorThresholdPercentage: 50,
  resetTimeoutMs: RESET_MS,
  windowMs: 10_000,
};

let made: CircuitBreakers | undefined;
afterEach(() => made?.shutdown());

function createBreakers(now: () => number = Date.now): CircuitBreakers {
  made = new CircuitBreakers(SETTINGS, now);
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

function openError(check: () => void): CircuitOpenError {
  try {
    check();
  } catch (error) {
    if (error instanceof CircuitOpenError) return error;
    throw error;
  }
  throw new Error('The circuit lets sends through.');
}

/** Waits out the reset time: the circuit is half open then. */
const waitForProbe = () => sleep(RESET_MS + 40);

describe('a circuit', () => {
  it('opens at the volume threshold, not before, and then runs no send', async () => {
    const breakers = createBreakers();
    await failTimes(breakers, 2);
    breakers.assertClosed(KEY);
    await failTimes(breakers, 1);
    let sent = false;
    const fired = breakers.fire(KEY, async () => {
      sent = true;
    });
    await expect(fired).rejects.toBeInstanceOf(CircuitOpenError);
    expect(sent).toBe(false);
  });

  it('says when the next probe may go', async () => {
    const breakers = createBreakers(() => 1_000_000);
    await failTimes(breakers, 3);
    expect(openError(() => breakers.assertClosed(KEY)).retryAtMs).toBe(1_000_000 + RESET_MS);
  });

  it('is one circuit per key', async () => {
    const breakers = createBreakers();
    await failTimes(breakers, 3);
    breakers.assertClosed('fal/flux/key-2/test');
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
    breakers.assertClosed(KEY);
  });

  it('stays closed for errors of our own, which still reach the caller', async () => {
    const breakers = createBreakers();
    await failTimes(breakers, 6, new Error('The lease ended.'));
    breakers.assertClosed(KEY);
  });

  it.each(['rate_limited', 'unavailable', 'ambiguous', 'response_invalid'] as const)(
    'opens when errors are %s',
    async (kind) => {
      const breakers = createBreakers();
      await failTimes(breakers, 3, failure(kind));
      openError(() => breakers.assertClosed(KEY));
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
    const breakers = createBreakers();
    await failTimes(breakers, 3);
    await waitForProbe();
    expect(await breakers.fire(KEY, async () => 'well')).toBe('well');
    breakers.assertClosed(KEY);
  });

  it('opens again on a probe that fails, for another reset time', async () => {
    const breakers = createBreakers();
    await failTimes(breakers, 3);
    await waitForProbe();
    const beforeMs = Date.now();
    await failTimes(breakers, 1);
    expect(openError(() => breakers.assertClosed(KEY)).retryAtMs).toBeGreaterThanOrEqual(beforeMs + RESET_MS);
  });

  it('lets one probe through; others are refused meanwhile, with a time that lies ahead', async () => {
    const breakers = createBreakers();
    await failTimes(breakers, 3);
    await waitForProbe();
    let endProbe = (): void => undefined;
    const probe = breakers.fire(KEY, () => new Promise<void>((resolve) => (endProbe = resolve)));
    const nowMs = Date.now();
    expect(openError(() => breakers.assertClosed(KEY)).retryAtMs).toBeGreaterThan(nowMs);
    await expect(breakers.fire(KEY, async () => 1)).rejects.toBeInstanceOf(CircuitOpenError);
    endProbe();
    await probe;
    breakers.assertClosed(KEY);
  });
});
