import { isNativeError } from 'node:util/types';

/** serialization_failure, deadlock_detected: the database has undone one of two, which may simply come again. */
const CONFLICT_CODES: ReadonlySet<unknown> = new Set(['40001', '40P01']);
const TRIES_MAX = 4;

/**
 * Runs a transaction again that the database gave up in favour of another one. Nothing of it was written.
 * @throws the last conflict, when there is no end to them
 */
export async function retryConflicts<T>(transact: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transact();
    } catch (error) {
      if (!isConflict(error) || tries === TRIES_MAX) throw error;
    }
  }
}

/** Two transactions were in each other's way; none is at fault. */
export function isConflict(error: unknown): boolean {
  return isNativeError(error) && 'code' in error && CONFLICT_CODES.has(error.code);
}
