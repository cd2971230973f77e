import { sql } from 'kysely';
import type { Mode } from '../../../workflows/contract';
import type { Database } from '../database';
import { updateNodes } from '../executions/update-nodes';
import type { WriteContext } from '../executions/write-context';
import { OPEN_JOB_STATES, type Job, type ReusingNode } from './job';
import { jobColumns, readJobs, toJob } from './job-row';

/** More than one, since the files of some may have been removed. */
const CANDIDATES_MAX = 5;

export interface ReuseRequest {
  readonly accountId: string;
  readonly mode: Mode;
  readonly requestHash: string;
  /** Whose step asks. */
  readonly executionId: string;
  readonly step: string;
}

/**
 * Settled jobs of the same request, account and mode, the oldest first: asked again, the answer is the same. None while
 * the step has a job of its own that is open or done, for that one's result is the step's.
 */
export async function reusableJobs(database: Database, request: ReuseRequest): Promise<readonly Job[]> {
  const rows = await database.queries
    .selectFrom('jobs')
    .select(jobColumns)
    .where('request_hash', '=', request.requestHash)
    .where('account_id', '=', request.accountId)
    .where('mode', '=', request.mode)
    .where('state', '=', sql.lit('SETTLED'))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('jobs as own')
            .select('own.id')
            .where('own.execution_id', '=', request.executionId)
            .where('own.step', '=', request.step)
            .where('own.state', 'in', [...OPEN_JOB_STATES, 'SETTLED']),
        ),
      ),
    )
    .orderBy('id')
    .limit(CANDIDATES_MAX)
    .execute();
  return rows.map(toJob);
}

/** By step: the jobs of other executions whose results this one's nodes took, now or in an earlier attempt. */
export async function reusedJobs(database: Database, executionId: string): Promise<ReadonlyMap<string, Job>> {
  const hits = await database.queries
    .selectFrom('cache_hits')
    .select(['step', 'job_id'])
    .where('execution_id', '=', executionId)
    .execute();
  const ids = hits.map((hit) => hit.job_id);
  const made = new Map((await readJobs(database.queries, ids)).map((job) => [job.id, job]));
  const reused = new Map<string, Job>();
  for (const { step, job_id } of hits) {
    const job = made.get(job_id);
    if (job !== undefined) reused.set(step, job);
  }
  return reused;
}

/** The node is COMPLETED with a job's result that it did not pay for. */
export async function reuseJob(context: WriteContext, job: Job, node: ReusingNode): Promise<void> {
  const { provider, model, outputs } = job;
  await updateNodes(context, [
    { ...node, status: 'COMPLETED', outputs: outputs ?? {}, provider, model, cached: true },
  ]);
  await sql`
    insert into cache_hits (execution_id, step, job_id) values (${context.execution.id}, ${node.step}, ${job.id})
    on conflict (execution_id, step) do update set job_id = excluded.job_id, at = now()
  `.execute(context.transaction);
}
