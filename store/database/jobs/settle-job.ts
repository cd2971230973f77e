import { sql, type RawBuilder } from 'kysely';
import type { NodeOutputs } from '../../../workflows/contract';
import { callFunction, callSetFunction, scopeFields } from '../call-function';
import type { Database } from '../database';
import type { WriteScope } from '../executions/execution';
import type { WriteContext } from '../executions/write-context';
import { toNullableJson } from '../json';
import type { NodeStatus } from '../tables';
import { JobStateError, type SettledJob, type Settlement } from './job';
import { jobFields, toJob, type JobRow } from './job-row';

/**
 * Ends a job well: state, charge and node row together. Whoever has the result may settle, claim or not: the provider
 * has been paid for it. Once is enough, a later call answers the first result.
 */
export async function settleJob(
  context: WriteContext,
  jobId: string,
  settlement: Settlement,
): Promise<SettledJob> {
  const { id, attempt, status } = context.execution;
  const row = await callFunction(
    sql<SettledRow & { changed_nodes: Readonly<Record<string, NodeStatus>> }>`
      select ${jobFields('r.job')}, r.attempts, r.is_first, r.changed_nodes
      from settle_job(${id}, ${attempt}::int, ${settlement.isOfAnEarlierRun ? null : status},
        ${settlementFields(jobId, settlement)}) r`,
    context.transaction,
  );
  for (const [step, node] of Object.entries(row.changed_nodes)) context.changes.nodes.set(step, node);
  if (row.is_first && row.credits_charged > 0) context.changes.hasOther = true;
  return toSettledJob(row);
}

/**
 * Paid results as a write of their own, through the fence: one statement and one commit for all that came at once, for
 * the most frequent write of all. A refusal of one undoes all.
 * @returns in the order given
 */
export async function writeSettlements(
  database: Database,
  scope: WriteScope,
  results: readonly PaidResult[],
): Promise<readonly Omit<SettledJob, 'job'>[]> {
  const sends = results.map(({ settlement }) => settlement.send);
  const rows = await callSetFunction(
    sql<Pick<SettledRow, 'outputs' | 'credits_charged' | 'attempts' | 'is_first'>>`
      select outputs, credits_charged, attempts, is_first
      from write_settlements(${scopeFields(scope)},
        ${results.map(({ jobId }) => jobId)}::text[],
        ${results.map(({ settlement }) => toNullableJson(settlement.outputs))}::json[],
        ${results.map(({ settlement }) => settlement.credits)}::bigint[],
        ${sends.map((send) => send?.outcome ?? null)}::text[],
        ${sends.map((send) => (send ? Math.round(send.latencyMs) : null))}::int[],
        ${sends.map((send) => send?.startedAt ?? null)}::timestamptz[])`,
    database.queries,
  );
  return rows.map(({ outputs, credits_charged: credits, attempts, is_first: isFirst }, place) => ({
    ...{ credits, attempts, isFirst },
    outputs: requireOutputs(results[place]?.jobId ?? '', outputs),
  }));
}

export interface PaidResult {
  readonly jobId: string;
  readonly settlement: Settlement;
}

interface SettledRow extends JobRow {
  readonly attempts: number;
  readonly is_first: boolean;
}

/** The parameters of `settle_job` from `p_job_id` on. */
function settlementFields(jobId: string, { outputs, credits, send }: Settlement): RawBuilder<unknown> {
  const latencyMs = send ? Math.round(send.latencyMs) : null;
  return sql`${jobId}, ${toNullableJson(outputs)}::json, ${credits}::bigint, ${send?.outcome ?? null},
    ${latencyMs}::int, ${send?.startedAt ?? null}::timestamptz`;
}

function toSettledJob(row: SettledRow): SettledJob {
  const job = toJob(row);
  return {
    job,
    outputs: requireOutputs(job.id, job.outputs),
    credits: job.creditsCharged,
    attempts: row.attempts,
    isFirst: row.is_first,
  };
}

function requireOutputs(jobId: string, outputs: NodeOutputs | null): NodeOutputs {
  if (outputs === null) throw new JobStateError(`job ${jobId} cannot be settled without outputs`);
  return outputs;
}
