import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** What the settling of ended executions needs to know of a job, and what finds it in one index scan. */
export const settle: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const statement of [columns, closed, index]) await sql.raw(statement).execute(database);
  },
};

const columns = `
alter table jobs
  add column closed_at timestamptz,
  add column cancel_requested_at timestamptz,
  add column odd_since timestamptz,
  add column change_number integer not null default 0 check (change_number >= 0),
  add column node_key text;
alter table executions add column settle_started_at timestamptz;
`;

/** Given up before anybody looked after such jobs: there is nothing that could be learned of them. */
const closed = `update jobs set closed_at = now() where state in ('SUPERSEDED', 'CANCELLED')`;

const index = `
create index jobs_not_closed on jobs (execution_id)
where closed_at is null
  and state in ('INTENT', 'SUBMITTING', 'ACCEPTED', 'STORED', 'UNKNOWN', 'SUPERSEDED', 'CANCELLED')
`;
