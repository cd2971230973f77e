import { sql } from 'kysely';
import { callFunction } from './call-function';
import type { Database, Queries } from './database';
import type { IdempotencyRepeat, IdempotencyRequest } from './executions/execution';
import { toJson } from './json';

export const DEFAULT_IDEMPOTENCY_LIFETIME_MS = 86_400_000;

export const idempotency = {
  /** The stored answer to a key, before any work is done; undefined when the key is new or has expired. */
  async find(
    database: Database,
    accountId: string,
    request: Pick<IdempotencyRequest, 'scope' | 'key' | 'fingerprint'>,
  ): Promise<IdempotencyRepeat | undefined> {
    return readRepeat(database.queries, accountId, request);
  },

  /**
   * Stores a response, for requests whose work is not one transaction of `executions`.
   * @returns undefined when it was stored, else what the first request stored
   */
  async store(
    database: Database,
    accountId: string,
    request: IdempotencyRequest,
  ): Promise<IdempotencyRepeat | undefined> {
    return claimIdempotencyKey(database.queries, accountId, request);
  },

  /** Removes expired rows. @returns how many */
  async prune(database: Database): Promise<number> {
    const result = await database.queries
      .deleteFrom('idempotency_keys')
      .where('expires_at', '<=', sql<Date>`now()`)
      .executeTakeFirst();
    return Number(result.numDeletedRows);
  },
} as const;

/** Inserts the row or waits for the transaction that has it. @returns the stored response when somebody else was first */
export async function claimIdempotencyKey(
  queries: Queries,
  accountId: string,
  request: IdempotencyRequest,
): Promise<IdempotencyRepeat | undefined> {
  const lifetimeMs = request.lifetimeMs ?? DEFAULT_IDEMPOTENCY_LIFETIME_MS;
  const { scope, key, fingerprint, response } = request;
  const { isClaimed } = await callFunction(
    sql<{ isClaimed: boolean }>`
      select claim_idempotency_key(${accountId}, ${scope}, ${key}, ${fingerprint}, ${response.status},
        ${toJson(response.body)}::json, ${lifetimeMs}) as "isClaimed"`,
    queries,
  );
  if (isClaimed) return undefined;
  return (await readRepeat(queries, accountId, request)) ?? claimIdempotencyKey(queries, accountId, request);
}

/** What the first request with a key has stored; undefined when there is none, or it has expired. */
export async function readRepeat(
  queries: Queries,
  accountId: string,
  request: Pick<IdempotencyRequest, 'scope' | 'key' | 'fingerprint'>,
): Promise<IdempotencyRepeat | undefined> {
  const row = await queries
    .selectFrom('idempotency_keys')
    .select(['fingerprint', 'response_status', 'response_body'])
    .where('account_id', '=', accountId)
    .where('scope', '=', request.scope)
    .where('key', '=', request.key)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.fingerprint !== request.fingerprint) return { kind: 'fingerprint_mismatch' };
  return { kind: 'replayed', status: row.response_status, body: row.response_body };
}
