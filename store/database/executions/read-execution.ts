import { sql } from 'kysely';
import type { ExecutionView } from '../../../pipeline/execution-view';
import type { Database } from '../database';
import { jobsOfExecution } from '../jobs/job-row';
import { decodeCursor, encodeCursor } from './cursor';
import type {
  ExecutionDetail,
  ExecutionDocuments,
  ExecutionEvent,
  ExecutionFilters,
  ExecutionPage,
  ExecutionSnapshot,
  SendRow,
} from './execution';
import { nodesColumn, selectExecutions, toExecutionRow, toNodeRow } from './execution-rows';
import { toExecutionView } from './to-execution-view';

/** What a poll shows, as rows, by one statement: execution and nodes are of the same moment. Undefined for an unknown or foreign id. */
export async function executionSnapshot(
  database: Database,
  accountId: string,
  executionId: string,
): Promise<ExecutionSnapshot | undefined> {
  const row = await selectExecutions(database.queries)
    .select(nodesColumn.as('nodes'))
    .where('id', '=', executionId)
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return row && { execution: toExecutionRow(row), nodes: row.nodes.map(toNodeRow) };
}

/** The poll body without what only the API knows: `links` is empty and asset values are references without `url`. */
export async function executionView(
  database: Database,
  accountId: string,
  executionId: string,
): Promise<{ readonly revision: number; readonly view: ExecutionView } | undefined> {
  const snapshot = await executionSnapshot(database, accountId, executionId);
  return snapshot && { revision: snapshot.execution.revision, view: toExecutionView(snapshot) };
}

/** Graph, plan and the like, for a resume or an export. Undefined for an unknown or foreign id. */
export async function executionDocuments(
  database: Database,
  accountId: string,
  executionId: string,
): Promise<ExecutionDocuments | undefined> {
  const row = await database.queries
    .selectFrom('executions')
    .select(['graph', 'trigger_data', 'plan', 'carried', 'quote', 'fail_fast'])
    .where('id', '=', executionId)
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return (
    row && {
      graph: row.graph,
      triggerData: row.trigger_data,
      plan: row.plan,
      carried: row.carried,
      quote: row.quote,
      failFast: row.fail_fast,
    }
  );
}

/** Everything of one execution: documents, nodes, jobs, sends. Undefined for an unknown or foreign id. */
export async function executionDetail(
  database: Database,
  accountId: string,
  executionId: string,
): Promise<ExecutionDetail | undefined> {
  const [snapshot, documents] = await Promise.all([
    executionSnapshot(database, accountId, executionId),
    executionDocuments(database, accountId, executionId),
  ]);
  if (snapshot === undefined || documents === undefined) return undefined;
  const [jobs, sends] = await Promise.all([
    jobsOfExecution(database.queries, executionId),
    sendsOfExecution(database, executionId),
  ]);
  return { ...snapshot, documents, jobs, sends };
}

async function sendsOfExecution(database: Database, executionId: string): Promise<readonly SendRow[]> {
  const rows = await database.queries
    .selectFrom('job_sends')
    .select([
      'id',
      'job_id',
      'step',
      'provider',
      'model',
      'number',
      'outcome',
      'failure_code',
      'message',
      'http_status',
      'latency_ms',
      'started_at',
    ])
    .where('execution_id', '=', executionId)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    jobId: row.job_id,
    step: row.step,
    provider: row.provider,
    model: row.model,
    number: row.number,
    outcome: row.outcome,
    failureCode: row.failure_code,
    message: row.message,
    httpStatus: row.http_status,
    latencyMs: row.latency_ms,
    startedAt: row.started_at,
  }));
}

/**
 * Executions of an account, newest first.
 * @param page.limit 1–100, 20 unless given
 * @throws InvalidCursorError when `page.cursor` is not one of ours
 */
export async function listExecutions(
  database: Database,
  accountId: string,
  filters: ExecutionFilters,
  page: { readonly cursor?: string; readonly limit?: number } = {},
): Promise<ExecutionPage> {
  const limit = Math.min(Math.max(page.limit ?? 20, 1), 100);
  let query = selectExecutions(database.queries)
    .where('account_id', '=', accountId)
    .where('parent_id', 'is', null);
  if (filters.status) query = query.where('status', '=', filters.status);
  if (filters.workflowId) query = query.where('workflow_id', '=', filters.workflowId);
  if (filters.mode) query = query.where('mode', '=', filters.mode);
  if (filters.tag) query = query.where(sql<boolean>`tags @> ${[filters.tag]}::text[]`);
  if (filters.createdFrom) query = query.where('created_at', '>=', filters.createdFrom);
  if (filters.createdBefore) query = query.where('created_at', '<', filters.createdBefore);
  if (page.cursor) query = query.where('id', '<', decodeCursor(page.cursor));
  const rows = await query
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  const executions = rows.slice(0, limit).map(toExecutionRow);
  const last = executions.at(-1);
  return { executions, nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null };
}

/** Events after a revision, in order, at most `limit` (100). The caller has checked the account. */
export async function eventsAfter(
  database: Database,
  executionId: string,
  revision: number,
  limit = 100,
): Promise<readonly ExecutionEvent[]> {
  return database.queries
    .selectFrom('events')
    .select(['revision', 'type', 'data', 'at'])
    .where('execution_id', '=', executionId)
    .where('revision', '>', revision)
    .orderBy('revision')
    .limit(limit)
    .execute();
}
