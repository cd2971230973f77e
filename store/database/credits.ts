import { sql } from 'kysely';
import type { Mode } from '../../workflows/contract';
import { newId } from '../ids';
import { callFunction } from './call-function';
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
          ${grantPostingKey(grant)})
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

export function grantPostingKey({ accountId, mode, grantKey }: Omit<CreditGrant, 'credits'>): string {
  return `grant/${accountId}/${mode}/${grantKey}`;
}

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
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
): Promise<number | undefined> {
  const { amount } = await callFunction(
    sql<{ amount: number | null }>`
      select hold_credits(${executionId}, ${minimum}::bigint, ${maximum}::bigint) as amount`,
    transaction,
  );
  return amount ?? undefined;
}

/**
 * held → charged for one job; see `charge_job`. Settling a paid result never fails for money.
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
  const { id, executionId, nodeId, priceReserved } = job;
  const { amount } = await callFunction(
    sql<{ amount: number }>`
      select charge_job(${executionId}, ${id}, ${nodeId}, ${priceReserved}::bigint, ${billedCredits}::bigint) as amount`,
    transaction,
  );
  return amount;
}
