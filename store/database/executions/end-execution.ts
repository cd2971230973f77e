import { sql } from 'kysely';
import type { ExecutionFailure } from '../../../workflows/contract';
import { newId } from '../../ids';
import type { DatabaseTransaction } from '../database';
import { toNullableJson } from '../json';

/**
 * RUNNING or WAITING → the end of this attempt; releases the rest of the hold (held → available), so that
 * held = charged + released from then on. A job that is settled later extends the hold by what it charges. Changes nothing
 * in one that has ended. Locks the balance: letters come before it.
 */
export async function endExecution(
  transaction: DatabaseTransaction,
  end: {
    readonly executionId: string;
    readonly status: 'COMPLETED' | 'FAILED' | 'CANCELLED';
    readonly failure?: ExecutionFailure;
  },
): Promise<void> {
  await sql`
    with ended as (
      update executions
      set status = ${end.status}, completed_at = now(), start_requested_at = null, settle_started_at = null,
          failure = ${end.status === 'FAILED' ? toNullableJson(end.failure) : null}::json,
          credits_released = credits_held - credits_charged
      where id = ${end.executionId} and status in ('RUNNING', 'WAITING')
      returning id, account_id, mode, attempt, new.credits_released - old.credits_released as amount
    ), balance as (
      update credit_balances b
      set held = b.held - ended.amount, available = b.available + ended.amount
      from ended
      where b.account_id = ended.account_id and b.mode = ended.mode and ended.amount > 0
    ), entry as (
      insert into credit_entries (id, account_id, mode, execution_id, kind, debit_from, credit_to, amount, posting_key)
      select ${newId('ent')}, account_id, mode, id, 'release', 'held', 'available', amount,
        'release/' || id || '/' || attempt
      from ended where amount > 0
    )
    select id from ended
  `.execute(transaction);
}
