import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** Lists of an account's assets, newest first. */
export const assetList: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`create index assets_by_account on assets (account_id, id)`.execute(database);
  },
};
