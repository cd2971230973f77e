import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** What persons are asked in the middle of a run: one row per step and value that it judges. */
export const reviews: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql.raw(asked).execute(database);
  },
};

const asked = `
create table reviews (
  id text primary key,
  account_id text not null references accounts,
  mode text not null check (mode in ('live', 'test')),
  execution_id text not null references executions on delete cascade,
  step text not null,
  node_id text not null,
  node_key text not null,
  number integer not null check (number >= 1),
  label text not null,
  title text not null,
  instructions text not null,
  value json not null,
  state text not null default 'open' check (state in ('open', 'decided', 'timed_out')),
  decision text check (decision in ('approve', 'reject', 'replace')),
  comment text not null default '',
  replacement json,
  decided_by text,
  created_at timestamptz not null default now(),
  due_at timestamptz,
  decided_at timestamptz,
  tell_requested_at timestamptz,
  unique (execution_id, step, number),
  check ((decision is not null) = (state = 'decided')),
  check ((replacement is not null) = (coalesce(decision, '') = 'replace'))
);
create index reviews_account on reviews (account_id, id);
create index reviews_open on reviews (account_id, id) where state = 'open';
create index reviews_untold on reviews (tell_requested_at) where tell_requested_at is not null;
`;
