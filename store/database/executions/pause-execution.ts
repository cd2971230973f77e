import { sql } from 'kysely';
import { newId } from '../../ids';
import { toNullableJson } from '../json';
import { OPEN_JOB_STATES } from '../jobs/job';
import type { PauseChange } from './execution-writer';
import { updateNodes } from './update-nodes';
import type { WriteContext } from './write-context';

/**
 * RUNNING → WAITING. A worker may die between this write and its answer, and write it again after the user has resumed:
 * the row then counts a resume that the run has not taken, and stays as it is. A run may pause several times between two
 * resumes (after a review, a delay), so a posting is named by the sum that was released so far.
 */
export async function pauseExecution(context: WriteContext, change: PauseChange): Promise<void> {
  const { execution, changes } = context;
  if (execution.status !== 'RUNNING' || !(await writePause(context, change))) return;
  await updateNodes(context, change.nodes);
  execution.status = changes.status = 'WAITING';
}

/** WAITING → RUNNING: something other than a resume lets the run go on. */
export async function continueExecution({ transaction, execution, changes }: WriteContext): Promise<void> {
  if (execution.status !== 'WAITING') return;
  await sql`update executions set status = 'RUNNING', failure = null where id = ${execution.id}`.execute(
    transaction,
  );
  execution.status = changes.status = 'RUNNING';
}

async function writePause(
  { transaction, execution }: WriteContext,
  { failure, resumesTaken }: PauseChange,
): Promise<boolean> {
  const { rows } = await sql`
    with open_jobs as (
      select coalesce(sum(price_reserved), 0)::bigint as reserved from jobs
      where execution_id = ${execution.id} and state in (${sql.join(OPEN_JOB_STATES)})
    ), paused as (
      update executions e
      set status = 'WAITING', failure = ${toNullableJson(failure)}::json, resume_number = ${resumesTaken}::int,
          resume_requested_at = null,
          credits_released = credits_released
            + greatest(credits_held - credits_charged - credits_released - open_jobs.reserved, 0)
      from open_jobs
      where e.id = ${execution.id} and e.status = 'RUNNING' and e.resume_number <= ${resumesTaken}::int
      returning e.id, e.account_id, e.mode, e.attempt, e.resume_number,
        new.credits_released, new.credits_released - old.credits_released as amount
    ), balance as (
      update credit_balances b
      set held = b.held - paused.amount, available = b.available + paused.amount
      from paused
      where b.account_id = paused.account_id and b.mode = paused.mode and paused.amount > 0
    ), entry as (
      insert into credit_entries (id, account_id, mode, execution_id, kind, debit_from, credit_to, amount, posting_key)
      select ${newId('ent')}, account_id, mode, id, 'release', 'held', 'available', amount,
        'pause/' || id || '/' || attempt || '/' || resume_number || '/' || credits_released
      from paused where amount > 0
    )
    select id from paused
  `.execute(transaction);
  return rows.length > 0;
}
