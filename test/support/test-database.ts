import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { migrate } from '../../store/database/migrate';
import { openDatabase, type Database } from '../../store/database/database';

export interface TestDatabase {
  readonly url: string;
  /** Removes the database, whoever is still connected. */
  close(): Promise<void>;
}

/** An empty database of its own on the PostgreSQL that jest's global setup started (`DATABASE_URL`). */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env['DATABASE_URL'];
  if (serverUrl === undefined)
    throw new Error('DATABASE_URL is not set: name the file *.integration.test.ts');
  const name = `test_${randomBytes(8).toString('hex')}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await runOnServer(serverUrl, `create database ${name}`);
  return {
    url: url.href,
    close: () => runOnServer(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

/** {@link createTestDatabase} at the newest schema, opened; `close` closes the pool and removes it. */
export async function openTestStore(options: { readonly poolMax?: number } = {}): Promise<Database> {
  const testDatabase = await createTestDatabase();
  const database = openDatabase(testDatabase.url, options);
  await migrate(database);
  return {
    ...database,
    close: async () => {
      await database.close();
      await testDatabase.close();
    },
  };
}

async function runOnServer(serverUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
