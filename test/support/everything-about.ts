import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Client } from '@temporalio/client';
import { openDatabase } from '../../store/database/database';
import { executionWorkflowId } from '../../workflows/contract';

/** Every row of every table, the logs of all processes, and the histories of these executions, as text: to look for what must not be there. */
export async function everythingAbout(
  where: { readonly databaseUrl: string; readonly home: string; readonly temporal: Client },
  executionIds: readonly string[],
): Promise<string> {
  const folder = join(where.home, 'logs');
  const logs = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const histories = await Promise.all(executionIds.map((id) => historyOf(where.temporal, id)));
  return [...logs, ...histories, await rowsOf(where.databaseUrl)].join('\n');
}

async function historyOf(temporal: Client, executionId: string): Promise<string> {
  const history = await temporal.workflow.getHandle(executionWorkflowId(executionId)).fetchHistory();
  return JSON.stringify(history, (_key, value: unknown) => readable(value));
}

/** Payloads are bytes, which JSON would show as numbers. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'Buffer')
    return value;
  return 'data' in value && Array.isArray(value.data) ? Buffer.from(value.data).toString('utf8') : value;
}

async function rowsOf(databaseUrl: string): Promise<string> {
  const database = openDatabase(databaseUrl, { poolMax: 1 });
  try {
    const tables = await database.queries.introspection.getTables();
    const texts = tables.map(async ({ name }) => {
      const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(
        database.queries,
      );
      return rows.map(({ row }) => row).join('\n');
    });
    return (await Promise.all(texts)).join('\n');
  } finally {
    await database.close();
  }
}
