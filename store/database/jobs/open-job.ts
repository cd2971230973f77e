import { sql, type RawBuilder } from 'kysely';
import { newId } from '../../ids';
import { callFunction, scopeFields } from '../call-function';
import { callbackToken, callbackTokenHash } from '../callback-token';
import type { Database, Queries } from '../database';
import type { WriteScope } from '../executions/execution';
import { isOpenStatus, type WriteContext } from '../executions/write-context';
import { toJson } from '../json';
import {
  JobStateError,
  type ClaimedIntent,
  type ClaimRequest,
  type OpenedJob,
  type OpenJobRequest,
} from './job';
import { jobFields, readJobs, toJob, type JobRow } from './job-row';

/** Allocates the generation and reserves the price, under the lock of the execution row; see `open_job`. */
export async function openJob(context: WriteContext, request: OpenJobRequest): Promise<OpenedJob> {
  const { transaction, execution, runId } = context;
  if (!isOpenStatus(execution.status)) {
    throw new JobStateError(
      `execution ${execution.id} is ${execution.status}: no job can be opened for step ${request.step}`,
    );
  }
  const row = await callFunction(
    sql<OpenedRow & { has_changed_hold: boolean }>`
      select ${jobFields('r.job')}, r.is_adopted, r.superseded, r.has_changed_hold
      from open_job(${execution.id}, ${execution.accountId}, ${execution.mode}, ${runId}, ${requestFields(request)},
        null, null, null, null) r`,
    transaction,
  );
  if (row.has_changed_hold) context.changes.hasOther = true;
  return toOpenedJob(transaction, row);
}

/**
 * The intent and its claim as a write of their own, through the fence: one statement. The node shows who serves it.
 * @throws EarlierFailureError when a generation above `claim.pastGeneration` failed definitely
 * @throws BudgetReachedError
 */
export async function writeIntent(
  database: Database,
  scope: WriteScope,
  request: OpenJobRequest,
  { token, pastGeneration, leaseMs, credentialId }: ClaimRequest,
): Promise<ClaimedIntent> {
  const row = await callFunction(
    sql<OpenedRow & { is_claimed: boolean }>`
      select ${jobFields('r.job')}, r.is_adopted, r.is_claimed, r.superseded
      from write_intent(${scopeFields(scope)}, ${requestFields(request)},
        ${pastGeneration}::int, ${token}::uuid, ${leaseMs}::int, ${credentialId}) r`,
    database.queries,
  );
  const opened = await toOpenedJob(database.queries, row);
  const { leaseUntil } = opened.job;
  return row.is_claimed && leaseUntil ? { ...opened, claim: { token, leaseUntil } } : opened;
}

interface OpenedRow extends JobRow {
  readonly is_adopted: boolean;
  readonly superseded: readonly string[];
}

/** The parameters of `open_job` from `p_job_id` to `p_node_key`. */
function requestFields(request: OpenJobRequest): RawBuilder<unknown> {
  const jobId = newId('job');
  return sql`${jobId}, ${request.step}, ${request.nodeId}, ${request.nodeType}, ${request.provider}, ${request.model},
    ${request.requestHash}, ${toJson(request.request)}::json, ${request.priceCredits}::bigint,
    ${toJson(request.fallbackFrom ?? [])}::json, ${tokenHash(request.callbackSecret, jobId)}::bytea,
    ${request.resubmitUnknown ?? null}, ${request.changeNumber ?? 0}::int, ${request.nodeKey ?? null}`;
}

function tokenHash(secret: string | undefined, jobId: string): Buffer | null {
  return secret === undefined ? null : callbackTokenHash(callbackToken(secret, jobId));
}

async function toOpenedJob(queries: Queries, row: OpenedRow): Promise<OpenedJob> {
  return { job: toJob(row), adopted: row.is_adopted, superseded: await readJobs(queries, row.superseded) };
}
