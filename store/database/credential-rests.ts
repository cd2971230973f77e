import { sql } from 'kysely';
import type { Database } from './database';

/** Why a provider's key is not used for a while. */
export type RestReason = 'throttled' | 'authentication' | 'billing';

export interface CredentialRest {
  readonly key: string;
  readonly reason: RestReason;
  /** By the database's clock, milliseconds, above 0. */
  readonly remainingMs: number;
}

export const credentialRests = {
  /** All that rest now. */
  async read(database: Database): Promise<readonly CredentialRest[]> {
    const { rows } = await sql<CredentialRest>`
      select key, reason, ceil(extract(epoch from rests_until - now()) * 1000)::float8 as "remainingMs"
      from credential_rests where rests_until > now()
    `.execute(database.queries);
    return rows;
  },

  /** Never shortens what another process set. */
  async rest(database: Database, key: string, reason: RestReason, restMs: number): Promise<void> {
    await sql`
      insert into credential_rests as r (key, reason, rests_until)
      values (${key}, ${reason}, now() + ${restMs} * interval '1 millisecond')
      on conflict (key) do update set rests_until = excluded.rests_until, reason = excluded.reason, updated_at = now()
        where r.rests_until < excluded.rests_until
    `.execute(database.queries);
  },
} as const;

/** What a rest's key names, without the key at the provider. */
export function restParts(key: string): { readonly provider: string; readonly mode: string } {
  const [provider = '', , mode = ''] = key.split('/');
  return { provider, mode };
}
