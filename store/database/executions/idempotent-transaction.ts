import type { Database, DatabaseTransaction } from '../database';
import { claimIdempotencyKey } from '../idempotency';
import { retryConflicts } from '../retry-conflicts';
import type { IdempotencyRepeat, IdempotencyRequest } from './execution';

/**
 * A transaction that takes the idempotency key first. Requests with the same key wait for each other at its row: the
 * others then get the first one's response. A refusal rolls all back, the key included, so it may be tried again.
 *
 * @param work - Runs once more after a deadlock: it may change nothing but the database.
 */
export async function idempotentTransaction<Done, Refusal>(
  database: Database,
  accountId: string,
  idempotency: IdempotencyRequest | undefined,
  work: (transaction: DatabaseTransaction, refuse: (refusal: Refusal) => never) => Promise<Done>,
): Promise<Done | Refusal | IdempotencyRepeat> {
  const refuse = (refusal: Refusal): never => {
    throw new Refused(refusal);
  };
  try {
    return await retryConflicts(() =>
      database.queries.transaction().execute(async (transaction) => {
        const repeat = idempotency && (await claimIdempotencyKey(transaction, accountId, idempotency));
        return repeat ?? (await work(transaction, refuse));
      }),
    );
  } catch (error) {
    if (error instanceof Refused) return (error as Refused<Refusal>).refusal;
    throw error;
  }
}

/** Ends a transaction without a trace and carries the reason out. */
class Refused<Refusal> extends Error {
  constructor(readonly refusal: Refusal) {
    super('refused');
  }
}
