import { sql } from 'kysely';
import type { Database, Queries } from '../database';

/** A workflow as an endpoint of its own. */
export interface App {
  readonly slug: string;
  readonly workflowId: string;
  readonly name: string;
  readonly description: string;
  /** Null: nothing is published, so it cannot be called. */
  readonly version: number | null;
}

export const apps = {
  /** @returns `taken` where another workflow of the account has the slug */
  async set(
    database: Database,
    { accountId, workflowId, slug }: { accountId: string; workflowId: string; slug: string },
  ): Promise<'set' | 'taken' | 'not_found'> {
    return database.queries
      .transaction()
      .execute(async (transaction) => {
        const workflow = await transaction
          .selectFrom('workflows')
          .select('id')
          .where('id', '=', workflowId)
          .where('account_id', '=', accountId)
          .where('deleted_at', 'is', null)
          .forUpdate()
          .executeTakeFirst();
        if (workflow === undefined) return 'not_found';
        await transaction.deleteFrom('apps').where('workflow_id', '=', workflowId).execute();
        const { rows } = await sql`insert into apps (account_id, slug, workflow_id)
        values (${accountId}, ${slug}, ${workflowId}) on conflict do nothing returning slug`.execute(
          transaction,
        );
        if (rows.length > 0) return 'set';
        const owner = await selectApps(transaction, accountId).where('a.slug', '=', slug).executeTakeFirst();
        if (owner !== undefined) throw new SlugTakenError();
        // Its workflow is deleted.
        await transaction
          .deleteFrom('apps')
          .where('account_id', '=', accountId)
          .where('slug', '=', slug)
          .execute();
        await transaction
          .insertInto('apps')
          .values({ account_id: accountId, slug, workflow_id: workflowId })
          .execute();
        return 'set';
      })
      .catch((error: unknown) => {
        if (error instanceof SlugTakenError) return 'taken' as const;
        throw error;
      });
  },

  /** @returns false when the account's workflow is no app */
  async remove(database: Database, accountId: string, workflowId: string): Promise<boolean> {
    const removed = await database.queries
      .deleteFrom('apps')
      .where('account_id', '=', accountId)
      .where('workflow_id', '=', workflowId)
      .returning('slug')
      .executeTakeFirst();
    return removed !== undefined;
  },

  /** By slug. */
  async list(database: Database, accountId: string): Promise<readonly App[]> {
    const rows = await selectApps(database.queries, accountId).orderBy('a.slug').limit(1_000).execute();
    return rows.map(toApp);
  },

  async find(database: Database, accountId: string, slug: string): Promise<App | undefined> {
    const row = await selectApps(database.queries, accountId).where('a.slug', '=', slug).executeTakeFirst();
    return row && toApp(row);
  },
} as const;

/** Rolls back what was written before it was known. */
class SlugTakenError extends Error {}

function selectApps(queries: Queries, accountId: string) {
  return queries
    .selectFrom('apps as a')
    .innerJoin('workflows as w', 'w.id', 'a.workflow_id')
    .select(['a.slug', 'a.workflow_id', 'w.name', 'w.description', 'w.published_version'])
    .where('a.account_id', '=', accountId)
    .where('w.deleted_at', 'is', null);
}

type AppRow = Awaited<ReturnType<ReturnType<typeof selectApps>['executeTakeFirstOrThrow']>>;

function toApp(row: AppRow): App {
  const { slug, workflow_id: workflowId, name, description, published_version: version } = row;
  return { slug, workflowId, name, description, version };
}
