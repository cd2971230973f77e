import { sql } from 'kysely';
import type { ExecutionScope } from '../../../workflows/contract';
import { allNodes } from '../../../pipeline/pure/all-nodes';
import type { Database } from '../database';
import { jobColumns, toJob } from '../jobs/job-row';
import { OPEN_JOB_STATES, type Job } from '../jobs/job';
import { isOpenStatus } from './write-context';

/** An execution with jobs that nobody looks after: it has ended, or it has given them up. */
export interface UnsettledExecution extends Pick<ExecutionScope, 'executionId' | 'accountId' | 'mode'> {
  readonly attempt: number;
}

/** A settling that was started this long ago and is not over may have failed: it is started again. */
const START_AGAIN_MS = 600_000;
const LOOK_AGAIN_MS = 10_000;

/** Those whose settling is to be started, at most `limit` (100). */
export async function unsettledExecutions(
  database: Database,
  limit = 100,
): Promise<readonly UnsettledExecution[]> {
  const { rows } = await sql<UnsettledExecution>`
    select e.id as "executionId", e.account_id as "accountId", e.mode, e.attempt
    from executions e
    where e.id in (select j.execution_id from jobs j where ${isNotClosed})
      and (e.settle_started_at is null
        or e.settle_started_at < now() - ${START_AGAIN_MS} * interval '1 millisecond')
      and exists (select from jobs j where j.execution_id = e.id and ${isNotClosed} and ${isLeftBehind})
    order by e.id
    limit ${limit}
  `.execute(database.queries);
  return rows;
}

/** As the index `jobs_not_closed` says it. */
const isNotClosed = sql<boolean>`j.closed_at is null
  and j.state in ('INTENT', 'SUBMITTING', 'ACCEPTED', 'STORED', 'UNKNOWN', 'SUPERSEDED', 'CANCELLED')`;

const isLeftBehind = sql<boolean>`
  (j.state in ('SUPERSEDED', 'CANCELLED') or e.status not in ('RUNNING', 'WAITING'))`;

/** Its settling runs: it is not started again for a while. */
export async function settleStarted(database: Database, executionId: string): Promise<void> {
  await sql`update executions set settle_started_at = now() where id = ${executionId}`.execute(
    database.queries,
  );
}

/**
 * Its settling is over, unless something came up while it was at it: what comes up later starts another one at once.
 * @returns whether it is over
 */
export async function endSettling(database: Database, executionId: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update executions e set settle_started_at = null
    where e.id = ${executionId}
      and not exists (select from jobs j where j.execution_id = e.id and ${isNotClosed} and ${isLeftBehind})
  `.execute(database.queries);
  return numAffectedRows !== 0n;
}

/** One that is about to end may not see what came up, and one that could not be started is to be: look again in 10 s. */
export async function settleAgainSoon(database: Database, executionId: string): Promise<void> {
  await sql`
    update executions set settle_started_at = now() - ${START_AGAIN_MS - LOOK_AGAIN_MS} * interval '1 millisecond'
    where id = ${executionId}
  `.execute(database.queries);
}

export interface JobsToSettle {
  readonly jobs: readonly Job[];
  /** The run was ended, and did not end by itself: nobody wants its jobs any more. */
  readonly isUnwanted: boolean;
  /** By the database's clock; 0 for an execution that runs. */
  readonly sinceEndMs: number;
  /** By job id, since it was accepted, or made. */
  readonly ageMs: ReadonlyMap<string, number>;
  /** By node id: how long a job of it may take. */
  readonly timeoutMs: ReadonlyMap<string, number>;
}

/** Jobs of an execution that nobody looks after, oldest first. */
export async function jobsToSettle(database: Database, executionId: string): Promise<JobsToSettle> {
  const execution = await database.queries
    .selectFrom('executions')
    .select(['status', 'failure', 'plan', millisecondsSince('completed_at').as('sinceEndMs')])
    .where('id', '=', executionId)
    .executeTakeFirst();
  if (execution === undefined)
    return { jobs: [], isUnwanted: false, sinceEndMs: 0, ageMs: new Map(), timeoutMs: new Map() };
  const { status, failure, plan, sinceEndMs } = execution;
  const states = isOpenStatus(status) ? givenUp : [...OPEN_JOB_STATES, ...givenUp];
  const rows = await database.queries
    .selectFrom('jobs')
    .select([...jobColumns, millisecondsSince('coalesce(accepted_at, created_at)').as('ageMs')])
    .where('execution_id', '=', executionId)
    .where('state', 'in', states)
    .where('closed_at', 'is', null)
    .orderBy('id')
    .execute();
  // A failure that names no node is of the run as a whole: it was terminated, or timed out.
  const isUnwanted = status !== 'FAILED' || !failure?.nodeId;
  return {
    jobs: rows.map(toJob),
    isUnwanted,
    sinceEndMs,
    ageMs: new Map(rows.map((row) => [row.id, row.ageMs])),
    timeoutMs: new Map(allNodes(plan.nodes).map((node) => [node.id, node.timeoutSeconds * 1_000])),
  };
}

const givenUp = ['SUPERSEDED', 'CANCELLED'] as const;

function millisecondsSince(time: 'completed_at' | 'coalesce(accepted_at, created_at)') {
  return sql<number>`coalesce(extract(epoch from clock_timestamp() - ${sql.raw(time)}) * 1000, 0)::float8`;
}
