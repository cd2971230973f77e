import type { Database } from '../database';

/**
 * The account's secrets for callbackUrls, sealed; made by `make` when there are none yet.
 * Two that ask first at once get the same.
 */
export async function ensureCallbackSecret(
  database: Database,
  accountId: string,
  make: () => string,
): Promise<readonly string[]> {
  const known = await readSecrets(database, accountId);
  if (known !== undefined) return known;
  await database.queries
    .insertInto('callback_secrets')
    .values({ account_id: accountId, sealed_secrets: [make()] })
    .onConflict((conflict) => conflict.column('account_id').doNothing())
    .execute();
  return (await readSecrets(database, accountId)) ?? [];
}

/** Replaces the secrets by what `change` makes of them. */
export async function rotateCallbackSecret(
  database: Database,
  accountId: string,
  change: (sealedSecrets: readonly string[]) => readonly string[],
): Promise<void> {
  await database.queries.transaction().execute(async (transaction) => {
    const row = await transaction
      .selectFrom('callback_secrets')
      .select('sealed_secrets')
      .where('account_id', '=', accountId)
      .forUpdate()
      .executeTakeFirst();
    const sealed = [...change(row?.sealed_secrets ?? [])];
    await transaction
      .insertInto('callback_secrets')
      .values({ account_id: accountId, sealed_secrets: sealed })
      .onConflict((conflict) => conflict.column('account_id').doUpdateSet({ sealed_secrets: sealed }))
      .execute();
  });
}

async function readSecrets(database: Database, accountId: string): Promise<readonly string[] | undefined> {
  const row = await database.queries
    .selectFrom('callback_secrets')
    .select('sealed_secrets')
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return row?.sealed_secrets;
}
