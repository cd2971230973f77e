import type { Mode } from '../../workflows/contract';
import type { Account } from './accounts';
import type { Database } from './database';

/** An API key without its secret, which is not stored. */
export interface ApiKey {
  readonly id: string;
  readonly accountId: string;
  readonly mode: Mode;
  readonly name: string;
  readonly last4: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

export interface NewApiKey {
  readonly accountId: string;
  readonly mode: Mode;
  readonly name: string;
  /** SHA-256 of the whole key. */
  readonly hash: Buffer;
  readonly last4: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: Date;
}

export const keys = {
  /** Idempotent by hash: the same key again answers the row that is there. */
  async register(database: Database, key: NewApiKey): Promise<ApiKey> {
    throw new Error('being built');
  },
  /** Revoked and expired keys are found too: the caller says which it is. Notes the use at most once a minute. */
  async findByHash(
    database: Database,
    hash: Buffer,
  ): Promise<{ readonly key: ApiKey; readonly account: Account } | undefined> {
    throw new Error('being built');
  },
  /** Newest first. */
  async list(database: Database, accountId: string): Promise<readonly ApiKey[]> {
    throw new Error('being built');
  },
  /** Idempotent; from `at` (default: now) the key is refused. Undefined: no such key in this account. */
  async revoke(database: Database, accountId: string, keyId: string, at?: Date): Promise<ApiKey | undefined> {
    throw new Error('being built');
  },
} as const;
