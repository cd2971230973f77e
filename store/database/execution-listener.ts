/** One LISTEN connection per process that tells waiting polls when an execution changed. */
export interface ExecutionListener {
  /**
   * Resolves true as soon as the execution's revision is above `afterRevision`, false after `timeoutMs` or when the
   * signal aborts. Never rejects: while the connection is down it looks once a second.
   */
  waitForChange(
    executionId: string,
    afterRevision: number,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<boolean>;
  close(): Promise<void>;
}

import type { Database } from './database';

/** Connects in the background and reconnects for ever. */
export function openExecutionListener(database: Database): ExecutionListener {
  throw new Error('being built');
}
