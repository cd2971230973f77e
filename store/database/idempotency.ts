import type { Database } from './database';
import type { IdempotencyRepeat, IdempotencyRequest } from './executions/execution';

export const idempotency = {
  /** The stored answer to a key, before any work is done; undefined when the key is new or has expired. */
  async find(
    database: Database,
    accountId: string,
    request: Pick<IdempotencyRequest, 'scope' | 'key' | 'fingerprint'>,
  ): Promise<IdempotencyRepeat | undefined> {
    throw new Error('being built');
  },
  /** Removes expired rows. @returns how many */
  async prune(database: Database): Promise<number> {
    throw new Error('being built');
  },
} as const;
