import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** What failed at every candidate, one row per node of an execution. */
export const letters: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql.raw(deadLetters).execute(database);
  },
};

const deadLetters = `
create table dead_letters (
  id text primary key,
  account_id text not null references accounts,
  mode text not null check (mode in ('live', 'test')),
  execution_id text not null references executions on delete cascade,
  step text not null,
  node_id text not null,
  node_type text not null,
  label text not null,
  state text not null default 'open' check (state in ('open', 'redriven', 'resolved')),
  attempt integer not null,
  times_failed integer not null default 1 check (times_failed >= 1),
  failure json not null,
  inputs json not null,
  price_min_credits bigint not null check (price_min_credits >= 0),
  price_max_credits bigint not null check (price_max_credits >= price_min_credits),
  providers text[] not null,
  reasons text[] not null,
  first_failed_at timestamptz not null default now(),
  failed_at timestamptz not null default now(),
  redrive_id text,
  redrive_due_at timestamptz,
  redrive_per_minute integer check (redrive_per_minute >= 1),
  redrive_refusal json,
  redriven_at timestamptz,
  resolved_at timestamptz,
  unique (execution_id, step),
  check (redrive_due_at is null or state = 'redriven' and redrive_id is not null),
  check ((resolved_at is not null) = (state = 'resolved'))
) with (fillfactor = 80);
create index dead_letters_account on dead_letters (account_id, id);
create index dead_letters_state on dead_letters (account_id, state, id);
create index dead_letters_due on dead_letters (redrive_due_at) where redrive_due_at is not null;
create index dead_letters_redrive on dead_letters (redrive_id) where redrive_id is not null;
`;
