import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { CircuitBreakers } from '../../activities/circuit-breakers';
import { CircuitOpenError } from '../../activities/own-circuits';
import { ProviderError } from '../../activities/providers/provider-error';
import type { Database } from '../../store/database/database';
import { openTestStore } from '../support/test-database';
import { until } from '../support/until';
import { theBreakers } from './fake-provider';

const THRESHOLD = 5;
const OPEN_MS = 600_000;

let database: Database;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 20 });
});
afterAll(() => database.close());

const made: CircuitBreakers[] = [];
afterEach(() => made.splice(0).forEach((breakers) => breakers.shutdown()));

type Settings = Parameters<typeof theBreakers>[1];

/** One worker: its own window, on the shared database. */
function aWorker(settings: Settings = {}): CircuitBreakers {
  const defaults = { volumeThreshold: THRESHOLD, resetTimeoutMs: OPEN_MS, freshMs: 0 };
  const breakers = theBreakers(database, { ...defaults, ...settings });
  made.push(breakers);
  return breakers;
}

let keys = 0;
const aKey = (): string => `fal/model-${(keys += 1)}/key-1/test`;

const dead = () =>
  Promise.reject(new ProviderError({ provider: 'fal', kind: 'unavailable', message: 'It is dead.' }));
const well = () => Promise.resolve('well');

async function failTimes(worker: CircuitBreakers, key: string, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1)
    await expect(worker.fire(key, dead)).rejects.toBeInstanceOf(ProviderError);
}

function isOpen(worker: CircuitBreakers, key: string): Promise<boolean> {
  return worker.assertClosed(key).then(
    () => false,
    (error: unknown) => {
      if (error instanceof CircuitOpenError) return true;
      throw error;
    },
  );
}

/** Opened by one of two workers, both of which know. */
async function anOpenCircuit(settings: Settings = {}) {
  const [one, other, key] = [aWorker(settings), aWorker(settings), aKey()];
  await failTimes(one, key, THRESHOLD);
  await until(() => isOpen(other, key));
  return { one, other, key };
}

/** Its time is over: the next send is its probe. */
async function aDueCircuit(settings: Settings = {}) {
  const circuit = await anOpenCircuit(settings);
  await endTime(circuit.key, 'open_until');
  return circuit;
}

async function endTime(key: string, column: 'open_until' | 'probe_lease_until'): Promise<void> {
  await database.queries
    .updateTable('circuit_breakers')
    .set({ [column]: sql<Date>`now()` })
    .where('key', '=', key)
    .execute();
}

describe('a circuit that one worker opened', () => {
  it('is open for the other worker, which sends nothing', async () => {
    const { other, key } = await anOpenCircuit();
    let sent = 0;
    const fired = other.fire(key, async () => (sent += 1));
    await expect(fired).rejects.toBeInstanceOf(CircuitOpenError);
    expect(sent).toBe(0);
  });

  it('is known to the other worker within its second', async () => {
    let quickestMs = Infinity;
    // A machine may stand still for seconds, but not each time.
    for (let nth = 0; nth < 3 && quickestMs >= 2_000; nth += 1)
      quickestMs = Math.min(quickestMs, await knownAfterMs());
    expect(quickestMs).toBeLessThan(2_000);
  });

  async function knownAfterMs(): Promise<number> {
    const [one, other, key] = [aWorker(), aWorker({ freshMs: undefined }), aKey()];
    expect(await isOpen(other, key)).toBe(false);
    await failTimes(one, key, THRESHOLD);
    const openedAtMs = performance.now();
    await until(() => isOpen(other, key));
    return performance.now() - openedAtMs;
  }

  it('is open for a worker that starts later', async () => {
    const { key } = await anOpenCircuit();
    expect(await isOpen(aWorker(), key)).toBe(true);
  });

  it('leaves the circuits of other models, keys and modes closed', async () => {
    const { other, key } = await anOpenCircuit();
    expect(await isOpen(other, `${key}-2`)).toBe(false);
  });
});

describe('a due circuit', () => {
  it('is probed by one of many callers in two workers, and closes for both on a healthy answer', async () => {
    const { one, other, key } = await aDueCircuit();
    let [probes, endProbe] = [0, (): void => undefined];
    const probe = () => {
      probes += 1;
      return new Promise<string>((resolve) => (endProbe = () => resolve('well')));
    };
    const calls = Array.from({ length: 20 }, (_, nth) => (nth % 2 === 0 ? one : other).fire(key, probe));
    const settled = Promise.allSettled(calls);
    await until(async () => probes > 0);
    expect(await isOpen(one, key)).toBe(true);
    expect(await isOpen(other, key)).toBe(true);
    endProbe();
    const ended = await settled;
    expect(probes).toBe(1);
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await until(async () => !(await isOpen(other, key)));
    expect(await one.fire(key, well)).toBe('well');
    expect(await other.fire(key, well)).toBe('well');
  });

  it('opens again for both on a failed probe, for another full time', async () => {
    const { one, other, key } = await aDueCircuit();
    await failTimes(other, key, 1);
    const retryAfterMs = async (): Promise<number> => {
      const refused = await one.assertClosed(key).catch((error: unknown) => error);
      return refused instanceof CircuitOpenError ? refused.retryAfterMs : 0;
    };
    // A worker may know of the probe for a moment longer than it lasts: until then it is to ask again soon.
    await until(async () => (await retryAfterMs()) > OPEN_MS / 2);
    expect(await retryAfterMs()).toBeLessThanOrEqual(OPEN_MS);
  });

  it('closes when the probe was turned down for its content: the provider is alive', async () => {
    const { one, other, key } = await aDueCircuit();
    const refusal = new ProviderError({ provider: 'fal', kind: 'refused', message: 'No.' });
    await expect(one.fire(key, () => Promise.reject(refusal))).rejects.toBe(refusal);
    await until(async () => !(await isOpen(other, key)));
    expect(await other.fire(key, well)).toBe('well');
    expect(await one.fire(key, well)).toBe('well');
  });

  it('is probed by the next caller when the first probe never left', async () => {
    const { one, other, key } = await aDueCircuit();
    const late = new Error('The lease ended.');
    await expect(one.fire(key, () => Promise.reject(late))).rejects.toBe(late);
    await until(async () => !(await isOpen(other, key)));
    expect(await other.fire(key, well)).toBe('well');
  });

  it('is probed by another worker when the one that probed died', async () => {
    const { one, other, key } = await aDueCircuit();
    void one.fire(key, () => new Promise<never>(() => undefined)).catch(() => undefined);
    await until(() => isOpen(other, key));
    await endTime(key, 'probe_lease_until');
    expect(await other.fire(key, well)).toBe('well');
    expect(await isOpen(other, key)).toBe(false);
  });

  it('starts both workers’ windows anew once it is closed', async () => {
    const [one, other, key] = [aWorker(), aWorker(), aKey()];
    await failTimes(other, key, THRESHOLD - 1);
    await failTimes(one, key, THRESHOLD);
    await until(() => isOpen(other, key));
    await endTime(key, 'open_until');
    await one.fire(key, well);
    await until(async () => !(await isOpen(other, key)));
    await failTimes(other, key, THRESHOLD - 1);
    expect(await isOpen(other, key)).toBe(false);
    await failTimes(other, key, 1);
    await until(() => isOpen(one, key));
  });
});

describe('a worker whose database goes away', () => {
  it('goes on sending, and judges by its own window', async () => {
    const own = await openTestStore();
    const worker = theBreakers(own, { volumeThreshold: THRESHOLD, resetTimeoutMs: 60_000, freshMs: 0 });
    made.push(worker);
    const key = aKey();
    await failTimes(worker, key, 1);
    await own.close();
    await failTimes(worker, key, THRESHOLD - 2);
    expect(await isOpen(worker, key)).toBe(false);
    await failTimes(worker, key, 1);
    expect(await isOpen(worker, key)).toBe(true);
  });
});

describe('any order of good and bad sends by three workers', () => {
  it('never lets a worker send more than its threshold of failures in a row, nor refuses without a cause', async () => {
    const sends = fc.array(fc.record({ worker: fc.nat(2), isWell: fc.boolean() }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(sends, async (plan) => {
        const workers = [aWorker(), aWorker(), aWorker()].map((breakers) => ({ breakers, inARow: 0 }));
        const key = aKey();
        let failures = 0;
        for (const { worker, isWell } of plan) {
          const sender = workers[worker];
          if (!sender) continue;
          const ended = await sender.breakers
            .fire(key, isWell ? well : dead)
            .catch((error: unknown) => error);
          if (ended instanceof CircuitOpenError) {
            expect(failures).toBeGreaterThan(THRESHOLD / 2);
            return;
          }
          failures += isWell ? 0 : 1;
          sender.inARow = isWell ? 0 : sender.inARow + 1;
          expect(sender.inARow).toBeLessThanOrEqual(THRESHOLD);
        }
      }),
      { numRuns: 25 },
    );
  });
});
