import { sql } from 'kysely';
import type { Mode } from '../../workflows/contract';
import { newId } from '../ids';
import type { Database, DatabaseTransaction } from './database';

export interface CreditBalance {
  /** Free to be spent, credits. */
  readonly available: number;
  /** Set aside for running executions, credits. */
  readonly held: number;
}

export interface CreditGrant {
  readonly accountId: string;
  readonly mode: Mode;
  readonly credits: number;
  /** Counts once per account and mode, such as `welcome` or the id of a payment. */
  readonly grantKey: string;
}

/**
 * Double-entry money. Every posting is one statement that moves the amount between two places of the balance, sums it up
 * in the execution and appends the entry; its key is unique, so it cannot be made twice.
 */
export const credits = {
  /** Adds credits once per `grantKey`. @returns the balance after it */
  async grant(database: Database, grant: CreditGrant): Promise<CreditBalance> {
    await sql`
      with entry as (
        insert into credit_entries (id, account_id, mode, kind, debit_from, credit_to, amount, posting_key)
        values (${newId('ent')}, ${grant.accountId}, ${grant.mode}, 'grant', 'granted', 'available', ${grant.credits},
          ${`grant/${grant.accountId}/${grant.mode}/${grant.grantKey}`})
        on conflict (posting_key) do nothing
        returning account_id, mode, amount
      )
      insert into credit_balances as b (account_id, mode, available)
      select account_id, mode, amount from entry
      on conflict (account_id, mode) do update set available = b.available + excluded.available
    `.execute(database.queries);
    return credits.balance(database, grant.accountId, grant.mode);
  },

  async balance(database: Database, accountId: string, mode: Mode): Promise<CreditBalance> {
    const row = await database.queries
      .selectFrom('credit_balances')
      .select(['available', 'held'])
      .where('account_id', '=', accountId)
      .where('mode', '=', mode)
      .executeTakeFirst();
    return row ?? { available: 0, held: 0 };
  },
} as const;

/** What is free to be spent, inside a transaction. */
export async function availableCredits(
  transaction: DatabaseTransaction,
  executionId: string,
): Promise<number> {
  const { rows } = await sql<{ available: number }>`
    select b.available from executions e
    join credit_balances b on b.account_id = e.account_id and b.mode = e.mode
    where e.id = ${executionId}
  `.execute(transaction);
  return rows[0]?.available ?? 0;
}

/**
 * available → held, as much as there is up to `maximum`; nothing at all below `minimum`.
 * @returns the amount held, undefined when the balance is below `minimum`
 */
export async function holdCredits(
  transaction: DatabaseTransaction,
  executionId: string,
  bounds: { readonly minimum: number; readonly maximum: number },
): Promise<number | undefined> {
  const { rows } = await sql<{ amount: number }>`
    with balance as (
      update credit_balances b
      set available = b.available - least(b.available, ${bounds.maximum}::bigint),
          held = b.held + least(b.available, ${bounds.maximum}::bigint)
      from executions e
      where e.id = ${executionId} and b.account_id = e.account_id and b.mode = e.mode
        and b.available >= ${bounds.minimum}
      returning old.available - new.available as amount
    ), execution as (
      update executions e
      set credits_held = e.credits_held + balance.amount, hold_number = e.hold_number + 1
      from balance
      where e.id = ${executionId} and balance.amount > 0
      returning e.id, e.account_id, e.mode, e.hold_number, balance.amount
    ), entry as (
      insert into credit_entries (id, account_id, mode, execution_id, kind, debit_from, credit_to, amount, posting_key)
      select ${newId('ent')}, account_id, mode, id, 'hold', 'available', 'held', amount,
        'hold/' || id || '/' || hold_number
      from execution
    )
    select amount from balance
  `.execute(transaction);
  // An account that was never granted anything has no balance row.
  return rows[0]?.amount ?? (bounds.minimum === 0 ? 0 : undefined);
}

/**
 * held → charged for one job. A hold that does not cover it (the execution had ended and released it) is extended from
 * what is available; what even that does not cover is not charged. Settling a paid result must never fail for money.
 * @returns the amount charged
 */
export async function chargeJob(
  transaction: DatabaseTransaction,
  job: {
    readonly id: string;
    readonly executionId: string;
    readonly nodeId: string;
    readonly priceReserved: number;
  },
  billedCredits: number,
): Promise<number> {
  const wanted = Math.min(billedCredits, job.priceReserved);
  if (wanted <= 0 || (await postCharge(transaction, job, wanted))) return Math.max(wanted, 0);
  const held = await heldNow(transaction, job.executionId);
  const extension = await holdCredits(transaction, job.executionId, { minimum: 0, maximum: wanted - held });
  const amount = held + (extension ?? 0);
  return amount > 0 && (await postCharge(transaction, job, amount)) ? amount : 0;
}

async function heldNow(transaction: DatabaseTransaction, executionId: string): Promise<number> {
  const { held } = await transaction
    .selectFrom('executions')
    .select(sql<number>`credits_held - credits_charged - credits_released`.as('held'))
    .where('id', '=', executionId)
    .executeTakeFirstOrThrow();
  return held;
}

/** @returns false when the hold does not cover it: then nothing was posted */
async function postCharge(
  transaction: DatabaseTransaction,
  job: { readonly id: string; readonly executionId: string; readonly nodeId: string },
  amount: number,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    with execution as (
      update executions set credits_charged = credits_charged + ${amount}::bigint
      where id = ${job.executionId} and credits_held - credits_charged - credits_released >= ${amount}::bigint
      returning id, account_id, mode
    ), balance as (
      update credit_balances b set held = b.held - ${amount}::bigint
      from execution e where b.account_id = e.account_id and b.mode = e.mode
    ), charged as (
      update jobs j set credits_charged = ${amount}::bigint from execution where j.id = ${job.id}
    )
    insert into credit_entries
      (id, account_id, mode, execution_id, job_id, node_id, kind, debit_from, credit_to, amount, posting_key)
    select ${newId('ent')}, account_id, mode, id, ${job.id}, ${job.nodeId}, 'charge', 'held', 'charged', ${amount}::bigint,
      ${`charge/${job.id}`}
    from execution
  `.execute(transaction);
  return numAffectedRows === 1n;
}
