import { sql } from 'kysely';
import { availableCredits, holdCredits } from '../credits';
import type { WriteContext } from '../executions/write-context';
import { BudgetReachedError, OPEN_JOB_STATES } from './job';

/**
 * Makes the hold cover the prices of all open jobs, the new one included; extends it where it does not.
 * @param priceCredits of the job that asks, for the error
 * @throws BudgetReachedError
 */
export async function reserveOpenJobs(context: WriteContext, priceCredits: number): Promise<void> {
  const { transaction, execution, changes } = context;
  const { shortage, overBudget } = await readReservation(context);
  if (overBudget > 0) {
    throw new BudgetReachedError('budget', priceCredits, Math.max(0, priceCredits - overBudget));
  }
  if (shortage <= 0) return;
  const held = await holdCredits(transaction, execution.id, { minimum: shortage, maximum: shortage });
  if (held === undefined) {
    throw new BudgetReachedError('balance', shortage, await availableCredits(transaction, execution.id));
  }
  changes.hasOther = true;
}

/** As much of the open jobs' prices as the account has; never refuses. */
export async function holdForSentJobs(context: WriteContext): Promise<void> {
  const { shortage } = await readReservation(context);
  if (shortage <= 0) return;
  const held = await holdCredits(context.transaction, context.execution.id, {
    minimum: 0,
    maximum: shortage,
  });
  if (held) context.changes.hasOther = true;
}

interface Reservation {
  /** By how much the hold is below the prices of the open jobs; negative: it is above. */
  readonly shortage: number;
  /** By how much charges and open jobs are above the budget. */
  readonly overBudget: number;
}

async function readReservation(context: WriteContext): Promise<Reservation> {
  const { rows } = await sql<Reservation>`
    select reserved - (e.credits_held - e.credits_charged - e.credits_released) as shortage,
      coalesce(e.credits_charged + reserved - e.budget_credits, 0) as "overBudget"
    from executions e, (
      select coalesce(sum(price_reserved), 0)::bigint as reserved from jobs
      where execution_id = ${context.execution.id} and state in (${sql.join(OPEN_JOB_STATES)})
    ) as open_jobs
    where e.id = ${context.execution.id}
  `.execute(context.transaction);
  return rows[0] ?? { shortage: 0, overBudget: 0 };
}
