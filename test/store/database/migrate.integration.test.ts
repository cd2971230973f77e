import { afterEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { openDatabase, type Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import { migrate } from '../../../store/database/migrate';
import { createTestDatabase } from '../../support/test-database';
import { anExecution } from './builders';

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

  it('may add columns under processes that are running: their prepared statements go on', async () => {
    const [database] = await open(1);
    if (database === undefined) throw new Error('no database');
    await migrate(database);
    const useAll = async () => {
      const execution = await anExecution(database);
      const jobId = await execution.settledJob(30);
      const send = { jobId, outcome: 'completed', latencyMs: 1, startedAt: new Date() } as const;
      await execution.write((writer) => writer.recordSend(send));
      await execution.write((writer) => writer.finish({ status: 'COMPLETED', nodes: [] }));
      await executions.view(database, execution.accountId, execution.id);
      return (await executions.detail(database, execution.accountId, execution.id))?.jobs.length;
    };
    await useAll();
    for (const table of await database.queries.introspection.getTables()) {
      await sql`alter table ${sql.table(table.name)} add column added_later text default 'x'`.execute(
        database.queries,
      );
    }
    expect(await useAll()).toBe(1);
  });

  it('lets eight processes migrate one empty database at once', async () => {
    const databases = await open(8);
    await Promise.all(databases.map(migrate));
    const [database] = databases;
    expect(await database?.queries.selectFrom('executions').selectAll().execute()).toEqual([]);
  });
});
