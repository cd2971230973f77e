import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** Keys of providers that rest, one row each; few, and written again rather than removed. */
export const breakers: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql.raw(credentialRests).execute(database);
  },
};

const credentialRests = `
create table credential_rests (
  key text primary key,
  reason text not null check (reason in ('throttled', 'authentication', 'billing')),
  rests_until timestamptz not null,
  updated_at timestamptz not null default now()
);
`;
