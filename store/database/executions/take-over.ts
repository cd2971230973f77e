import { sql } from 'kysely';
import { holdCredits } from '../credits';
import type { Database, DatabaseTransaction } from '../database';
import { markRedriven } from '../dead-letters/record-letters';
import type { TakeOverRequest } from './execution';
import { recordEvent } from './write-context';

/**
 * Gives the execution to the Temporal run that Temporal says is the latest (an operator's reset): attempt + 1, RUNNING,
 * hold reopened for what remains, nodes that did not complete PENDING again.
 * @returns false when `fromRunId` does not hold it any more, or `toRunId` was replaced before
 */
export async function takeOverExecution(database: Database, request: TakeOverRequest): Promise<boolean> {
  return database.queries.transaction().execute(async (transaction) => {
    const missingHold = await moveToRun(transaction, request);
    if (missingHold === undefined) return false;
    await transaction
      .updateTable('execution_nodes')
      .set({
        status: 'PENDING',
        outputs: null,
        error: null,
        started_at: null,
        completed_at: null,
        run_attempt: sql<number>`(select attempt from executions where id = ${request.executionId})`,
      })
      .where('execution_id', '=', request.executionId)
      .where('status', '<>', 'COMPLETED')
      .execute();
    await markRedriven(transaction, request.executionId);
    if (missingHold > 0) {
      await holdCredits(transaction, request.executionId, { minimum: 0, maximum: missingHold });
    }
    await recordEvent(transaction, request.executionId, { type: 'taken_over', data: { status: 'RUNNING' } });
    return true;
  });
}

/** @returns what the hold lacks of min(quote's maximum, budget) − charged; undefined when the conditions do not hold */
async function moveToRun(
  transaction: DatabaseTransaction,
  request: TakeOverRequest,
): Promise<number | undefined> {
  const { rows } = await sql<{ missing: number }>`
    update executions
    set temporal_run_id = ${request.toRunId}, past_run_ids = array_append(past_run_ids, temporal_run_id),
        attempt = attempt + 1, status = 'RUNNING', completed_at = null, failure = null,
        start_requested_at = null, cancel_requested_at = null, resume_number = 0, resume_requested_at = null
    where id = ${request.executionId} and temporal_run_id = ${request.fromRunId}
      and temporal_run_id <> ${request.toRunId} and ${request.toRunId} <> all (past_run_ids)
    returning least(quote_max_credits, budget_credits) - (credits_held - credits_released) as missing
  `.execute(transaction);
  return rows[0]?.missing;
}
