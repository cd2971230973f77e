import { sql, type RawBuilder } from 'kysely';
import { newId } from '../../ids';
import { callFunction, callSetFunction, scopeFields } from '../call-function';
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
 * Intents and their claims as a write of their own, through the fence: one statement and one commit for all that came at
 * once. The nodes show who serves them. A refusal of one undoes all.
 * @returns in the order given
 * @throws EarlierFailureError when a generation above `claim.pastGeneration` failed definitely
 * @throws BudgetReachedError
 */
export async function writeIntents(
  database: Database,
  scope: WriteScope,
  intents: readonly Intent[],
): Promise<readonly ClaimedIntent[]> {
  const rows = await callSetFunction(
    sql<OpenedRow & { is_claimed: boolean }>`
      select ${jobFields('r.job')}, r.is_adopted, r.is_claimed, r.superseded
      from write_intents(${scopeFields(scope)}, ${intentColumns(intents)}) r`,
    database.queries,
  );
  return Promise.all(
    rows.map(async (row, place) => {
      const opened = await toOpenedJob(database.queries, row);
      const token = intents[place]?.claim.token;
      const { leaseUntil } = opened.job;
      return row.is_claimed && leaseUntil && token ? { ...opened, claim: { token, leaseUntil } } : opened;
    }),
  );
}

export interface Intent {
  readonly request: OpenJobRequest;
  readonly claim: ClaimRequest;
}

/** The parameters of `write_intents` from `p_job_ids` on: one array per column, so that there is one text of the statement. */
function intentColumns(intents: readonly Intent[]): RawBuilder<unknown> {
  const fields = intents.map(({ request, claim }) => ({ ...jobFieldsOf(request), ...claim }));
  const column = <T>(read: (field: (typeof fields)[number]) => T) => fields.map(read);
  return sql`
    ${column(({ jobId }) => jobId)}::text[], ${column(({ step }) => step)}::text[],
    ${column(({ nodeId }) => nodeId)}::text[], ${column(({ nodeType }) => nodeType)}::text[],
    ${column(({ provider }) => provider)}::text[], ${column(({ model }) => model)}::text[],
    ${column(({ requestHash }) => requestHash)}::text[], ${column(({ document }) => document)}::json[],
    ${column(({ priceCredits }) => priceCredits)}::bigint[], ${column(({ fallback }) => fallback)}::json[],
    ${column(({ callbackTokenHash: hash }) => hash)}::bytea[],
    ${column(({ resubmitUnknown }) => resubmitUnknown ?? null)}::text[],
    ${column(({ changeNumber }) => changeNumber ?? 0)}::int[], ${column(({ nodeKey }) => nodeKey ?? null)}::text[],
    ${column(({ pastGeneration }) => pastGeneration)}::int[], ${column(({ token }) => token)}::uuid[],
    ${column(({ leaseMs }) => leaseMs)}::int[], ${column(({ credentialId }) => credentialId)}::text[]`;
}

interface OpenedRow extends JobRow {
  readonly is_adopted: boolean;
  readonly superseded: readonly string[];
}

/** The parameters of `open_job` from `p_job_id` to `p_node_key`. */
function requestFields(request: OpenJobRequest): RawBuilder<unknown> {
  const { jobId, document, fallback, callbackTokenHash: hash } = jobFieldsOf(request);
  return sql`${jobId}, ${request.step}, ${request.nodeId}, ${request.nodeType}, ${request.provider}, ${request.model},
    ${request.requestHash}, ${document}::json, ${request.priceCredits}::bigint, ${fallback}::json, ${hash}::bytea,
    ${request.resubmitUnknown ?? null}, ${request.changeNumber ?? 0}::int, ${request.nodeKey ?? null}`;
}

function jobFieldsOf(request: OpenJobRequest) {
  const jobId = newId('job');
  return {
    ...request,
    jobId,
    document: toJson(request.request),
    fallback: toJson(request.fallbackFrom ?? []),
    callbackTokenHash: tokenHash(request.callbackSecret, jobId),
  };
}

function tokenHash(secret: string | undefined, jobId: string): Buffer | null {
  return secret === undefined ? null : callbackTokenHash(callbackToken(secret, jobId));
}

async function toOpenedJob(queries: Queries, row: OpenedRow): Promise<OpenedJob> {
  return { job: toJob(row), adopted: row.is_adopted, superseded: await readJobs(queries, row.superseded) };
}
