import { sql } from 'kysely';
import type { Database } from './database';

/** A circuit that is not closed, as all processes share it; times are differences by the database's clock. */
export interface OpenCircuit {
  readonly key: string;
  /** `open`: nobody may send; `probing`: one process does; `due`: whoever wins `tryProbe` sends one request. */
  readonly state: 'open' | 'probing' | 'due';
  /** Milliseconds until it is due, or until the probe's lease ends; 0 when it is due. */
  readonly remainingMs: number;
}

export const circuitBreakers = {
  /** All that are not closed: a few rows at most, so that one query serves every send of a second. */
  async readOpen(database: Database): Promise<readonly OpenCircuit[]> {
    const { rows } = await sql<OpenCircuit>`
      select key,
        case when open_until > now() then 'open' when probe_lease_until > now() then 'probing' else 'due' end as state,
        greatest(0, ceil(extract(epoch from greatest(open_until, probe_lease_until) - now()) * 1000))::float8
          as "remainingMs"
      from circuit_breakers where open_until is not null
    `.execute(database.queries);
    return rows;
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

  /** Once it is due, one caller wins the right to probe for `leaseMs`; then calls `open`, `close` or `releaseProbe`. */
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

  /** The probe told nothing, such as one that was never sent: the next caller may try. */
  async releaseProbe(database: Database, key: string): Promise<void> {
    await database.queries
      .updateTable('circuit_breakers')
      .set({ probe_lease_until: null, updated_at: sql<Date>`now()` })
      .where('key', '=', key)
      .execute();
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

/** What a circuit's key names, without the key at the provider: a model may have slashes. */
export function circuitParts(key: string): {
  readonly provider: string;
  readonly model: string;
  readonly mode: string;
} {
  const [provider = '', ...rest] = key.split('/');
  return { provider, model: rest.slice(0, -2).join('/'), mode: rest.at(-1) ?? '' };
}
