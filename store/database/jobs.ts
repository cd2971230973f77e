import { sql } from 'kysely';
import type { Database } from './database';
import { writeAcceptance } from './jobs/accept-job';
import { OPEN_JOB_STATES, type Job } from './jobs/job';
import { jobsOfExecution, jobColumns, toJob } from './jobs/job-row';
import { writeIntents } from './jobs/open-job';
import { reusableJobs, reusedJobs } from './jobs/reuse-job';
import { writeSettlements } from './jobs/settle-job';

/** Reads of jobs, and the three writes of every paid step; the others go through `executions.write`. */
export const jobs = {
  writeIntents,
  writeAcceptance,
  writeSettlements,
  reusable: reusableJobs,
  reused: reusedJobs,

  /** Undefined when there is none. */
  async find(database: Database, jobId: string): Promise<Job | undefined> {
    const row = await database.queries
      .selectFrom('jobs')
      .select(jobColumns)
      .where('id', '=', jobId)
      .executeTakeFirst();
    return row && toJob(row);
  },

  /** All jobs of an execution, oldest first. */
  async ofExecution(database: Database, executionId: string): Promise<readonly Job[]> {
    return jobsOfExecution(database.queries, executionId);
  },

  /** Those that may still cost money or bring a result. */
  async open(database: Database, executionId: string): Promise<readonly Job[]> {
    const rows = await database.queries
      .selectFrom('jobs')
      .select(jobColumns)
      .where('execution_id', '=', executionId)
      .where('state', 'in', OPEN_JOB_STATES)
      .orderBy('id')
      .execute();
    return rows.map(toJob);
  },

  /** By the database's clock: whoever held the claim has been answered, or has given up, if one exchange takes so long at most. */
  async isSenderGone(database: Database, jobId: string, requestTimeoutMs: number): Promise<boolean> {
    const { rows } = await sql<{ is_gone: boolean }>`
      select coalesce(lease_until, submitted_at, created_at) + ${requestTimeoutMs} * interval '1 millisecond'
        < clock_timestamp() as is_gone
      from jobs where id = ${jobId}
    `.execute(database.queries);
    return rows[0]?.is_gone ?? true;
  },

  /** @returns for how long polls have been answered so, milliseconds; 0 the first time */
  async noteOddAnswer(database: Database, jobId: string): Promise<number> {
    const { rows } = await sql<{ since_ms: number }>`
      update jobs set odd_since = coalesce(odd_since, now()) where id = ${jobId}
      returning (extract(epoch from now() - new.odd_since) * 1000)::float8 as since_ms
    `.execute(database.queries);
    return rows[0]?.since_ms ?? 0;
  },

  async forgetOddAnswers(database: Database, jobId: string): Promise<void> {
    await sql`update jobs set odd_since = null where id = ${jobId}`.execute(database.queries);
  },
} as const;
