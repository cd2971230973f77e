import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** Executions that are to go on with another version of their workflow: the last such move of each. */
export const executionMigrations: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql.raw(tables).execute(database);
  },
};

const tables = `
create table execution_migrations (
  execution_id text primary key references executions on delete cascade,
  from_version integer not null,
  to_version integer not null,
  state text not null default 'pending' check (state in ('pending', 'migrated', 'stayed')),
  reasons json not null default '[]',
  told_run_id text,
  drained_run_id text,
  requested_at timestamptz not null default now(),
  ended_at timestamptz
);
create index execution_migrations_pending on execution_migrations (execution_id) where state = 'pending';
create index executions_in_flight on executions (workflow_id, id) where status in ('RUNNING', 'WAITING');
`;
