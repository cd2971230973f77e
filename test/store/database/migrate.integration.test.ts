import { afterEach, describe, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '../../../store/database/database';
import { migrate } from '../../../store/database/migrate';
import { createTestDatabase } from '../../support/test-database';

describe('migrate', () => {
  const toClose: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const item of toClose.splice(0).reverse()) await item.close();
  });

  async function open(count: number): Promise<Database[]> {
    const testDatabase = await createTestDatabase();
    toClose.push(testDatabase);
    const databases = Array.from({ length: count }, () => openDatabase(testDatabase.url));
    toClose.push(...databases);
    return databases;
  }

  it('brings an empty database to the newest schema and changes nothing the second time', async () => {
    const [database] = await open(1);
    if (database === undefined) throw new Error('no database');
    await migrate(database);
    const tables = await database.queries.introspection.getTables();
    await migrate(database);
    expect(await database.queries.introspection.getTables()).toEqual(tables);
    expect(tables.map((table) => table.name)).toEqual(
      expect.arrayContaining(['executions', 'execution_nodes', 'jobs', 'credit_entries', 'events', 'assets']),
    );
  });

  it('lets eight processes migrate one empty database at once', async () => {
    const databases = await open(8);
    await Promise.all(databases.map(migrate));
    const [database] = databases;
    expect(await database?.queries.selectFrom('executions').selectAll().execute()).toEqual([]);
  });
});
