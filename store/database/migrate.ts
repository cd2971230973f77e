import type { Database } from './database';

/** Brings the database to the newest schema. Safe to call at every start, from several processes at once. */
export async function migrate(database: Database): Promise<void> {
  throw new Error('being built');
}
