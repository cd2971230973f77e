import type { JobState } from './tables';
import type { Database } from './database';

export interface NewCallback {
  /** From the URL of the callback. */
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Raw, at most 1 MB. */
  readonly body: Uint8Array;
}

/** Where a callback belongs: enough to wake the waiting activity by id. */
export interface CallbackTarget {
  readonly jobId: string;
  readonly executionId: string;
  readonly temporalRunId: string | null;
  readonly step: string;
  readonly provider: string;
  readonly model: string;
  readonly state: JobState;
  /** False: the same body came before. */
  readonly isNew: boolean;
}

export interface StoredCallback {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
  readonly receivedAtMs: number;
}

export const callbacks = {
  /** Stores a callback, once per job and body. Undefined: no job has this token. */
  async put(database: Database, callback: NewCallback): Promise<CallbackTarget | undefined> {
    throw new Error('being built');
  },
  /** Oldest first. */
  async unhandled(database: Database, jobId: string): Promise<readonly StoredCallback[]> {
    throw new Error('being built');
  },
  async markHandled(database: Database, callbackIds: readonly string[]): Promise<void> {
    throw new Error('being built');
  },
} as const;
