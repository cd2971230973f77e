import { sql } from 'kysely';
import type { Mode } from '../../../workflows/contract';
import type { Database, DatabaseTransaction } from '../database';
import { toJson } from '../json';
import type { PendingMigration } from './execution';
import type { MigrationReason } from './migration-reason';
import type { NodeChange } from './execution-writer';
import { updateNodes } from './update-nodes';
import type { WriteContext } from './write-context';

/** Of an execution: its run has ended so that it may go on in another one. For conditions on `executions`. */
export const isDrained = sql<boolean>`exists (
  select from execution_migrations m
  where m.execution_id = executions.id and m.drained_run_id = executions.temporal_run_id)`;

/** Executions of a workflow that have not ended, of another version than this one, oldest first; at most `limit`. */
export async function executionsInFlight(
  database: Database,
  workflow: { readonly accountId: string; readonly mode: Mode; readonly workflowId: string },
  version: number | null,
  limit: number,
): Promise<readonly string[]> {
  const rows = await database.queries
    .selectFrom('executions')
    .select('id')
    .where('account_id', '=', workflow.accountId)
    .where('mode', '=', workflow.mode)
    .where('workflow_id', '=', workflow.workflowId)
    .where('status', 'in', ['RUNNING', 'WAITING'])
    .where('version', 'is not', null)
    // Items follow their batch.
    .where('parent_id', 'is', null)
    // A batch and its items end as they began: what they share was made once, with one graph.
    .where('parent_id', 'is', null)
    .where('item_count', 'is', null)
    .where(sql<boolean>`version is distinct from ${version}::int`)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** Notes that they are to go on with that version; those that have ended by now, or are of it already, are left out. */
export async function requestMigrations(
  database: Database,
  executionIds: readonly string[],
  toVersion: number,
): Promise<void> {
  await sql`
    insert into execution_migrations (execution_id, from_version, to_version)
    select id, version, ${toVersion}::int from executions
    where id = any (${[...executionIds]}::text[]) and status in ('RUNNING', 'WAITING') and version <> ${toVersion}::int
    on conflict (execution_id) do update set
      from_version = excluded.from_version, to_version = excluded.to_version, state = 'pending', reasons = '[]',
      requested_at = now(), ended_at = null
  `.execute(database.queries);
}

/** Oldest first, at most `limit` (100). */
export async function pendingMigrations(
  database: Database,
  limit = 100,
): Promise<readonly PendingMigration[]> {
  const { rows } = await sql<PendingMigration>`
    select e.id as "executionId", e.account_id as "accountId", e.mode, m.to_version as "toVersion", e.status,
      e.temporal_run_id as "temporalRunId",
      coalesce(m.told_run_id = e.temporal_run_id, false) as "isTold",
      coalesce(m.drained_run_id = e.temporal_run_id, false) as "isDrained"
    from execution_migrations m join executions e on e.id = m.execution_id
    where m.state = 'pending'
    order by m.requested_at, e.id limit ${limit}
  `.execute(database.queries);
  return rows;
}

/** The run knows that it is to drain. */
export async function migrationTold(database: Database, executionId: string, runId: string): Promise<void> {
  await database.queries
    .updateTable('execution_migrations')
    .set({ told_run_id: runId })
    .where('execution_id', '=', executionId)
    .where('state', '=', 'pending')
    .execute();
}

/** It goes on with the version that it has, or has ended. */
export async function endMigration(
  database: Database,
  executionId: string,
  reasons: readonly MigrationReason[],
): Promise<void> {
  await database.queries
    .updateTable('execution_migrations')
    .set({ state: 'stayed', reasons: toJson([...reasons]), ended_at: sql<Date>`now()` })
    .where('execution_id', '=', executionId)
    .where('state', '=', 'pending')
    .execute();
}

/** {@link endMigration}, or the end of one that goes on with the other version, with the resume that it is part of. */
export async function endMigrationWithin(
  transaction: DatabaseTransaction,
  executionId: string,
  end: { readonly toVersion: number } | { readonly reasons: readonly MigrationReason[] },
): Promise<void> {
  const isMigrated = 'toVersion' in end;
  await transaction
    .updateTable('execution_migrations')
    .set({
      state: isMigrated ? 'migrated' : 'stayed',
      reasons: toJson(isMigrated ? [] : [...end.reasons]),
      ended_at: sql<Date>`now()`,
    })
    .where('execution_id', '=', executionId)
    .execute();
}

/** The last one of an execution; undefined when there was none. */
export async function findMigration(database: Database, executionId: string) {
  return database.queries
    .selectFrom('execution_migrations')
    .select(['from_version', 'to_version', 'state', 'reasons', 'requested_at', 'ended_at'])
    .where('execution_id', '=', executionId)
    .executeTakeFirst();
}

/** Part of a fenced write: the run of the context writes nothing after it. */
export async function drainExecution(context: WriteContext, nodes: readonly NodeChange[]): Promise<void> {
  await updateNodes(context, nodes);
  await context.transaction
    .updateTable('execution_migrations')
    .set({ drained_run_id: context.runId })
    .where('execution_id', '=', context.execution.id)
    .execute();
}
