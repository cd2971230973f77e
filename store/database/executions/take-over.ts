import type { Database } from '../database';
import type { TakeOverRequest } from './execution';

/**
 * Gives the execution to the Temporal run that Temporal says is the latest (an operator's reset): attempt + 1, RUNNING,
 * hold reopened for what remains, nodes that did not complete PENDING again.
 * @returns false when `fromRunId` does not hold it any more, or `toRunId` was replaced before
 */
export async function takeOverExecution(database: Database, request: TakeOverRequest): Promise<boolean> {
  throw new Error('being built');
}
