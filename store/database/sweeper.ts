import type { JsonValue } from '../../workflows/contract';
import type { Database } from './database';

export const sweeper = {
  /** Runs `work` if no other process is at it under this name (session advisory lock). @returns whether it ran */
  async whenAlone(database: Database, name: string, work: () => Promise<void>): Promise<boolean> {
    throw new Error('being built');
  },
  async readCursor(database: Database, name: string): Promise<JsonValue | undefined> {
    throw new Error('being built');
  },
  async writeCursor(database: Database, name: string, cursor: JsonValue): Promise<void> {
    throw new Error('being built');
  },
} as const;
