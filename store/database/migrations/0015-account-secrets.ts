import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** What an account trusts us with, encrypted: its own keys at providers, and other secrets by name. */
export const accountSecrets: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql.raw(tables).execute(database);
  },
};

const tables = `
create table account_secrets (
  id text primary key,
  account_id text not null references accounts,
  kind text not null,
  name text not null,
  label text not null default '',
  sealed text not null,
  digest text not null,
  last4 text not null,
  created_at timestamptz not null default now(),
  unique (account_id, kind, name, digest)
);
`;
