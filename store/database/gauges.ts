import { sql } from 'kysely';
import type { Mode } from '../../workflows/contract';
import type { Database } from './database';
import { OPEN_JOB_STATES, type Job } from './jobs/job';

/** How much there is of what is under way, for metrics. */
export interface Gauges {
  readonly executions: readonly {
    readonly status: 'RUNNING' | 'WAITING';
    readonly mode: Mode;
    readonly count: number;
  }[];
  readonly jobs: readonly {
    readonly provider: string;
    readonly mode: Mode;
    readonly state: Job['state'];
    readonly count: number;
  }[];
  /** Accepted executions that Temporal does not have yet. */
  readonly pendingStarts: number;
}

/** By indexes alone: costs as much as there is under way. */
export async function readGauges({ queries }: Database): Promise<Gauges> {
  const [executions, jobs, starts] = await Promise.all([
    sql<Gauges['executions'][number]>`
      select status, mode, count(*)::int as count from executions
      where status in ('RUNNING', 'WAITING') group by status, mode`.execute(queries),
    sql<Gauges['jobs'][number]>`
      select provider, mode, state, count(*)::int as count from jobs
      where state in (${sql.join(OPEN_JOB_STATES)}) group by provider, mode, state`.execute(queries),
    sql<{ count: number }>`
      select count(*)::int as count from executions where start_requested_at is not null`.execute(queries),
  ]);
  return { executions: executions.rows, jobs: jobs.rows, pendingStarts: starts.rows[0]?.count ?? 0 };
}
