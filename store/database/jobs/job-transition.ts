import { sql, type UpdateObject } from 'kysely';
import type { FailureView } from '../../../workflows/contract';
import { chargeJob } from '../credits';
import type { WriteContext } from '../executions/write-context';
import { refreshNodeCosts } from '../executions/update-nodes';
import { toJson } from '../json';
import type { JobState, Tables } from '../tables';
import type { Job } from './job';
import { jobColumns, toJob } from './job-row';

export interface Transition {
  readonly jobId: string;
  /** The job moves only out of one of these. */
  readonly from: readonly JobState[];
  /** And only for the holder of the claim. */
  readonly token?: string;
  /** And, when it is SUBMITTING, only once the claim has ended. */
  readonly hasLeaseEnded?: boolean;
  readonly set: UpdateObject<Tables, 'jobs'>;
}

/** The one conditional update behind every step of a job. @returns the job after it, undefined when it did not apply */
export async function moveJob(context: WriteContext, transition: Transition): Promise<Job | undefined> {
  let update = context.transaction
    .updateTable('jobs')
    .set(transition.set)
    .where('id', '=', transition.jobId)
    .where('execution_id', '=', context.execution.id)
    .where('state', 'in', transition.from);
  if (transition.token !== undefined) update = update.where('claim_token', '=', transition.token);
  if (transition.hasLeaseEnded) {
    update = update.where((eb) =>
      eb.or([eb('state', '<>', 'SUBMITTING'), eb('lease_until', '<', sql<Date>`clock_timestamp()`)]),
    );
  }
  const row = await update.returning(jobColumns).executeTakeFirst();
  return row && toJob(row);
}

/** Ends a job that will bring nothing; what the provider bills all the same is charged, its reservation is free again. */
export async function endJob(
  context: WriteContext,
  transition: Omit<Transition, 'set'> & {
    readonly to: 'REJECTED' | 'FAILED' | 'CANCELLED';
    readonly failure?: FailureView;
    readonly billedCredits?: number;
  },
): Promise<boolean> {
  const job = await moveJob(context, {
    ...transition,
    set: { state: transition.to, ...(transition.failure && { failure: toJson(transition.failure) }) },
  });
  if (job === undefined) return false;
  const charged = await chargeJob(context.transaction, job, transition.billedCredits ?? 0);
  if (charged > 0) await refreshNodeCosts(context, job.step);
  return true;
}
