import type { Database } from './database';

/** State of a breaker that all processes share; times by the database's clock, as milliseconds from now. */
export interface SharedBreaker {
  /** 0: closed (or due for a probe). */
  readonly opensForMs: number;
  readonly isOpen: boolean;
  /** Somebody is probing. */
  readonly isProbed: boolean;
}

export const circuitBreakers = {
  async read(database: Database, key: string): Promise<SharedBreaker> {
    throw new Error('being built');
  },
  /** Opens it for everybody; never shortens what another process set. */
  async open(database: Database, key: string, openForMs: number): Promise<void> {
    throw new Error('being built');
  },
  /** Once it is due, one caller wins the right to probe for `leaseMs`. */
  async tryProbe(database: Database, key: string, leaseMs: number): Promise<boolean> {
    throw new Error('being built');
  },
  /** The probe went well. */
  async close(database: Database, key: string): Promise<void> {
    throw new Error('being built');
  },
} as const;
