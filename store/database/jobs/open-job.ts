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
import { jobColumns, toJob } from './job-row';
import { holdForSentJobs, reserveOpenJobs } from './reservation';

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
  const newest = await newestJob(context, request);
  const next = nextGeneration(newest, request);
  const superseded = newest === undefined ? [] : await supersede(context, request);
  const job = next.kind === 'adopt' ? next.job : await insertJob(context, request, next);
  if (job.state === 'INTENT') await reserveOpenJobs(context, job.priceReserved);
  // Money for a job that was sent is owed: its result is collected whatever the hold still covers.
  else if (job.state !== 'SETTLED') await holdForSentJobs(context);
  return { job, adopted: next.kind === 'adopt', superseded };
}

type NextGeneration =
  | { readonly kind: 'adopt'; readonly job: Job }
  | { readonly kind: 'open'; readonly generation: number; readonly reason: GenerationReason };

function nextGeneration(newest: Job | undefined, request: OpenJobRequest): NextGeneration {
  if (newest === undefined) return { kind: 'open', generation: 1, reason: 'first' };
  const reason = reasonForNext(newest, request);
  if (reason === undefined) return { kind: 'adopt', job: newest };
  return { kind: 'open', generation: newest.generation + 1, reason };
}

function reasonForNext(newest: Job, request: OpenJobRequest): GenerationReason | undefined {
  if (newest.requestHash !== request.requestHash) return 'changed';
  if (newest.state === 'UNKNOWN') return request.resubmitUnknown;
  const hasFailed = DEFINITELY_FAILED_JOB_STATES.some((state) => state === newest.state);
  return hasFailed ? 'definite_failure' : undefined;
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
    .returning(jobColumns)
    .execute();
  return rows.map(toJob);
}

const supersededFrom: readonly JobState[] = ['INTENT', 'SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED'];

async function newestJob(context: WriteContext, request: OpenJobRequest): Promise<Job | undefined> {
  const row = await context.transaction
    .selectFrom('jobs')
    .select(jobColumns)
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
  { generation, reason }: Extract<NextGeneration, { kind: 'open' }>,
): Promise<Job> {
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
      generation,
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
    .returning(jobColumns)
    .executeTakeFirstOrThrow();
  return toJob(row);
}

function tokenHash(secret: string | undefined, jobId: string): Buffer | null {
  return secret === undefined ? null : callbackTokenHash(callbackToken(secret, jobId));
}
