import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** Workflows that are called as endpoints of their own, and texts that graphs share. */
export const apps: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql.raw(tables).execute(database);
  },
};

const tables = `
create table apps (
  account_id text not null references accounts,
  slug text not null,
  workflow_id text not null unique references workflows,
  created_at timestamptz not null default now(),
  primary key (account_id, slug)
);

create table prompts (
  account_id text not null references accounts,
  name text not null,
  kind text not null check (kind in ('prompt', 'negative')),
  text text not null,
  updated_at timestamptz not null default now(),
  primary key (account_id, name)
);
`;
