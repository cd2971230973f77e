import { sql } from 'kysely';
import type { ExecutionFailure } from '../../../workflows/contract';
import type { DatabaseTransaction } from '../database';
import { toNullableJson } from '../json';

/** Ends the attempt and releases the rest of the hold; see `end_execution`. Changes nothing in one that has ended. */
export async function endExecution(
  transaction: DatabaseTransaction,
  end: {
    readonly executionId: string;
    readonly status: 'COMPLETED' | 'FAILED' | 'CANCELLED';
    readonly failure?: ExecutionFailure;
  },
): Promise<void> {
  const failure = toNullableJson(end.failure);
  await sql`select end_execution(${end.executionId}, ${end.status}, ${failure}::json, 0)`.execute(
    transaction,
  );
}
