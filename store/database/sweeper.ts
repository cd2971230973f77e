import { sql } from 'kysely';
import type { JsonValue } from '../../workflows/contract';
import type { Database } from './database';
import { toJson } from './json';

export const sweeper = {
  /**
   * Runs `work` unless another process is at it under this name. The lock lives as long as its connection: a killed
   * process lets go at once.
   * @returns whether it ran
   */
  async whenAlone(database: Database, name: string, work: () => Promise<void>): Promise<boolean> {
    return database.queries.connection().execute(async (connection) => {
      const lock = sql`hashtextextended(${`everframe/${name}`}, 0)`;
      const { rows } = await sql<{
        is_ours: boolean;
      }>`select pg_try_advisory_lock(${lock}) as is_ours`.execute(connection);
      if (!rows[0]?.is_ours) return false;
      try {
        await work();
        return true;
      } finally {
        await sql`select pg_advisory_unlock(${lock})`.execute(connection);
      }
    });
  },

  /** Where the last round ended; undefined before the first. */
  async readCursor(database: Database, name: string): Promise<JsonValue | undefined> {
    const row = await database.queries
      .selectFrom('sweeper_state')
      .select('cursor')
      .where('name', '=', name)
      .executeTakeFirst();
    return row?.cursor;
  },

  async writeCursor(database: Database, name: string, cursor: JsonValue): Promise<void> {
    const text = toJson(cursor);
    await database.queries
      .insertInto('sweeper_state')
      .values({ name, cursor: text })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ cursor: text }))
      .execute();
  },
} as const;
