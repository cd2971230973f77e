import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/**
 * The counters of rate-limiter-flexible, by its own columns. Made here, one process after the other: when two make a table
 * at once, "if not exists" fails for one of them. There already where an API of the release before has made it.
 */
export const rateLimits: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql
      .raw(
        'create table if not exists rate_limits (key varchar(255) primary key, points integer not null default 0, expire bigint)',
      )
      .execute(database);
  },
};
