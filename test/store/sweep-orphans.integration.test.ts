import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { pino } from 'pino';
import { createLocalAssetStore } from '../../store/assets/local-asset-store';
import type { AssetStore } from '../../store/assets/asset-store';
import { accounts } from '../../store/database/accounts';
import { assets } from '../../store/database/assets';
import type { Database } from '../../store/database/database';
import { sweeper } from '../../store/database/sweeper';
import { newId } from '../../store/ids';
import { sweepOrphans } from '../../store/sweep-orphans';
import { sweepStore } from '../../worker/sweep-store';
import { openTestStore } from '../support/test-database';

const HOUR_MS = 3_600_000;
const options = { mimeType: 'image/png', maxBytes: 1_000 };
let database: Database;
let folder: string;
let assetStore: AssetStore;
let accountId: string;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'everframe-orphans-'));
  assetStore = createLocalAssetStore(folder);
  accountId = newId('acc');
  await makeAccount(accountId, 30 * 24);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function makeAccount(id: string, ageHours: number): Promise<void> {
  await accounts.ensure(database, { id, name: 'Test', plan: 'self_hosted' });
  const age = sql`now() - ${ageHours} * interval '1 hour'`;
  await sql`update accounts set created_at = ${age} where id = ${id}`.execute(database.queries);
}

/** @param ageHours - When they were put. */
async function put(ageHours: number, owner = accountId): Promise<string> {
  const { sha256 } = await assetStore.put(owner, randomBytes(100), options);
  const time = new Date(Date.now() - ageHours * HOUR_MS);
  const { path } = await assetStore.localFile(owner, sha256);
  await utimes(path, time, time);
  return sha256;
}

const sweep = (signal?: AbortSignal) => sweepOrphans({ assetStore, database }, { nowMs: Date.now(), signal });
const has = (sha256: string, owner = accountId) => assetStore.has(owner, sha256);

describe('sweepOrphans', () => {
  it('removes bytes that no row names once they are older than a day', async () => {
    const [orphan, young] = [await put(25), await put(23)];
    const named = await put(25);
    const asset = { accountId, sha256: named, type: 'image', mimeType: 'image/png', bytes: 100 } as const;
    await assets.register(database, asset);
    expect(await sweep()).toBe(1);
    expect([await has(orphan), await has(young), await has(named)]).toEqual([false, true, true]);
    expect(await sweep()).toBe(0);
  });

  it('goes by the account: the same bytes named in another one are an orphan here', async () => {
    const other = newId('acc');
    await makeAccount(other, 30 * 24);
    const sha256 = await put(25);
    const asset = { accountId: other, sha256, type: 'image', mimeType: 'image/png', bytes: 100 } as const;
    await assets.register(database, asset);
    expect(await sweep()).toBe(1);
    expect(await has(sha256)).toBe(false);
  });

  it('leaves what this database cannot have lost: of unknown accounts, and from before the account was made here', async () => {
    const [unknown, young] = [newId('acc'), newId('acc')];
    await makeAccount(young, 48);
    const [foreign, older, orphan] = [await put(25, unknown), await put(72, young), await put(36, young)];
    expect(await sweep()).toBe(1);
    expect([await has(foreign, unknown), await has(older, young), await has(orphan, young)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('keeps bytes that are put once more while it looks for their row', async () => {
    const sha256 = await put(25);
    const { path } = await assetStore.localFile(accountId, sha256);
    const storedAgain: AssetStore['delete'] = async (...given) => {
      await utimes(path, new Date(), new Date());
      return assetStore.delete(...given);
    };
    const store = new Proxy(assetStore, {
      get: (target, name: keyof AssetStore) => (name === 'delete' ? storedAgain : target[name].bind(target)),
    });
    expect(await sweepOrphans({ assetStore: store, database }, { nowMs: Date.now() })).toBe(0);
    expect(await has(sha256)).toBe(true);
  });

  it('sweeps more than one batch, and stops at once when it is told to', async () => {
    for (let count = 0; count < 501; count += 1) await put(25);
    expect(await sweep(AbortSignal.abort())).toBe(0);
    expect(await sweep()).toBe(501);
  });
});

describe('sweepStore', () => {
  const sweepOnce = () =>
    sweepStore({ assetStore, database }, pino({ level: 'silent' }), new AbortController().signal);

  it('looks for orphans once a day, whichever worker comes first', async () => {
    const first = await put(25);
    await sweepOnce();
    expect(await has(first)).toBe(false);
    const second = await put(25);
    await sweepOnce();
    expect(await has(second)).toBe(true);
    await sweeper.writeCursor(database, 'orphans', Date.now() - 25 * HOUR_MS);
    await sweepOnce();
    expect(await has(second)).toBe(false);
  });

  it('leaves the orphans to the worker that is at them', async () => {
    const orphan = await put(25);
    await sweeper.writeCursor(database, 'orphans', 0);
    await sweeper.whenAlone(database, 'orphans', sweepOnce);
    expect(await has(orphan)).toBe(true);
    await sweepOnce();
    expect(await has(orphan)).toBe(false);
  });
});
