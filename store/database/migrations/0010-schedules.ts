import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** When a workflow runs by itself, and what became of each time. Temporal keeps the time; these rows say what is meant. */
export const schedules: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql.raw(tables).execute(database);
  },
};

const tables = `
create table schedules (
  id text primary key,
  account_id text not null references accounts,
  workflow_id text not null references workflows,
  mode text not null check (mode in ('live', 'test')),
  name text not null,
  spec json not null,
  run json not null,
  paused boolean not null,
  note text not null default '',
  created_at timestamptz not null default now(),
  deleted_at timestamptz
);
create index schedules_workflow on schedules (workflow_id, id) where deleted_at is null;

create table schedule_fires (
  schedule_id text not null references schedules,
  scheduled_at timestamptz not null,
  state text not null default 'pending' check (state in ('pending', 'started', 'refused', 'cancelled')),
  execution_id text references executions on delete set null,
  refusal json,
  created_at timestamptz not null default now(),
  primary key (schedule_id, scheduled_at)
);
create index schedule_fires_pending on schedule_fires (created_at) where state = 'pending';
`;
