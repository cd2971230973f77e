import type { Database } from './database';
import type { Job } from './jobs/job';

/** Reads of jobs; they are written through `executions.write`. */
export const jobs = {
  /** Undefined when there is none. */
  async find(database: Database, jobId: string): Promise<Job | undefined> {
    throw new Error('being built');
  },
  /** All jobs of an execution, oldest first. */
  async ofExecution(database: Database, executionId: string): Promise<readonly Job[]> {
    throw new Error('being built');
  },
  /** Those that may still cost money or bring a result. */
  async open(database: Database, executionId: string): Promise<readonly Job[]> {
    throw new Error('being built');
  },
} as const;
