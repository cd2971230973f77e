import { sql } from 'kysely';
import { newId } from '../../ids';
import { callbackToken, callbackTokenHash } from '../callback-token';
import type { WriteContext } from '../executions/write-context';
import { isOpenStatus } from '../executions/write-context';
import { toJson } from '../json';
import type { GenerationReason, JobState } from '../tables';
import {
  DEFINITELY_FAILED_JOB_STATES,
  JobStateError,
  type Job,
  type OpenedJob,
  type OpenJobRequest,
} from './job';
import { toJob } from './job-row';
import { reserveOpenJobs } from './reservation';

/**
 * Allocates the generation and reserves the price, under the lock of the execution row:
 * - an open job of the same step and candidate with another request is SUPERSEDED;
 * - the newest job is adopted when its request is the same and it is not definitely failed;
 * - else a new generation is opened, with the reason for it.
 */
export async function openJob(context: WriteContext, request: OpenJobRequest): Promise<OpenedJob> {
  if (!isOpenStatus(context.execution.status)) {
    throw new JobStateError(
      `execution ${context.execution.id} is ${context.execution.status}: no job can be opened for step ${request.step}`,
    );
  }
  const superseded = await supersede(context, request);
  const newest = await newestJob(context, request);
  const isAdopted = newest !== undefined && reasonForNext(newest, request) === undefined;
  const job = isAdopted ? newest : await insertJob(context, request, newest);
  await reserveOpenJobs(context, job.priceReserved);
  return { job, adopted: isAdopted, superseded };
}

/** Undefined: the job is to be adopted. */
function reasonForNext(newest: Job, request: OpenJobRequest): GenerationReason | undefined {
  if (newest.requestHash !== request.requestHash) return 'changed';
  if (newest.state === 'SUPERSEDED' && request.resubmitUnknown !== undefined) return request.resubmitUnknown;
  return isDefinitelyFailed(newest.state) ? 'definite_failure' : undefined;
}

function isDefinitelyFailed(state: JobState): boolean {
  return DEFINITELY_FAILED_JOB_STATES.some((failed) => failed === state);
}

/** Gives up what another request had opened, and, where asked for, a job whose fate is unknown. */
async function supersede(context: WriteContext, request: OpenJobRequest): Promise<readonly Job[]> {
  const rows = await context.transaction
    .updateTable('jobs')
    .set({ state: 'SUPERSEDED' })
    .where('execution_id', '=', context.execution.id)
    .where('step', '=', request.step)
    .where('provider', '=', request.provider)
    .where('model', '=', request.model)
    .where('state', 'in', supersededFrom)
    .where((eb) =>
      eb.or([
        eb('request_hash', '<>', request.requestHash),
        eb('state', '=', 'UNKNOWN').and(sql.lit(request.resubmitUnknown !== undefined), '=', true),
      ]),
    )
    .returningAll()
    .execute();
  return rows.map(toJob);
}

const supersededFrom: readonly JobState[] = ['INTENT', 'SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED'];

async function newestJob(context: WriteContext, request: OpenJobRequest): Promise<Job | undefined> {
  const row = await context.transaction
    .selectFrom('jobs')
    .selectAll()
    .where('execution_id', '=', context.execution.id)
    .where('step', '=', request.step)
    .where('provider', '=', request.provider)
    .where('model', '=', request.model)
    .orderBy('generation', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toJob(row);
}

async function insertJob(
  context: WriteContext,
  request: OpenJobRequest,
  newest: Job | undefined,
): Promise<Job> {
  const reason: GenerationReason =
    newest === undefined ? 'first' : (reasonForNext(newest, request) ?? 'definite_failure');
  const { execution } = context;
  const id = newId('job');
  const row = await context.transaction
    .insertInto('jobs')
    .values({
      id,
      execution_id: execution.id,
      account_id: execution.accountId,
      mode: execution.mode,
      step: request.step,
      node_id: request.nodeId,
      node_type: request.nodeType,
      provider: request.provider,
      model: request.model,
      generation: (newest?.generation ?? 0) + 1,
      generation_reason: reason,
      request_hash: request.requestHash,
      request: toJson(request.request),
      state: 'INTENT',
      callback_token_hash: tokenHash(request.callbackSecret, id),
      price_reserved: request.priceCredits,
      possible_duplicate: reason === 'policy' || reason === 'user',
      fallback_from: toJson(request.fallbackFrom ?? []),
      temporal_run_id: context.runId,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toJob(row);
}

function tokenHash(secret: string | undefined, jobId: string): Buffer | null {
  return secret === undefined ? null : callbackTokenHash(callbackToken(secret, jobId));
}
