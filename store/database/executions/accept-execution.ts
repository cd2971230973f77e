import { sql } from 'kysely';
import { insertBatch } from '../batches/insert-batch';
import { availableCredits, holdCredits } from '../credits';
import type { Database, DatabaseTransaction } from '../database';
import { toJson } from '../json';
import type { AcceptRequest, AcceptResult, HoldBounds, InsufficientCredits } from './execution';
import { idempotentTransaction } from './idempotent-transaction';
import { writePlanNodes } from './plan-nodes';
import { recordEvent } from './write-context';

/**
 * Writes an execution, its node rows, its hold and its idempotency row in one transaction, so that a crash leaves all or
 * nothing. The caller then starts the Temporal workflow and calls `executions.started`; a crash in between is found by
 * `executions.pendingStarts`. Fifty at once with one key: one is accepted, the others get its stored response.
 */
export async function acceptExecution(database: Database, request: AcceptRequest): Promise<AcceptResult> {
  const { execution, hold, idempotency } = request;
  return idempotentTransaction<AcceptResult, InsufficientCredits>(
    database,
    execution.accountId,
    idempotency,
    async (transaction, refuse) => {
      await insertExecution(transaction, request);
      await writePlanNodes(transaction, execution.id, execution.plan, 1);
      if (execution.batch) await insertBatch(transaction, execution.id, execution.batch);
      const held = await openHold(transaction, execution.id, hold, execution.budgetCredits);
      if (typeof held !== 'number') return refuse(held);
      await recordEvent(transaction, execution.id, { type: 'accepted', data: { status: 'RUNNING' } });
      return { kind: 'accepted', heldCredits: held };
    },
  );
}

/** hold = min(quote's maximum, budget, available), refused when less than the quote's minimum is available. */
export async function openHold(
  transaction: DatabaseTransaction,
  executionId: string,
  hold: HoldBounds,
  budgetLeft: number | undefined,
): Promise<number | InsufficientCredits> {
  const maximum = Math.min(hold.maxCredits, budgetLeft ?? hold.maxCredits);
  const held = await holdCredits(transaction, executionId, { minimum: hold.minCredits, maximum });
  if (held !== undefined) return held;
  return {
    kind: 'insufficient_credits',
    requiredCredits: hold.minCredits,
    availableCredits: await availableCredits(transaction, executionId),
  };
}

async function insertExecution(
  transaction: DatabaseTransaction,
  { execution, hold }: AcceptRequest,
): Promise<void> {
  await transaction
    .insertInto('executions')
    .values({
      id: execution.id,
      account_id: execution.accountId,
      mode: execution.mode,
      workflow_id: execution.workflowId,
      workflow_name: execution.workflowName,
      version: execution.version,
      status: 'RUNNING',
      graph: toJson(execution.graph),
      trigger_data: toJson(execution.triggerData),
      plan: toJson(execution.plan),
      carried: '[]',
      quote: toJson(execution.quote),
      quote_min_credits: hold.minCredits,
      quote_max_credits: hold.maxCredits,
      budget_credits: execution.budgetCredits ?? null,
      start_requested_at: sql<Date>`now()`,
      fail_fast: execution.failFast ?? false,
      tags: [...(execution.tags ?? [])],
      priority: execution.priority ?? 3,
      callback_url: execution.callbackUrl ?? null,
      variant: execution.variant ?? null,
    })
    .execute();
}
