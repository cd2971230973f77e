import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database';
import { recordEvent } from '../executions/write-context';
import { toNullableJson } from '../json';
import { findReview } from './read-reviews';
import type { DecideResult, NewDecision } from './review';

/**
 * The first word counts. The caller then tells the run and calls `told`; a crash in between is found by `untold`.
 * Saying the same again is no conflict.
 */
export async function decideReview(
  database: Database,
  accountId: string,
  reviewId: string,
  decision: NewDecision & { readonly decidedBy: string },
): Promise<DecideResult> {
  const replacement = decision.decision === 'replace' ? decision.replacement : null;
  const isFirst = await database.queries.transaction().execute(async (transaction) => {
    await lockExecution(transaction, accountId, reviewId);
    const { rows } = await sql<{ readonly executionId: string }>`
      update reviews r
      set state = 'decided', decision = ${decision.decision}, comment = ${decision.comment},
          replacement = ${toNullableJson(replacement)}::json, decided_by = ${decision.decidedBy}, decided_at = now(),
          tell_requested_at = now()
      from executions e
      where r.id = ${reviewId} and r.account_id = ${accountId} and r.state = 'open' and e.id = r.execution_id
        and e.status in ('RUNNING', 'WAITING')
      returning r.execution_id as "executionId"
    `.execute(transaction);
    const [decided] = rows;
    if (decided) await showRunning(transaction, decided.executionId);
    return decided !== undefined;
  });
  const review = await findReview(database, accountId, reviewId);
  if (review === undefined) return { kind: 'not_found' };
  const isSame =
    review.decision === decision.decision &&
    review.comment === decision.comment &&
    toNullableJson(review.replacement) === toNullableJson(replacement);
  return isFirst || isSame ? { kind: 'decided', review } : { kind: 'conflict', review };
}

/** Before the review, as its run does: else that could time the review out in the middle of the decision. */
async function lockExecution(
  transaction: DatabaseTransaction,
  accountId: string,
  reviewId: string,
): Promise<void> {
  await sql`
    select from executions e join reviews r on r.execution_id = e.id
    where r.id = ${reviewId} and r.account_id = ${accountId}
    for no key update of e
  `.execute(transaction);
}

/** A run that waited for this person alone goes on: whoever polls next should not be told that it waits still. */
async function showRunning(transaction: DatabaseTransaction, executionId: string): Promise<void> {
  const { rows } = await sql`
    update executions e set status = 'RUNNING'
    where e.id = ${executionId} and e.status = 'WAITING' and e.failure is null
      and not exists (select from reviews r where r.execution_id = e.id and r.state = 'open')
    returning e.id
  `.execute(transaction);
  if (rows.length > 0)
    await recordEvent(transaction, executionId, { type: 'changed', data: { status: 'RUNNING' } });
}
