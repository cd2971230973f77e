import { createHash } from 'node:crypto';
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { Pool, PoolClient } from 'pg';

/**
 * Lets each connection parse and plan a statement once instead of every time. Measured on the writes of one node: half
 * the CPU in PostgreSQL, a third less in Node.
 *
 * Two rules follow for all statements of the store: their texts are few (a list goes in as one array, not as a
 * placeholder per entry), and they name their columns (`*` would fail on open connections once a migration adds one).
 */
export function preparingPool(pool: Pool): PostgresPool {
  const prepared = new WeakMap<PoolClient, PostgresPoolClient>();
  return {
    end: () => pool.end(),
    connect: async () => {
      const client = await pool.connect();
      const known = prepared.get(client) ?? preparingClient(client);
      prepared.set(client, known);
      return known;
    },
  };
}

function preparingClient(client: PoolClient): PostgresPoolClient {
  function query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query(text: unknown, parameters: readonly unknown[] = []): unknown {
    if (typeof text !== 'string') throw new TypeError('the store opens no cursors');
    // Without parameters it may be several statements (a migration), which cannot be prepared.
    if (parameters.length === 0) return client.query(text);
    return client.query({ name: statementName(text), text, values: [...parameters] });
  }
  return { query, release: () => client.release() };
}

const names = new Map<string, string>();

/** The same in every process, since a connection pooler in between may share connections among them. */
function statementName(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = createHash('sha256').update(text).digest('base64url');
  names.set(text, name);
  return name;
}
