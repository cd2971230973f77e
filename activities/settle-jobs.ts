import { Context } from '@temporalio/activity';
import { executions } from '../store/database/executions';
import type { JobsToSettle } from '../store/database/executions/unsettled';
import { isOpenStatus } from '../store/database/executions/write-context';
import type { Job } from '../store/database/jobs/job';
import type { ExecutionScope } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { endJob, type EndingContext } from './end-job';
import type { JobWrite } from './fence';
import { withHeartbeat } from './heartbeat';
import { jobPending } from './to-application-failure';

/** A run that failed by itself leaves its jobs to a resume for this long; then they are stopped as well. */
const COLLECT_MS = 24 * 3_600_000;

/** A job that its provider neither ends nor stops is waited for within its time limit, and at least for this long. */
const STOP_PATIENCE_MS = 600_000;

/** A provider that cannot be asked is asked again for this long after the end of the execution. */
const ASK_PATIENCE_MS = COLLECT_MS + STOP_PATIENCE_MS;

const LOOK_MIN_MS = 1_000;
const LOOK_MAX_MS = 300_000;

/**
 * Brings the jobs that an execution has left behind to their end, one look for each; comes again until none is left.
 *
 * A resume may come at any time: each write asks first, under the lock of the execution, whether its jobs are a run's
 * again, and leaves those alone.
 */
export function settleJobs(deps: ActivityDependencies, scope: ExecutionScope): Promise<void> {
  return withHeartbeat(async (signal) => {
    const owed = await executions.jobsToSettle(deps.database, scope.executionId);
    const stops = owed.isUnwanted || owed.sinceEndMs > COLLECT_MS;
    let isPending = false;
    for (const job of owed.jobs) {
      const context = { deps, scope, signal, stops, write: settlerOf(deps, scope, job) };
      isPending = (await settleOne(context, job, owed)) || isPending;
    }
    if (isPending || !(await executions.endSettling(deps.database, scope.executionId)))
      throw jobPending(lookAgainMs());
  });
}

/** @returns whether it is to be looked at again */
async function settleOne(context: EndingContext, job: Job, owed: JobsToSettle): Promise<boolean> {
  const { write, stops, signal } = context;
  try {
    const ending = await endJob(context, job);
    if (ending === 'unknown') await write((writer) => writer.closeJob(job.id));
    if (ending !== 'pending') return false;
    if (!stops || !isOverdue(job, owed)) return true;
  } catch (error) {
    if (error instanceof ReopenedError) return false;
    signal.throwIfAborted();
    if (owed.sinceEndMs <= ASK_PATIENCE_MS) return true;
  }
  return !(await giveUp(context, job));
}

function isOverdue(job: Job, { ageMs, sinceEndMs, timeoutMs }: JobsToSettle): boolean {
  const limitMs = Math.max(timeoutMs.get(job.nodeId) ?? 0, STOP_PATIENCE_MS);
  return (ageMs.get(job.id) ?? 0) > limitMs && sinceEndMs > STOP_PATIENCE_MS;
}

/** It costs its account nothing more; a callback that comes all the same has it looked at again. */
async function giveUp({ write }: EndingContext, job: Job): Promise<boolean> {
  return write(async (writer) => (await writer.cancelJob(job.id)) || writer.closeJob(job.id)).catch(
    (error: unknown) => {
      if (error instanceof ReopenedError) return true;
      throw error;
    },
  );
}

/** The jobs of the execution are a run's again. */
class ReopenedError extends Error {}

function settlerOf({ database }: ActivityDependencies, { executionId }: ExecutionScope, job: Job): JobWrite {
  const isGivenUp = job.state === 'SUPERSEDED' || job.state === 'CANCELLED';
  return (work) =>
    executions.settle(database, executionId, (writer) => {
      if (!isGivenUp && isOpenStatus(writer.execution.status)) throw new ReopenedError('It was resumed.');
      return work(writer);
    });
}

/** 1, 2, 4 s … 5 min. */
function lookAgainMs(): number {
  return Math.min(LOOK_MIN_MS * 2 ** (Context.current().info.attempt - 1), LOOK_MAX_MS);
}
