import { sql } from 'kysely';
import type { DatabaseTransaction } from '../database';
import { openHold } from './accept-execution';
import type { HoldBounds, InsufficientCredits } from './execution';

export interface MoneyLeft {
  /** Held for jobs that are still open; 0 unless the run waited. */
  readonly held: number;
  /** Null: no budget. */
  readonly budgetLeft: number | null;
}

/** For `returning` of an update of the execution. */
export const moneyLeft = sql<MoneyLeft>`
  credits_held - credits_charged - credits_released as held,
  case when budget_credits is not null then greatest(budget_credits - credits_charged, 0) end as "budgetLeft"`;

/**
 * Brings the hold up to what is left to run; what is held already for open jobs is part of it.
 * @param request.hold of all that is left, open jobs included
 * @returns what was added
 */
export function raiseHold(
  transaction: DatabaseTransaction,
  { executionId, hold }: { readonly executionId: string; readonly hold: HoldBounds },
  { held, budgetLeft }: MoneyLeft,
): Promise<number | InsufficientCredits> {
  const missing = (credits: number) => Math.max(credits - held, 0);
  const bounds = { minCredits: missing(hold.minCredits), maxCredits: missing(hold.maxCredits) };
  return openHold(transaction, executionId, bounds, budgetLeft === null ? undefined : missing(budgetLeft));
}
