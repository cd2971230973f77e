import { BringUpError } from './embedded/bring-up-error';
import { makeHome } from './embedded/home-files';
import { lockHome } from './embedded/home-lock';
import { type RunningSystem, startSystem, type SystemOptions } from './embedded/start-system';
import { Supervisor } from './embedded/supervisor';

export type { RunningSystem };

export interface BringUpOptions extends SystemOptions {
  /** Aborting stops what was started and rejects. */
  readonly signal?: AbortSignal;
}

/**
 * Brings the whole system up in one state folder: PostgreSQL, Temporal and the sandbox at once, then API and worker at
 * once. Every process is kept alive until `stop()`. What an earlier start left behind after `kill -9` is ended first.
 *
 * @throws BringUpError when the folder is in use, a port that the user fixed is busy, a process does not start, or the
 *   signal aborts; nothing is left running then
 */
export async function bringUp(options: BringUpOptions): Promise<RunningSystem> {
  const { config, report, signal } = options;
  makeHome(config.home);
  const supervisor = new Supervisor(config.home, report, lockHome(config.home));
  const starting = startSystem(supervisor, options);
  try {
    return await Promise.race([starting, rejectOnAbort(signal)]);
  } catch (error) {
    await supervisor.stop(starting);
    throw error;
  }
}

function rejectOnAbort(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(new BringUpError('stopped while starting'));
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}
