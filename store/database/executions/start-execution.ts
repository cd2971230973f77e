import type { Database } from '../database';
import type { OpenExecution, PendingStart } from './execution';

/** Temporal has the execution under this run. Harmless when the run wrote first, ended already or was replaced. */
export async function executionStarted(
  database: Database,
  executionId: string,
  runId: string,
): Promise<void> {
  throw new Error('being built');
}

/** Executions whose start was requested longer ago than `olderThanMs` and of which Temporal may know nothing; oldest first, at most `limit` (100). */
export async function pendingStarts(
  database: Database,
  olderThanMs: number,
  limit = 100,
): Promise<readonly PendingStart[]> {
  throw new Error('being built');
}

/** One execution's pending start, or undefined when there is none: what the API needs right after accept or resume. */
export async function pendingStart(
  database: Database,
  executionId: string,
): Promise<PendingStart | undefined> {
  throw new Error('being built');
}

/** Executions that have not ended, for the reconciler; by id, after `afterId`, at most `limit` (1000). */
export async function openExecutions(
  database: Database,
  afterId = '',
  limit = 1000,
): Promise<readonly OpenExecution[]> {
  throw new Error('being built');
}
