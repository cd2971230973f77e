import { sql, type UpdateObject } from 'kysely';
import type { FailureView, JsonObject, NodeOutputs } from '../../../workflows/contract';
import { chargeJob } from '../credits';
import { callFunction } from '../call-function';
import type { WriteContext } from '../executions/write-context';
import { refreshNodeCosts } from '../executions/update-nodes';
import { toJson, toNullableJson } from '../json';
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
    set: {
      state: transition.to,
      ...(transition.failure && { failure: toJson(transition.failure) }),
      ...(transition.to === 'CANCELLED' && { closed_at: sql<Date>`now()` }),
    },
  });
  if (job === undefined) return false;
  const charged = await chargeJob(context.transaction, job, transition.billedCredits ?? 0);
  if (charged > 0) await refreshNodeCosts(context, job.step);
  return true;
}

/** Notes, before a provider is asked to stop a job, that its bad end will be our doing. */
export async function stopJob(context: WriteContext, jobId: string): Promise<boolean> {
  const set = { cancel_requested_at: sql<Date>`coalesce(cancel_requested_at, now())` };
  return (await moveJob(context, { jobId, from: ['ACCEPTED'], set })) !== undefined;
}

/** What had been given up was accepted after all. */
export async function reopenJob(context: WriteContext, jobId: string, handle: JsonObject): Promise<boolean> {
  const { reopened } = await callFunction(
    sql<{ reopened: boolean }>`
      select reopen_job(${context.execution.id}, ${jobId}, ${toJson(handle)}::json) as reopened`,
    context.transaction,
  );
  return reopened;
}

/** Nothing more is to be learned of a job that will not be the node's result; what it cost all the same is charged once. */
export async function closeJob(
  context: WriteContext,
  jobId: string,
  { outputs, billedCredits = 0 }: { readonly outputs?: NodeOutputs; readonly billedCredits?: number } = {},
): Promise<boolean> {
  const given = toNullableJson(outputs);
  const job = await moveJob(context, {
    jobId,
    from: ['UNKNOWN', 'SUPERSEDED', 'CANCELLED'],
    set: { closed_at: sql<Date>`now()`, outputs: sql<string>`coalesce(${given}::json, outputs)` },
  });
  if (job === undefined) return false;
  if (job.creditsCharged === 0 && (await chargeJob(context.transaction, job, billedCredits)) > 0) {
    context.changes.hasOther = true;
    await refreshNodeCosts(context, job.step);
  }
  return true;
}
