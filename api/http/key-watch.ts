import { keys } from '../../store/database/keys';
import type { ApiDependencies } from '../dependencies';

/** A key that ends is noticed this long after at the latest, in every instance, milliseconds. */
const LOOK_MS = 2_000;
/** What is answered sooner was asked for by a key that counted. */
const SHORT_MS = 1_000;

interface Watched {
  readonly keyId: string;
  readonly sinceMs: number;
  readonly onEnd: () => void;
}

/** Looks after the keys of requests that last: a stream or a held answer must not outlive its key. */
export interface KeyWatch {
  /** @returns Ends the watch. */
  watch(keyId: string, onEnd: () => void): () => void;
}

/** Asks the database only while a request lasts; ends with the process's shutdown. */
export function createKeyWatch({
  database,
  clock,
  logger,
  shutdown,
}: Pick<ApiDependencies, 'database' | 'clock' | 'logger' | 'shutdown'>): KeyWatch {
  const watched = new Set<Watched>();

  async function look(): Promise<void> {
    const nowMs = clock();
    const lasting = [...watched].filter(({ sinceMs }) => nowMs - sinceMs >= SHORT_MS);
    if (lasting.length === 0) return;
    const ended = new Set(await keys.ended(database, [...new Set(lasting.map(({ keyId }) => keyId))], nowMs));
    for (const { keyId, onEnd } of lasting) if (ended.has(keyId)) onEnd();
  }

  const timer = setInterval(() => {
    look().catch((error: unknown) =>
      logger.warn({ error }, 'The keys of lasting requests were not looked at.'),
    );
  }, LOOK_MS).unref();
  shutdown.addEventListener('abort', () => clearInterval(timer), { once: true });
  return {
    watch: (keyId, onEnd) => {
      const one = { keyId, sinceMs: clock(), onEnd };
      watched.add(one);
      return () => watched.delete(one);
    },
  };
}
