import { sql } from 'kysely';
import type { Database } from '../database';

/**
 * Executions that still run though their cancel was requested longer ago than `olderThanMs`: Temporal may not know of it.
 * Longest waiting first, at most `limit` (100). Those without a Temporal run are among `pendingStarts`.
 */
export async function unansweredCancels(
  database: Database,
  olderThanMs: number,
  limit = 100,
): Promise<readonly { readonly executionId: string; readonly runId: string }[]> {
  return database.queries
    .selectFrom('executions')
    .select(['id as executionId', sql<string>`temporal_run_id`.as('runId')])
    .where('status', 'in', ['RUNNING', 'WAITING'])
    .where('temporal_run_id', 'is not', null)
    .where('cancel_requested_at', '<=', sql<Date>`now() - ${olderThanMs} * interval '1 millisecond'`)
    .orderBy('cancel_requested_at')
    .limit(limit)
    .execute();
}
