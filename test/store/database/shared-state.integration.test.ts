import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assets } from '../../../store/database/assets';
import { circuitBreakers } from '../../../store/database/circuit-breakers';
import type { Database } from '../../../store/database/database';
import { sweeper } from '../../../store/database/sweeper';
import { openTestStore } from '../../support/test-database';
import { anAccount } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 20 });
});
afterAll(() => database.close());

describe('assets', () => {
  const sha256 = 'ab'.repeat(32);

  it('are one row per account, bytes and type, however many register them', async () => {
    const [accountId, otherId] = [await anAccount(database), await anAccount(database)];
    const image = { accountId, sha256, type: 'image', mimeType: 'image/png', bytes: 5, width: 3840 } as const;
    const references = await Promise.all(
      Array.from({ length: 10 }, () => assets.register(database, { ...image, height: 2160 })),
    );
    const [reference] = references;
    if (reference === undefined) throw new Error('not registered');
    expect(new Set(references.map(({ assetId }) => assetId)).size).toBe(1);
    expect(reference).toEqual({
      type: 'image',
      assetId: expect.stringMatching(/^ast_[0-9a-f]{32}$/),
      mimeType: 'image/png',
      bytes: 5,
      sha256,
      width: 3840,
      height: 2160,
    });
    const foreign = await assets.register(database, { ...image, accountId: otherId });
    expect(foreign.assetId).not.toBe(reference.assetId);
    expect(await assets.find(database, accountId, reference.assetId)).toEqual(reference);
    expect(await assets.find(database, otherId, reference.assetId)).toBeUndefined();
    expect(await assets.findOwned(database, reference.assetId)).toEqual({ accountId, asset: reference });
    expect(await assets.findOwned(database, 'ast_none')).toBeUndefined();
  });
});

describe('shared circuit breakers', () => {
  const openCircuit = async (wanted: string) =>
    (await circuitBreakers.readOpen(database)).find(({ key }) => key === wanted);

  it('open for everybody, are never shortened, and close again', async () => {
    const key = 'fal:flux:key-1:test';
    expect(await openCircuit(key)).toBeUndefined();
    await circuitBreakers.open(database, key, 60_000);
    await circuitBreakers.open(database, key, 1_000);
    const opened = await openCircuit(key);
    expect(opened).toMatchObject({ state: 'open' });
    expect(opened?.remainingMs).toBeGreaterThan(30_000);
    expect(await circuitBreakers.tryProbe(database, key, 1_000)).toBe(false);
    await circuitBreakers.close(database, key);
    expect(await openCircuit(key)).toBeUndefined();
  });

  it('let one of twenty probe once they are due', async () => {
    const key = 'due';
    await circuitBreakers.open(database, key, -1);
    expect(await openCircuit(key)).toEqual({ key, state: 'due', remainingMs: 0 });
    const won = await Promise.all(
      Array.from({ length: 20 }, () => circuitBreakers.tryProbe(database, key, 60_000)),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await openCircuit(key)).toMatchObject({ state: 'probing' });
    await circuitBreakers.open(database, key, -1);
    expect(await circuitBreakers.tryProbe(database, key, 60_000)).toBe(true);
    await circuitBreakers.releaseProbe(database, key);
    expect(await circuitBreakers.tryProbe(database, key, -1)).toBe(true);
    expect(await circuitBreakers.tryProbe(database, key, 60_000)).toBe(true);
  });
});

describe('the sweeper', () => {
  it('works in one process at a time, and again when that one is done', async () => {
    let release = (): void => undefined;
    let started = (): void => undefined;
    const hasStarted = new Promise<void>((resolve) => (started = resolve));
    const mayEnd = new Promise<void>((resolve) => (release = resolve));
    const first = sweeper.whenAlone(database, 'sweep', () => {
      started();
      return mayEnd;
    });
    await hasStarted;
    expect(await sweeper.whenAlone(database, 'sweep', async () => undefined)).toBe(false);
    expect(await sweeper.whenAlone(database, 'other', async () => undefined)).toBe(true);
    release();
    expect(await first).toBe(true);
    const failing = sweeper.whenAlone(database, 'sweep', async () => {
      throw new Error('failed');
    });
    await expect(failing).rejects.toThrow('failed');
    expect(await sweeper.whenAlone(database, 'sweep', async () => undefined)).toBe(true);
  });

  it('remembers where it was', async () => {
    expect(await sweeper.readCursor(database, 'closed-runs')).toBeUndefined();
    await sweeper.writeCursor(database, 'closed-runs', 'a');
    await sweeper.writeCursor(database, 'closed-runs', { closeTime: '2026-11-21T00:00:00Z' });
    expect(await sweeper.readCursor(database, 'closed-runs')).toEqual({ closeTime: '2026-11-21T00:00:00Z' });
  });
});
