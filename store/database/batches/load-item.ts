import { sql } from 'kysely';
import type { ItemDocuments } from '../../../workflows/contract';
import type { Database } from '../database';
import { ExecutionNotFoundError } from '../executions/execution';

/** What the run of an item starts with, beside what its batch has told it. @throws ExecutionNotFoundError */
export async function loadItem(database: Database, executionId: string): Promise<ItemDocuments> {
  const row = await database.queries
    .selectFrom('executions')
    .select(['plan', 'carried'])
    .where('id', '=', executionId)
    .executeTakeFirst();
  if (row === undefined) throw new ExecutionNotFoundError(executionId);
  return { plan: row.plan, carried: row.carried };
}

/** Items that a batch had opened when it ended, and never started: nobody will. At most `limit` (100). */
export async function orphanItems(
  database: Database,
  limit = 100,
): Promise<readonly { readonly executionId: string }[]> {
  const { rows } = await sql<{ executionId: string }>`
    select i.id as "executionId" from executions i
    join executions b on b.id = i.parent_id
    where i.parent_id is not null and i.status in ('RUNNING', 'WAITING')
      and i.temporal_run_id is null and i.start_requested_at is null
      and b.status not in ('RUNNING', 'WAITING') and b.completed_at < now() - interval '10 seconds'
    limit ${limit}
  `.execute(database.queries);
  return rows;
}

/** Batches that had failed for their items alone, of which the last is done by now. */
export async function dueCompletions(
  database: Database,
  limit = 100,
): Promise<
  readonly { readonly executionId: string; readonly accountId: string; readonly mode: 'live' | 'test' }[]
> {
  const { rows } = await sql<{ executionId: string; accountId: string; mode: 'live' | 'test' }>`
    select e.id as "executionId", e.account_id as "accountId", e.mode
    from batches b join executions e on e.id = b.execution_id
    where b.completion_due_at is not null
    order by b.completion_due_at limit ${limit}
  `.execute(database.queries);
  return rows;
}

export async function completionBegun(database: Database, executionId: string): Promise<void> {
  await database.queries
    .updateTable('batches')
    .set({ completion_due_at: null })
    .where('execution_id', '=', executionId)
    .execute();
}
