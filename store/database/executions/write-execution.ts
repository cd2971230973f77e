import type { Database } from '../database';
import type { WriteScope } from './execution';
import type { ExecutionWriter } from './execution-writer';

/**
 * Runs `work` in one transaction under the lock of the execution row, after the fence has let the scope's Temporal run
 * through. When something visible changed, raises `revision` by one, appends one event and notifies the listeners; all
 * of that commits with the work or not at all. Keep `work` short and free of other I/O: it holds the lock.
 *
 * @throws FenceError another Temporal run holds the execution
 * @throws ExecutionNotFoundError
 */
export async function writeExecution<T>(
  database: Database,
  scope: WriteScope,
  work: (writer: ExecutionWriter) => Promise<T>,
): Promise<T> {
  throw new Error('being built');
}
