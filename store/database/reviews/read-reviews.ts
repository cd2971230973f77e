import { sql } from 'kysely';
import type { Database } from '../database';
import { decodeCursor, encodeCursor } from '../executions/cursor';
import type { Review, ReviewFilters, ReviewPage, UntoldReview } from './review';

/** As rows say it; an open one of an execution that has ended is closed. Only the newest of a step is open. */
export const reviewColumns = sql`
  r.id, r.execution_id as "executionId", r.step, r.node_id as "nodeId", r.label, r.mode, r.title, r.instructions,
  r.value, ${stateOf()} as state, r.decision, r.comment, r.replacement, r.created_at as "createdAt", r.due_at as "dueAt",
  r.decided_at as "decidedAt"`;

function stateOf() {
  return sql<Review['state']>`case when r.state <> 'open' then r.state
    when e.status in ('RUNNING', 'WAITING') and not exists (
      select from reviews later
      where later.execution_id = r.execution_id and later.step = r.step and later.number > r.number)
    then 'open' else 'closed' end`;
}

/**
 * Reviews of an account, newest first.
 * @param page.limit 1–100, 20 unless given
 * @throws InvalidCursorError when `page.cursor` is not one of ours
 */
export async function listReviews(
  database: Database,
  accountId: string,
  { state, executionId, mode }: ReviewFilters,
  page: { readonly cursor?: string; readonly limit?: number } = {},
): Promise<ReviewPage> {
  const limit = Math.min(Math.max(page.limit ?? 20, 1), 100);
  const before = page.cursor === undefined ? null : decodeCursor(page.cursor);
  const { rows } = await sql<Review>`
    select ${reviewColumns} from reviews r join executions e on e.id = r.execution_id
    where r.account_id = ${accountId}
      and (${before}::text is null or r.id < ${before})
      and (${executionId ?? null}::text is null or r.execution_id = ${executionId ?? null}
        or r.execution_id in (select i.id from executions i where i.parent_id = ${executionId ?? null}))
      and (${mode ?? null}::text is null or r.mode = ${mode ?? null})
      and (${state ?? null}::text is null or ${stateOf()} = ${state ?? null})
    order by r.id desc limit ${limit + 1}
  `.execute(database.queries);
  const reviews = rows.slice(0, limit);
  const last = reviews.at(-1);
  return { reviews, nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null };
}

/** Undefined for an unknown or foreign id. */
export async function findReview(
  database: Database,
  accountId: string,
  reviewId: string,
): Promise<Review | undefined> {
  const { rows } = await sql<Review>`
    select ${reviewColumns} from reviews r join executions e on e.id = r.execution_id
    where r.id = ${reviewId} and r.account_id = ${accountId}
  `.execute(database.queries);
  return rows[0];
}

/** Decided longer ago than `olderThanMs`, and their runs may know nothing of it; oldest first, at most `limit` (100). */
export async function untoldReviews(
  database: Database,
  olderThanMs: number,
  limit = 100,
): Promise<readonly UntoldReview[]> {
  const { rows } = await sql<UntoldReview>`
    select id, execution_id as "executionId", step from reviews
    where tell_requested_at <= now() - ${olderThanMs} * interval '1 millisecond'
    order by tell_requested_at limit ${limit}
  `.execute(database.queries);
  return rows;
}

/** Its run was told, or is over: the next one will look by itself. */
export async function reviewTold(database: Database, reviewId: string): Promise<void> {
  await sql`update reviews set tell_requested_at = null where id = ${reviewId}`.execute(database.queries);
}
