import { sql } from 'kysely';
import { planItemResume } from '../../../pipeline/resume/plan-item-resume';
import type { ResumePlan } from '../../../pipeline/resume/plan-resume';
import type { Quote } from '../../../pipeline/quote';
import type { CarriedNode, Plan } from '../../../workflows/contract';
import type { DatabaseTransaction } from '../database';
import { markRedriven } from '../dead-letters/record-letters';
import { nodesColumn, toNodeRow } from '../executions/execution-rows';
import { resetNodes } from '../executions/resume-execution';
import { jobsOfExecution } from '../jobs/job-row';
import { toJson } from '../json';
import { copySharedNodes, type ItemBase } from './open-item';

export interface ItemToReopen {
  readonly executionId: string;
  readonly plan: Plan;
  readonly resume: ResumePlan;
  /** What the items share and the batch could not make: the batch alone tries that again. */
  readonly missing: readonly CarriedNode[];
}

/** What is left of an item that ended badly; undefined while somebody else resumes it at this moment. */
export async function readItemToReopen(
  transaction: DatabaseTransaction,
  base: ItemBase,
  executionId: string,
  quote: Quote,
): Promise<ItemToReopen | undefined> {
  const locked = await transaction
    .selectFrom('executions')
    .select('plan')
    .where('id', '=', executionId)
    .where('status', 'in', ['FAILED', 'CANCELLED'])
    .forNoKeyUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (locked === undefined) return undefined;
  const { plan } = locked;
  const copied = await copySharedNodes(transaction, base, executionId);
  const missing = base.shared.filter(({ nodeId, status }) => copied.has(nodeId) && status !== 'COMPLETED');
  const { nodes } = await transaction
    .selectFrom('executions')
    .select(nodesColumn.as('nodes'))
    .where('id', '=', executionId)
    .executeTakeFirstOrThrow();
  const jobs = await jobsOfExecution(transaction, executionId);
  const resume = planItemResume(plan, quote, { nodes: nodes.map(toNodeRow), jobs }, missing);
  return { executionId, plan, resume, missing };
}

/** FAILED or CANCELLED → RUNNING with attempt + 1, as a resume does it; the batch's run starts it. */
export async function reopenItem(
  transaction: DatabaseTransaction,
  { executionId, plan, resume, missing }: ItemToReopen,
  allotment: number | null,
): Promise<void> {
  const { carried, reused, quote } = resume;
  const { rows } = await sql<{ attempt: number }>`
    update executions
    set status = 'RUNNING', attempt = attempt + 1, completed_at = null, failure = null, cancel_requested_at = null,
        past_run_ids = case when temporal_run_id is null then past_run_ids
          else array_append(past_run_ids, temporal_run_id) end,
        temporal_run_id = null, superseded_run_id = null, start_requested_at = null,
        resume_number = 0, resume_requested_at = null, resubmit_unknown = false, carried = ${toJson(carried)}::json,
        quote_min_credits = credits_charged + ${quote.minCredits}::bigint,
        quote_max_credits = credits_charged + ${quote.maxCredits}::bigint,
        budget_credits = credits_charged + ${allotment}::bigint
    where id = ${executionId}
    returning attempt
  `.execute(transaction);
  const attempt = rows[0]?.attempt ?? 1;
  const reusedSteps = [...reused, ...missing].map(({ nodeId }) => nodeId);
  await resetNodes(transaction, { executionId, plan, reusedSteps, carried }, attempt);
  await markRedriven(transaction, executionId);
  await sql`select record_event(${executionId}, 'resumed', ${toJson({ status: 'RUNNING', attempt })}::json)`.execute(
    transaction,
  );
}
