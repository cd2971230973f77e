import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** Results that serve other executions: how they are found, and whose job made the one that a node shows as cached. */
export const cache: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const statement of [index, hits]) await sql.raw(statement).execute(database);
  },
};

const index = `create index jobs_reusable on jobs (request_hash, account_id, mode) where state = 'SETTLED'`;

const hits = `
create table cache_hits (
  execution_id text not null references executions on delete cascade,
  step text not null,
  job_id text not null,
  at timestamptz not null default now(),
  primary key (execution_id, step)
);
`;
