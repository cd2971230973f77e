import { sql, type Selectable, type SelectQueryBuilder } from 'kysely';
import type { Database } from '../database';
import { decodeCursor, encodeCursor } from '../executions/cursor';
import type { DeadLettersTable, Tables } from '../tables';
import type { DeadLetter, DeadLetterDetail, DeadLetterFilters, DeadLetterPage } from './dead-letter';

/**
 * Letters of an account, newest first.
 * @param page.limit 1–100, 20 unless given
 * @throws InvalidCursorError when `page.cursor` is not one of ours
 */
export async function listLetters(
  database: Database,
  accountId: string,
  filters: DeadLetterFilters,
  page: { readonly cursor?: string; readonly limit?: number } = {},
): Promise<DeadLetterPage> {
  const limit = Math.min(Math.max(page.limit ?? 20, 1), 100);
  let query = matching(selectLetters(database), accountId, filters);
  if (page.cursor) query = query.where('id', '<', decodeCursor(page.cursor));
  const rows = await query
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  const letters = rows.slice(0, limit).map(toLetter);
  const last = letters.at(-1);
  return { letters, nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null };
}

/** Those to be tried again, longest failed first. @param limit at most this many */
export async function selectForRedrive(
  database: Database,
  accountId: string,
  filters: DeadLetterFilters,
  limit: number,
): Promise<readonly DeadLetter[]> {
  const rows = await matching(selectLetters(database), accountId, filters)
    .orderBy('failed_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toLetter);
}

/** Undefined for an unknown or foreign id. */
export async function findLetter(
  database: Database,
  accountId: string,
  letterId: string,
): Promise<DeadLetterDetail | undefined> {
  const row = await selectLetters(database)
    .select('inputs')
    .where('id', '=', letterId)
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return row && { ...toLetter(row), inputs: row.inputs };
}

/** All but the inputs, which may be long. */
const letterColumns = [
  'id',
  'account_id',
  'mode',
  'execution_id',
  'step',
  'node_id',
  'node_type',
  'label',
  'state',
  'attempt',
  'times_failed',
  'failure',
  'price_min_credits',
  'price_max_credits',
  'first_failed_at',
  'failed_at',
  'redrive_id',
  'redrive_due_at',
  'redrive_refusal',
  'redriven_at',
  'resolved_at',
] as const;
type LetterRow = Pick<Selectable<DeadLettersTable>, (typeof letterColumns)[number]>;

function selectLetters(database: Database) {
  return database.queries.selectFrom('dead_letters').select(letterColumns);
}

function matching<Row>(
  query: SelectQueryBuilder<Tables, 'dead_letters', Row>,
  accountId: string,
  filters: DeadLetterFilters,
): SelectQueryBuilder<Tables, 'dead_letters', Row> {
  const { provider, code, ids } = filters;
  const reason = code && (provider ? `${provider}:${code}` : code);
  let found = query.where('account_id', '=', accountId);
  if (filters.state) found = found.where('state', '=', filters.state);
  if (filters.mode) found = found.where('mode', '=', filters.mode);
  if (filters.nodeType) found = found.where('node_type', '=', filters.nodeType);
  if (filters.redriveId) found = found.where('redrive_id', '=', filters.redriveId);
  if (filters.batchId)
    found = found.where(
      sql<boolean>`execution_id in (select id from executions where parent_id = ${filters.batchId})`,
    );
  if (provider) found = found.where(sql<boolean>`providers @> ${[provider]}::text[]`);
  if (reason) found = found.where(sql<boolean>`reasons @> ${[reason]}::text[]`);
  if (filters.failedFrom) found = found.where('failed_at', '>=', filters.failedFrom);
  if (filters.failedBefore) found = found.where('failed_at', '<', filters.failedBefore);
  if (ids) found = found.where(sql<boolean>`id = any (${[...ids]}::text[])`);
  return found;
}

function toLetter(row: LetterRow): DeadLetter {
  return {
    id: row.id,
    accountId: row.account_id,
    mode: row.mode,
    executionId: row.execution_id,
    step: row.step,
    nodeId: row.node_id,
    nodeType: row.node_type,
    label: row.label,
    state: row.state,
    attempt: row.attempt,
    timesFailed: row.times_failed,
    failure: row.failure,
    price: { minCredits: row.price_min_credits, maxCredits: row.price_max_credits },
    firstFailedAt: row.first_failed_at,
    failedAt: row.failed_at,
    redrive:
      row.redrive_id === null
        ? null
        : { redriveId: row.redrive_id, dueAt: row.redrive_due_at, refusal: row.redrive_refusal },
    redrivenAt: row.redriven_at,
    resolvedAt: row.resolved_at,
  };
}
