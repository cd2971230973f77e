import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { ExecutionWriter } from '../executions/execution-writer';
import { isOpenStatus, type WriteContext } from '../executions/write-context';
import { toJson, toNullableJson } from '../json';
import type { JobState } from '../tables';
import { JobStateError, type Job, type JobClaim } from './job';
import { jobColumns, toJob } from './job-row';
import { closeJob, endJob, moveJob, reopenJob, stopJob, type Transition } from './job-transition';
import { openJob } from './open-job';
import { recordSend } from './record-send';
import { reuseJob } from './reuse-job';
import { settleJob } from './settle-job';

type JobWriter = Omit<
  ExecutionWriter,
  'execution' | 'updateNodes' | 'pause' | 'drain' | 'goOn' | 'openReview' | 'finish'
>;

/** The part of the writer that moves jobs; each method is one conditional update that names the states it comes from. */
export function jobWriter(context: WriteContext): JobWriter {
  return {
    openJob: (request) => openJob(context, request),
    job: (jobId) => readJob(context, jobId),
    ...sendWriter(context),
    ...endWriter(context),
    reuseJob: (job, node) => reuseJob(context, job, node),
    ...closeWriter(context),
    settleJob: (jobId, settlement) => settleJob(context, jobId, settlement),
    recordSend: (send) => recordSend(context, send),
  };
}

type SendWriter = Pick<
  JobWriter,
  'claimJob' | 'reclaimJob' | 'returnJob' | 'adoptJob' | 'unknownJob' | 'storeJob'
>;

function sendWriter(context: WriteContext): SendWriter {
  const move = async (step: Omit<Transition, 'set'>, set: Transition['set']) =>
    (await moveJob(context, { ...step, set })) !== undefined;
  return {
    claimJob: (jobId, options) => claim(context, jobId, ['INTENT'], options),
    reclaimJob: (jobId, options) => claim(context, jobId, ['SUBMITTING', 'UNKNOWN'], options),
    returnJob: (jobId, token, failure) =>
      move(
        { jobId, token, from: ['SUBMITTING'] },
        { state: 'INTENT', failure: toJson(failure), lease_until: null },
      ),
    adoptJob: (jobId, handle) =>
      move(
        { jobId, from: ['SUBMITTING', 'UNKNOWN'] },
        {
          state: 'ACCEPTED',
          provider_handle: toJson(handle),
          accepted_at: sql<Date>`now()`,
          lease_until: null,
          failure: null,
          closed_at: null,
        },
      ),
    unknownJob: (jobId, { token, failure } = {}) =>
      move(
        { jobId, token, hasLeaseEnded: token === undefined, from: ['SUBMITTING'] },
        { state: 'UNKNOWN', failure: toNullableJson(failure) },
      ),
    storeJob: (jobId, outputs) =>
      move(
        { jobId, from: ['SUBMITTING', 'ACCEPTED', 'UNKNOWN'] },
        { state: 'STORED', outputs: toJson(outputs), stored_at: sql<Date>`now()`, failure: null },
      ),
  };
}

function endWriter(context: WriteContext): Pick<JobWriter, 'rejectJob' | 'failJob' | 'cancelJob'> {
  return {
    rejectJob: (jobId, token, failure) =>
      endJob(context, {
        jobId,
        ...(token === null ? { from: ['INTENT', 'UNKNOWN'] } : { token, from: ['SUBMITTING', 'UNKNOWN'] }),
        to: 'REJECTED',
        failure,
      }),
    failJob: (jobId, failure, options) =>
      endJob(context, {
        jobId,
        from: ['SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED'],
        to: 'FAILED',
        failure,
        ...options,
      }),
    cancelJob: (jobId, options) =>
      endJob(context, {
        jobId,
        from: ['INTENT', 'SUBMITTING', 'ACCEPTED', 'UNKNOWN'],
        hasLeaseEnded: true,
        to: 'CANCELLED',
        ...options,
      }),
  };
}

function closeWriter(context: WriteContext): Pick<JobWriter, 'stopJob' | 'closeJob' | 'reopenJob'> {
  return {
    stopJob: (jobId) => stopJob(context, jobId),
    closeJob: (jobId, end) => closeJob(context, jobId, end),
    reopenJob: (jobId, handle) => reopenJob(context, jobId, handle),
  };
}

/** An execution that has ended sends nothing any more, whatever its Temporal run still tries. */
async function claim(
  context: WriteContext,
  jobId: string,
  from: readonly JobState[],
  options: { readonly leaseMs: number; readonly credentialId?: string },
): Promise<JobClaim | null> {
  if (!isOpenStatus(context.execution.status)) return null;
  const token = randomUUID();
  const job = await moveJob(context, {
    jobId,
    from,
    hasLeaseEnded: true,
    set: {
      state: 'SUBMITTING',
      claim_token: token,
      lease_until: sql<Date>`clock_timestamp() + ${options.leaseMs} * interval '1 millisecond'`,
      submitted_at: sql<Date>`clock_timestamp()`,
      credential_id: options.credentialId ?? null,
      closed_at: null,
    },
  });
  return job?.leaseUntil ? { token, leaseUntil: job.leaseUntil } : null;
}

async function readJob(context: WriteContext, jobId: string): Promise<Job> {
  const row = await context.transaction
    .selectFrom('jobs')
    .select(jobColumns)
    .where('id', '=', jobId)
    .where('execution_id', '=', context.execution.id)
    .executeTakeFirst();
  if (row === undefined) throw new JobStateError(`execution ${context.execution.id} has no job ${jobId}`);
  return toJob(row);
}
