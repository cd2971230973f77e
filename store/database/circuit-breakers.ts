import { sql } from 'kysely';
import type { Database } from './database';

/** State of a circuit breaker that all processes share; times are differences by the database's clock. */
export type SharedBreaker =
  | { readonly state: 'closed' }
  /** Nobody may send; also while another process probes. */
  | { readonly state: 'open'; readonly retryAfterMs: number }
  /** Due for a probe: whoever wins `tryProbe` sends one request. */
  | { readonly state: 'half_open' };

export const circuitBreakers = {
  async read(database: Database, key: string): Promise<SharedBreaker> {
    const row = await database.queries
      .selectFrom('circuit_breakers')
      .select(remainingMs.as('remaining_ms'))
      .where('key', '=', key)
      .where('open_until', 'is not', null)
      .executeTakeFirst();
    if (row === undefined) return { state: 'closed' };
    return row.remaining_ms > 0 ? { state: 'open', retryAfterMs: row.remaining_ms } : { state: 'half_open' };
  },

  /** Opens it for everybody; never shortens what another process set. Also ends a probe that went badly. */
  async open(database: Database, key: string, openForMs: number): Promise<void> {
    await sql`
      insert into circuit_breakers as b (key, open_until, failures)
      values (${key}, now() + ${openForMs} * interval '1 millisecond', 1)
      on conflict (key) do update set open_until = greatest(b.open_until, excluded.open_until),
        probe_lease_until = null, failures = b.failures + 1, updated_at = now()
    `.execute(database.queries);
  },

  /** Once it is due, one caller wins the right to probe for `leaseMs`; then calls `open` or `close`. */
  async tryProbe(database: Database, key: string, leaseMs: number): Promise<boolean> {
    const result = await database.queries
      .updateTable('circuit_breakers')
      .set({
        probe_lease_until: sql<Date>`now() + ${leaseMs} * interval '1 millisecond'`,
        updated_at: sql<Date>`now()`,
      })
      .where('key', '=', key)
      .where('open_until', '<=', sql<Date>`now()`)
      .where(sql<boolean>`coalesce(probe_lease_until <= now(), true)`)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  },

  /** The probe went well. */
  async close(database: Database, key: string): Promise<void> {
    await database.queries
      .updateTable('circuit_breakers')
      .set({ open_until: null, probe_lease_until: null, failures: 0, updated_at: sql<Date>`now()` })
      .where('key', '=', key)
      .execute();
  },
} as const;

const remainingMs = sql<number>`
  ceil(extract(epoch from greatest(open_until, probe_lease_until) - now()) * 1000)::int`;
