import { Migrator, sql } from 'kysely';
import type { Migration } from 'kysely';
import { openMigrationDatabase, type Database } from './database';
import { trunk } from './migrations/0001-trunk';
import { breakers } from './migrations/0002-breakers';
import { waiting } from './migrations/0003-waiting';
import { letters } from './migrations/0004-letters';
import { settle } from './migrations/0005-settle';
import { writeFunctions } from './migrations/0006-write-functions';
import { cache } from './migrations/0007-cache';
import { workflows } from './migrations/0008-workflows';
import { deliveries } from './migrations/0009-deliveries';
import { schedules } from './migrations/0010-schedules';
import { reviews } from './migrations/0011-reviews';
import { apps } from './migrations/0012-apps';
import { variants } from './migrations/0013-variants';
import { assetList } from './migrations/0014-asset-list';
import { batches } from './migrations/0017-batches';
import { accountSecrets } from './migrations/0015-account-secrets';
import { fewerStatements } from './migrations/0018-fewer-statements';
import { acceptAndEnd } from './migrations/0019-accept-and-end';
import { writesOverSets } from './migrations/0020-writes-over-sets';
import { lateCharges } from './migrations/0021-late-charges';
import { rateLimits } from './migrations/0022-rate-limits';
import { executionMigrations } from './migrations/0016-execution-migrations';

/** In order of their names; one that has been released is never changed again. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001-trunk': trunk,
  '0002-breakers': breakers,
  '0003-waiting': waiting,
  '0004-letters': letters,
  '0005-settle': settle,
  '0006-write-functions': writeFunctions,
  '0007-cache': cache,
  '0008-workflows': workflows,
  '0009-deliveries': deliveries,
  '0010-schedules': schedules,
  '0011-reviews': reviews,
  '0012-apps': apps,
  '0013-variants': variants,
  '0014-asset-list': assetList,
  '0017-batches': batches,
  '0015-account-secrets': accountSecrets,
  '0016-execution-migrations': executionMigrations,
  '0018-fewer-statements': fewerStatements,
  '0019-accept-and-end': acceptAndEnd,
  '0020-writes-over-sets': writesOverSets,
  '0021-late-charges': lateCharges,
  '0022-rate-limits': rateLimits,
};

/**
 * Brings the database to the newest schema, all of it or nothing. Safe to call at every start and from several processes
 * at once: an advisory lock lets one of them work and the others wait for it.
 *
 * @throws Error when the server is too old, with the migration's name when a statement fails, or when the database is
 * newer than this program
 */
export async function migrate(database: Database): Promise<void> {
  const own = openMigrationDatabase(database.databaseUrl);
  try {
    await requireVersion(own);
    const migrator = new Migrator({
      db: own.queries,
      provider: { getMigrations: async () => ({ ...migrations }) },
    });
    const { error, results } = await migrator.migrateToLatest();
    if (error === undefined) return;
    const failed = results?.find((result) => result.status === 'Error')?.migrationName;
    throw new Error(
      `the database could not be brought to the newest schema${failed === undefined ? '' : ` (migration ${failed})`}: ` +
        (error instanceof Error ? error.message : 'the reason is not known'),
      { cause: error },
    );
  } finally {
    await own.close();
  }
}

/** `RETURNING old.…, new.…`, which the money's statements use, came with it. */
const oldestServer = 180_000;

async function requireVersion(database: Database): Promise<void> {
  const { rows } = await sql<{ number: number; text: string }>`
    select current_setting('server_version_num')::int as number, current_setting('server_version') as text
  `.execute(database.queries);
  const [version] = rows;
  if (version === undefined || version.number >= oldestServer) return;
  throw new Error(
    `PostgreSQL 18 or newer is needed, the server is ${version.text}: point DATABASE_URL to a newer one, or leave it out to use the embedded one`,
  );
}
