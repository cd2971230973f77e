import { sql } from 'kysely';
import { allNodes } from '../../../pipeline/pure/all-nodes';
import type { Database, DatabaseTransaction } from '../database';
import { markRedriven } from '../dead-letters/record-letters';
import { toJson, toNullableJson } from '../json';
import type { InsufficientCredits, ResumeRequest, ResumeResult } from './execution';
import { endMigrationWithin, isDrained } from './migrate-execution';
import { idempotentTransaction } from './idempotent-transaction';
import { moneyLeft, raiseHold, type MoneyLeft } from './raise-hold';
import { writePlanNodes } from './plan-nodes';
import { recordEvent } from './write-context';

export type ResumeRefusal = InsufficientCredits | Extract<ResumeResult, { kind: 'conflict' | 'not_found' }>;

/**
 * FAILED, CANCELLED, WAITING or drained → RUNNING with attempt + 1, no Temporal run yet and a requested start; rows of the plan's nodes are
 * PENDING again except the reused ones. A run that waits is to be ended before the next one starts. Exactly one of racing resumes wins; the others get `conflict`.
 */
export async function prepareResume(database: Database, request: ResumeRequest): Promise<ResumeResult> {
  return idempotentTransaction<ResumeResult, ResumeRefusal>(
    database,
    request.accountId,
    request.idempotency,
    async (transaction, refuse) => {
      const reopened = await reopen(transaction, request);
      if (reopened === undefined) return refuse(await explainRefusal(transaction, request));
      const { attempt } = reopened;
      await resetNodes(transaction, request, attempt);
      if (request.migration) await endMigrationWithin(transaction, request.executionId, request.migration);
      await markRedriven(transaction, request.executionId);
      const held = await raiseHold(transaction, request, reopened);
      if (typeof held !== 'number') return refuse(held);
      await recordEvent(transaction, request.executionId, {
        type: 'resumed',
        data: { status: 'RUNNING', attempt },
      });
      return { kind: 'resumed', attempt, heldCredits: held };
    },
  );
}

async function reopen(
  transaction: DatabaseTransaction,
  request: ResumeRequest,
): Promise<Reopened | undefined> {
  const { rows } = await sql<Reopened>`
    update executions
    set status = 'RUNNING', attempt = attempt + 1, completed_at = null, failure = null, cancel_requested_at = null,
        past_run_ids = case when temporal_run_id is null then past_run_ids
          else array_append(past_run_ids, temporal_run_id) end,
        superseded_run_id = case when status = 'WAITING' then temporal_run_id end,
        resume_number = 0, resume_requested_at = null,
        temporal_run_id = null, start_requested_at = now(), resubmit_unknown = ${request.resubmitUnknown ?? false},
        plan = ${toJson(request.plan)}, carried = ${toJson(request.carried)}, quote = ${toJson(request.quote)},
        quote_min_credits = credits_charged + ${request.hold.minCredits},
        quote_max_credits = credits_charged + ${request.hold.maxCredits},
        version = coalesce(${versionOf(request)}::int, version),
        graph = coalesce(${toNullableJson(request.graph)}::json, graph),
        trigger_data = coalesce(${toNullableJson(request.triggerData)}::json, trigger_data),
        budget_credits = coalesce(${request.budgetCredits ?? null}::bigint, budget_credits)
    where id = ${request.executionId} and account_id = ${request.accountId}
      and (status in ('FAILED', 'CANCELLED') or cancel_requested_at is null
        and (status = 'WAITING' or status = 'RUNNING' and ${isDrained}))
      and attempt = ${request.expectedAttempt} and resume_number = ${request.expectedResumeNumber}
    returning attempt, ${moneyLeft}
  `.execute(transaction);
  return rows[0];
}

function versionOf({ migration }: ResumeRequest): number | null {
  return migration && 'toVersion' in migration ? migration.toVersion : null;
}

type Reopened = MoneyLeft & { readonly attempt: number };

/** Says why nothing was resumed: another request was first, or there is nothing to resume. */
export async function explainRefusal(
  transaction: DatabaseTransaction,
  request: Pick<ResumeRequest, 'executionId' | 'accountId'>,
): Promise<ResumeRefusal> {
  const row = await transaction
    .selectFrom('executions')
    .select(['status', 'attempt'])
    .where('id', '=', request.executionId)
    .where('account_id', '=', request.accountId)
    .executeTakeFirst();
  return row === undefined ? { kind: 'not_found' } : { kind: 'conflict', ...row };
}

/** Credits and attempts of a reset node stay: they are what it has cost in this execution. */
export async function resetNodes(
  transaction: DatabaseTransaction,
  request: Pick<ResumeRequest, 'executionId' | 'plan' | 'reusedSteps' | 'carried'>,
  attempt: number,
): Promise<void> {
  const { executionId } = request;
  const planned = allNodes(request.plan.nodes).map((node) => node.id);
  const reused = [...request.reusedSteps];
  // Delays that have begun count from then, at the next resume too.
  const begun = request.carried.flatMap(({ nodeId, beganAtMs }) => (beganAtMs === undefined ? [] : [nodeId]));
  await sql`
    delete from execution_nodes
    where execution_id = ${executionId}
      and (node_id <> all (${planned}::text[]) or step <> node_id and step <> all (${[...reused, ...begun]}::text[]))
  `.execute(transaction);
  await sql`
    update execution_nodes
    set status = 'PENDING', outputs = null, provider = null, model = null, fallback_from = '[]', cached = false,
        error = null, completed_at = null,
        started_at = case when step = any (${begun}::text[]) then started_at end, run_attempt = ${attempt}::int
    where execution_id = ${executionId} and step <> all (${reused}::text[])
  `.execute(transaction);
  await writePlanNodes(transaction, executionId, request.plan, attempt);
}
