import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findHolder, lockHome } from './home-lock';
import { pause } from './wait-until';

/** A start that holds its turn longer than this, milliseconds, is no longer waited for. */
const patienceMs = 30_000;

/**
 * Waits for this user's turn to choose ports and to start what listens on them: two homes that start at the same moment
 * would otherwise find the same ports free. Where the cache cannot be written there is no turn to wait for.
 *
 * @returns a function that passes the turn on
 */
export async function takePortTurn(cacheFolder: string): Promise<() => void> {
  const folder = join(cacheFolder, 'ports');
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    try {
      mkdirSync(folder, { recursive: true });
      return lockHome(folder);
    } catch {
      if (findHolder(folder) === undefined) break;
      await pause(50);
    }
  }
  return () => undefined;
}
