import type { Database } from '../database';
import type { CancelResult, CloseRequest, CloseResult } from './execution';

/** Ends an execution whose Temporal run ended without saying so (terminated, cancelled, timed out by an operator); releases its hold. */
export async function closeFromTemporal(database: Database, request: CloseRequest): Promise<CloseResult> {
  throw new Error('being built');
}

/** Notes that the user wants it cancelled; idempotent. The caller then cancels the Temporal workflow. */
export async function requestCancel(
  database: Database,
  accountId: string,
  executionId: string,
): Promise<CancelResult> {
  throw new Error('being built');
}
