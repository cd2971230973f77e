import type { Database } from '../database';
import type { AcceptRequest, AcceptResult } from './execution';

/**
 * Writes an execution, its node rows, its hold and its idempotency row in one transaction, so that a crash leaves all or
 * nothing. The caller then starts the Temporal workflow and calls `executions.started`; a crash in between is found by
 * `executions.pendingStarts`. Fifty at once with one key: one is accepted, the others get its stored response.
 */
export async function acceptExecution(database: Database, request: AcceptRequest): Promise<AcceptResult> {
  throw new Error('being built');
}
