import type { Database } from './database';
import { writeAcceptance } from './jobs/accept-job';
import { OPEN_JOB_STATES, type Job } from './jobs/job';
import { jobsOfExecution, jobColumns, toJob } from './jobs/job-row';
import { writeIntent } from './jobs/open-job';
import { reusableJobs } from './jobs/reuse-job';
import { writeSettlement } from './jobs/settle-job';

/** Reads of jobs, and the three writes of every paid step; the others go through `executions.write`. */
export const jobs = {
  writeIntent,
  writeAcceptance,
  writeSettlement,
  reusable: reusableJobs,

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
} as const;
