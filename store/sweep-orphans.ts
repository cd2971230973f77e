import { sql } from 'kysely';
import type { AssetStore, StoredObject } from './assets/asset-store';
import type { Database } from './database/database';

/** Between the put of bytes and their row lie moments; a day also outlasts what was stopped in between. */
const ORPHAN_AGE_MS = 24 * 3_600_000;
const BATCH = 500;

/**
 * Removes bytes that no row of the database names: what killed processes left between put and row. Bytes younger than
 * a day stay, and so do those that this database cannot have lost: of accounts that it does not know, or from before
 * an account was made here (an older database, another installation). Rows are never removed.
 *
 * @param options.signal - Breaks it off; the next sweep begins anew.
 * @returns How many files were removed.
 */
export async function sweepOrphans(
  { assetStore, database }: { readonly assetStore: AssetStore; readonly database: Database },
  options: { readonly nowMs: number; readonly signal?: AbortSignal },
): Promise<number> {
  const { nowMs, signal } = options;
  const storedBeforeMs = nowMs - ORPHAN_AGE_MS;
  let removed = 0;
  const removeFrom = async (batch: readonly StoredObject[]): Promise<void> => {
    for (const { accountId, sha256 } of await findOrphans(database, batch)) {
      // Put once more meanwhile: its row is on its way.
      if (await assetStore.delete(accountId, sha256, { storedBeforeMs })) removed += 1;
    }
  };
  let batch: StoredObject[] = [];
  for await (const object of assetStore.stored()) {
    if (signal?.aborted) return removed;
    if (object.storedAtMs < storedBeforeMs) batch.push(object);
    if (batch.length < BATCH) continue;
    await removeFrom(batch);
    batch = [];
  }
  await removeFrom(batch);
  return removed;
}

async function findOrphans(
  database: Database,
  batch: readonly StoredObject[],
): Promise<readonly Pick<StoredObject, 'accountId' | 'sha256'>[]> {
  if (batch.length === 0) return [];
  const [accountIds, hashes, times] = [
    batch.map(({ accountId }) => accountId),
    batch.map(({ sha256 }) => sha256),
    batch.map(({ storedAtMs }) => storedAtMs),
  ];
  const { rows } = await sql<Pick<StoredObject, 'accountId' | 'sha256'>>`
    select stored.account_id as "accountId", stored.sha256
    from unnest(${accountIds}::text[], ${hashes}::text[], ${times}::double precision[])
      as stored (account_id, sha256, stored_at_ms)
    join accounts on accounts.id = stored.account_id
      and accounts.created_at <= to_timestamp(stored.stored_at_ms / 1000)
    where not exists (
      select from assets where assets.account_id = stored.account_id and assets.sha256 = stored.sha256)
  `.execute(database.queries);
  return rows;
}
