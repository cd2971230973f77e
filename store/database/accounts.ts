import type { Database } from './database';

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly plan: string;
}

export const accounts = {
  /** Makes the account unless it is there; an existing one keeps its name and plan. */
  async ensure(
    database: Database,
    account: { readonly id: string; readonly name: string; readonly plan?: string },
  ): Promise<Account> {
    throw new Error('being built');
  },
  async find(database: Database, accountId: string): Promise<Account | undefined> {
    throw new Error('being built');
  },
} as const;
