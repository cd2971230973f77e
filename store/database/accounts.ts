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

  async find(database: Database, accountId: string): Promise<Account | undefined> {
    return selectAccount(database, accountId).executeTakeFirst();
  },
} as const;

function selectAccount(database: Database, accountId: string) {
  return database.queries.selectFrom('accounts').select(['id', 'name', 'plan']).where('id', '=', accountId);
}
