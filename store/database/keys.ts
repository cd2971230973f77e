import { sql } from 'kysely';
import type { Mode } from '../../workflows/contract';
import type { Account } from './accounts';
import { newId } from '../ids';
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
  /** Idempotent by hash: the same key again takes the scopes and is otherwise the row that is there. */
  async register(database: Database, key: NewApiKey): Promise<ApiKey> {
    await database.queries
      .insertInto('api_keys')
      .values({
        id: newId('key'),
        account_id: key.accountId,
        mode: key.mode,
        name: key.name,
        hash: key.hash,
        last4: key.last4,
        scopes: [...key.scopes],
        expires_at: key.expiresAt,
      })
      // Also a key of an earlier release gets what a later one has added.
      .onConflict((conflict) => conflict.column('hash').doUpdateSet({ scopes: [...key.scopes] }))
      .execute();
    const row = await selectKeys(database).where('hash', '=', key.hash).executeTakeFirstOrThrow();
    return toApiKey(row);
  },

  /** Revoked and expired keys are found too: the caller says which it is. Notes the use at most once a minute. */
  async findByHash(
    database: Database,
    hash: Buffer,
  ): Promise<{ readonly key: ApiKey; readonly account: Account } | undefined> {
    const row = await selectKeys(database)
      .innerJoin('accounts', 'accounts.id', 'api_keys.account_id')
      .select(['accounts.name as account_name', 'accounts.plan', noteIsDue.as('is_note_due')])
      .where('hash', '=', hash)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    if (row.is_note_due) await noteUse(database, row.id);
    return { key: toApiKey(row), account: { id: row.account_id, name: row.account_name, plan: row.plan } };
  },

  /** Which of these are revoked or expired at that time (milliseconds since 1970). */
  async ended(database: Database, keyIds: readonly string[], nowMs: number): Promise<readonly string[]> {
    const now = new Date(nowMs);
    const rows = await database.queries
      .selectFrom('api_keys')
      .select('id')
      .where('id', 'in', [...keyIds])
      .where((eb) => eb.or([eb('revoked_at', '<=', now), eb('expires_at', '<=', now)]))
      .execute();
    return rows.map(({ id }) => id);
  },

  /** Newest first. */
  async list(database: Database, accountId: string): Promise<readonly ApiKey[]> {
    const rows = await selectKeys(database)
      .where('account_id', '=', accountId)
      .orderBy('api_keys.id', 'desc')
      .execute();
    return rows.map(toApiKey);
  },

  async find(database: Database, accountId: string, keyId: string): Promise<ApiKey | undefined> {
    const row = await selectKeys(database)
      .where('api_keys.id', '=', keyId)
      .where('account_id', '=', accountId)
      .executeTakeFirst();
    return row && toApiKey(row);
  },

  /**
   * Idempotent, an earlier revocation stays; from `at` (default: now) the key is to be refused.
   * @returns undefined when the account has no such key
   */
  async revoke(database: Database, accountId: string, keyId: string, at?: Date): Promise<ApiKey | undefined> {
    await database.queries
      .updateTable('api_keys')
      .set({ revoked_at: sql<Date>`least(revoked_at, coalesce(${at ?? null}::timestamptz, now()))` })
      .where('id', '=', keyId)
      .where('account_id', '=', accountId)
      .execute();
    return keys.find(database, accountId, keyId);
  },
} as const;

const noteIsDue = sql<boolean>`coalesce(last_used_at < now() - interval '1 minute', true)`;

async function noteUse(database: Database, keyId: string): Promise<void> {
  await database.queries
    .updateTable('api_keys')
    .set({ last_used_at: sql<Date>`now()` })
    .where('id', '=', keyId)
    .where(noteIsDue)
    .execute();
}

function selectKeys(database: Database) {
  return database.queries
    .selectFrom('api_keys')
    .select([
      'api_keys.id',
      'account_id',
      'mode',
      'api_keys.name',
      'last4',
      'scopes',
      'api_keys.created_at',
      'expires_at',
      'revoked_at',
      'last_used_at',
    ]);
}

type ApiKeyRow = Awaited<ReturnType<ReturnType<typeof selectKeys>['executeTakeFirstOrThrow']>>;

function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    accountId: row.account_id,
    mode: row.mode,
    name: row.name,
    last4: row.last4,
    scopes: row.scopes,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}
