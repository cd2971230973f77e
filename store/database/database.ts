import { Kysely, PostgresDialect } from 'kysely';
import type { Transaction } from 'kysely';
import { Pool, TypeOverrides, types, type PoolConfig } from 'pg';
import { preparingPool } from './prepared-statements';
import type { Tables } from './tables';

/** Either the pool or an open transaction: what a query runs on. */
export type Queries = Kysely<Tables>;
export type DatabaseTransaction = Transaction<Tables>;

export interface Database {
  readonly queries: Queries;
  /** For libraries that bring their own queries, such as the rate limiter. */
  readonly pool: Pool;
  readonly databaseUrl: string;
  /** Waits for running queries, then closes all connections. Safe to call twice. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Connections of this process, 10 unless given. */
  readonly poolMax?: number;
  /** Told about idle connections that broke; the pool replaces them by itself. */
  readonly onConnectionError?: (error: Error) => void;
}

/** Longest wait for a connection, a statement, a lock, and for a transaction whose process is stopped. */
const limits = {
  connectionTimeoutMillis: 5_000,
  statement_timeout: 30_000,
  lock_timeout: 10_000,
  idle_in_transaction_session_timeout: 15_000,
};

/**
 * Opens a pool on PostgreSQL 18; connects at the first query.
 * Integers of 8 bytes come as JS numbers: credits and counts stay far below 2^53, and one above throws.
 */
export function openDatabase(databaseUrl: string, options: DatabaseOptions = {}): Database {
  return open(databaseUrl, options, limits);
}

/** For `migrate` alone: a migration may wait for another process and may run long. */
export function openMigrationDatabase(databaseUrl: string): Database {
  return open(databaseUrl, { poolMax: 2 }, { connectionTimeoutMillis: limits.connectionTimeoutMillis });
}

function open(databaseUrl: string, options: DatabaseOptions, poolLimits: PoolConfig): Database {
  const pool = new Pool({
    connectionString: databaseUrl,
    max: options.poolMax ?? 10,
    application_name: 'everframe',
    keepAlive: true,
    types: typeParsers(),
    ...poolLimits,
  });
  // Without a listener a broken idle connection would end the process.
  pool.on('error', options.onConnectionError ?? (() => undefined));
  const queries = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: preparingPool(pool) }) });
  let closing: Promise<void> | undefined;
  return { queries, pool, databaseUrl, close: () => (closing ??= queries.destroy()) };
}

/** Of this pool alone: nobody else's parsers are changed. */
function typeParsers(): TypeOverrides {
  const parsers = new TypeOverrides();
  parsers.setTypeParser(types.builtins.INT8, parseSafeInteger);
  return parsers;
}

function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`database integer ${text} is beyond 2^53`);
  return value;
}
