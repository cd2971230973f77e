import { sql, type RawBuilder, type Selectable } from 'kysely';
import type { Queries } from '../database';
import type { JobsTable } from '../tables';
import type { Job } from './job';

/** All that {@link toJob} reads. */
export const jobColumns = [
  'id',
  'execution_id',
  'account_id',
  'mode',
  'step',
  'node_id',
  'node_type',
  'provider',
  'model',
  'generation',
  'generation_reason',
  'request_hash',
  'request',
  'state',
  'lease_until',
  'provider_handle',
  'price_reserved',
  'credits_charged',
  'possible_duplicate',
  'fallback_from',
  'credential_id',
  'temporal_run_id',
  'failure',
  'outputs',
  'created_at',
  'submitted_at',
  'accepted_at',
  'stored_at',
  'settled_at',
  'closed_at',
  'cancel_requested_at',
  'odd_since',
  'change_number',
  'node_key',
] as const;

export type JobRow = Pick<Selectable<JobsTable>, (typeof jobColumns)[number]>;

/** {@link jobColumns} of a value of type `jobs` that a function answers. */
export function jobFields(value: 'r.job'): RawBuilder<unknown> {
  return sql.raw(jobColumns.map((column) => `(${value}).${column}`).join(', '));
}

export function toJob(row: JobRow): Job {
  return {
    id: row.id,
    executionId: row.execution_id,
    accountId: row.account_id,
    mode: row.mode,
    step: row.step,
    nodeId: row.node_id,
    nodeType: row.node_type,
    provider: row.provider,
    model: row.model,
    generation: row.generation,
    generationReason: row.generation_reason,
    requestHash: row.request_hash,
    request: row.request,
    state: row.state,
    leaseUntil: row.lease_until,
    providerHandle: row.provider_handle,
    priceReserved: row.price_reserved,
    creditsCharged: row.credits_charged,
    possibleDuplicate: row.possible_duplicate,
    fallbackFrom: row.fallback_from,
    credentialId: row.credential_id,
    temporalRunId: row.temporal_run_id,
    failure: row.failure,
    outputs: row.outputs,
    createdAt: row.created_at,
    submittedAt: row.submitted_at,
    acceptedAt: row.accepted_at,
    storedAt: row.stored_at,
    settledAt: row.settled_at,
    closedAt: row.closed_at,
    cancelRequestedAt: row.cancel_requested_at,
    oddSince: row.odd_since,
    changeNumber: row.change_number,
    nodeKey: row.node_key,
  };
}

/** Jobs of an execution, oldest first. */
export async function jobsOfExecution(queries: Queries, executionId: string): Promise<readonly Job[]> {
  const rows = await queries
    .selectFrom('jobs')
    .select(jobColumns)
    .where('execution_id', '=', executionId)
    .orderBy('id')
    .execute();
  return rows.map(toJob);
}

/** Oldest first; unknown ids are left out. */
export async function readJobs(queries: Queries, ids: readonly string[]): Promise<readonly Job[]> {
  if (ids.length === 0) return [];
  const rows = await queries
    .selectFrom('jobs')
    .select(jobColumns)
    .where(sql<boolean>`id = any (${[...ids]}::text[])`)
    .orderBy('id')
    .execute();
  return rows.map(toJob);
}
