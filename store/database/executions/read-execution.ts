import type { ExecutionView } from '../../../pipeline/execution-view';
import type { Database } from '../database';
import type {
  ExecutionDetail,
  ExecutionDocuments,
  ExecutionEvent,
  ExecutionFilters,
  ExecutionPage,
  ExecutionSnapshot,
} from './execution';

/** The rows of a poll: two indexed reads. Undefined for an unknown or foreign id. */
export async function executionSnapshot(
  database: Database,
  accountId: string,
  executionId: string,
): Promise<ExecutionSnapshot | undefined> {
  throw new Error('being built');
}

/** The poll body without what only the API knows: `links` is empty and asset values are references without `url`. */
export async function executionView(
  database: Database,
  accountId: string,
  executionId: string,
): Promise<{ readonly revision: number; readonly view: ExecutionView } | undefined> {
  throw new Error('being built');
}

/** Graph, plan and the like, for a resume or an export. */
export async function executionDocuments(
  database: Database,
  accountId: string,
  executionId: string,
): Promise<ExecutionDocuments | undefined> {
  throw new Error('being built');
}

/** Everything of one execution: documents, nodes, jobs, sends. */
export async function executionDetail(
  database: Database,
  accountId: string,
  executionId: string,
): Promise<ExecutionDetail | undefined> {
  throw new Error('being built');
}

/** @throws InvalidCursorError when `cursor` is not one of ours */
export async function listExecutions(
  database: Database,
  accountId: string,
  filters: ExecutionFilters,
  page: { readonly cursor?: string; readonly limit?: number } = {},
): Promise<ExecutionPage> {
  throw new Error('being built');
}

/** Events after a revision, in order, at most `limit` (100). The caller has checked the account. */
export async function eventsAfter(
  database: Database,
  executionId: string,
  revision: number,
  limit = 100,
): Promise<readonly ExecutionEvent[]> {
  throw new Error('being built');
}
