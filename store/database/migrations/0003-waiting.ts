import { sql, type Kysely, type Migration } from 'kysely';

/** Executions that wait for their user, and how they are told to go on. */
export const waiting: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql.raw(statements).execute(database);
  },
};

const statements = `
alter table executions
  add column resume_number integer not null default 0,
  add column resume_requested_at timestamptz,
  add column superseded_run_id text;
create index executions_resume on executions (resume_requested_at) where resume_requested_at is not null;
create index credit_entries_grants on credit_entries (account_id, mode) include (amount) where kind = 'grant';
`;
