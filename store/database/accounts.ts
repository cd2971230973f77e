import type { Database } from './database';

/** A tenant. */
export interface Account {
  readonly id: string;
  readonly name: string;
  /** Name of the plan that bounds its requests, such as `self_hosted`. */
  readonly plan: string;
}

export const accounts = {
  /** Makes the account unless it is there; an existing one keeps its name and plan. */
  async ensure(
    database: Database,
    account: { readonly id: string; readonly name: string; readonly plan?: string },
  ): Promise<Account> {
    await database.queries
      .insertInto('accounts')
      .values({ id: account.id, name: account.name, plan: account.plan })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
    return selectAccount(database, account.id).executeTakeFirstOrThrow();
  },

  /** Oldest first. */
  async list(database: Database): Promise<readonly Account[]> {
    return database.queries.selectFrom('accounts').select(['id', 'name', 'plan']).orderBy('id').execute();
  },

  /** @returns undefined when there is no such account */
  async change(
    database: Database,
    accountId: string,
    change: Partial<Pick<Account, 'name' | 'plan'>>,
  ): Promise<Account | undefined> {
    return database.queries
      .updateTable('accounts')
      .set(change)
      .where('id', '=', accountId)
      .returning(['id', 'name', 'plan'])
      .executeTakeFirst();
  },

  async find(database: Database, accountId: string): Promise<Account | undefined> {
    return selectAccount(database, accountId).executeTakeFirst();
  },
} as const;

function selectAccount(database: Database, accountId: string) {
  return database.queries.selectFrom('accounts').select(['id', 'name', 'plan']).where('id', '=', accountId);
}
