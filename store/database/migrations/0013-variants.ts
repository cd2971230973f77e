import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** Which variant of its workflow an execution ran, and what came of it outside. */
export const variants: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql.raw(tables).execute(database);
  },
};

const tables = `
alter table executions add column variant text;
create index executions_variant on executions (workflow_id, variant) where variant is not null;

create table execution_feedback (
  execution_id text not null references executions on delete cascade,
  metric text not null,
  value double precision not null,
  at timestamptz not null default now(),
  primary key (execution_id, metric)
);
`;
