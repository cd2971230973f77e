import type { Mode } from '../../workflows/contract';
import type { Database } from './database';

export interface CreditBalance {
  /** Free to be spent, credits. */
  readonly available: number;
  /** Set aside for running executions, credits. */
  readonly held: number;
}

export const credits = {
  /** Adds credits once per `grantKey`. @returns the balance after it */
  async grant(
    database: Database,
    grant: {
      readonly accountId: string;
      readonly mode: Mode;
      readonly credits: number;
      readonly grantKey: string;
    },
  ): Promise<CreditBalance> {
    throw new Error('being built');
  },
  async balance(database: Database, accountId: string, mode: Mode): Promise<CreditBalance> {
    throw new Error('being built');
  },
} as const;
