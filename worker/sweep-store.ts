import type { Logger } from 'pino';
import type { AssetStore } from '../store/assets/asset-store';
import type { Database } from '../store/database/database';
import { sweeper } from '../store/database/sweeper';
import { sweepOrphans } from '../store/sweep-orphans';

/** Longer than any download or media work may take. */
const STALE_TEMP_MS = 24 * 3_600_000;
const SWEEP_EVERY_MS = 3_600_000;
/** Of all workers together: a bucket may hold millions of files, and an orphan is a day old at least. */
const ORPHANS_EVERY_MS = 24 * 3_600_000;
const ORPHANS = 'orphans';

export interface StoreSweeps {
  /** Breaks the sweep off and waits for it. */
  readonly stop: () => Promise<void>;
}

/** Removes what was left behind by processes that were killed while they stored: temp files hourly, bytes without a row daily. */
export function startStoreSweeps(
  deps: { readonly assetStore: AssetStore; readonly database: Database },
  logger: Logger,
): StoreSweeps {
  const stopping = new AbortController();
  let running = Promise.resolve();
  const sweep = (): void => {
    running = running
      .then(() => sweepStore(deps, logger, stopping.signal))
      .catch((error: unknown) => logger.warn({ error }, 'the asset store could not be swept'));
  };
  sweep();
  const timer = setInterval(sweep, SWEEP_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}

/** One sweep; orphans only when no worker has looked for them within a day. */
export async function sweepStore(
  deps: { readonly assetStore: AssetStore; readonly database: Database },
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  await deps.assetStore.removeStaleTemps(STALE_TEMP_MS);
  await sweeper.whenAlone(deps.database, ORPHANS, async () => {
    const nowMs = Date.now();
    const sweptAtMs = await sweeper.readCursor(deps.database, ORPHANS);
    if (typeof sweptAtMs === 'number' && nowMs - sweptAtMs < ORPHANS_EVERY_MS) return;
    const removed = await sweepOrphans(deps, { nowMs, signal });
    if (!signal.aborted) await sweeper.writeCursor(deps.database, ORPHANS, nowMs);
    if (removed > 0) logger.info({ removed }, 'removed bytes that no asset names');
  });
}
