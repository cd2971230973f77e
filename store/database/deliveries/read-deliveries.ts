import { sql } from 'kysely';
import type { Mode } from '../../../workflows/contract';
import type { Database, Queries } from '../database';
import { decodeCursor, encodeCursor } from '../executions/cursor';
import type { DeliveryState } from '../tables';

export interface Delivery {
  readonly id: string;
  readonly executionId: string;
  readonly subscriptionId: string | null;
  readonly url: string;
  readonly type: string;
  readonly state: DeliveryState;
  readonly round: number;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly nextAttemptAt: Date | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

export interface DeliveryAttempt {
  readonly round: number;
  readonly number: number;
  readonly at: Date;
  readonly latencyMs: number;
  readonly httpStatus: number | null;
  readonly error: string | null;
}

export interface DeliveryFilters {
  readonly executionId?: string;
  readonly subscriptionId?: string;
  readonly state?: DeliveryState;
}

/** Whose, and of executions of which mode. */
export interface DeliveryOwner {
  readonly accountId: string;
  readonly mode: Mode;
}

/**
 * Newest first.
 * @throws InvalidCursorError
 */
export async function listDeliveries(
  database: Database,
  owner: DeliveryOwner,
  filters: DeliveryFilters,
  page: { readonly cursor?: string; readonly limit: number },
): Promise<{ readonly deliveries: readonly Delivery[]; readonly nextCursor: string | null }> {
  let query = selectDeliveries(database.queries, owner);
  if (filters.executionId) query = query.where('execution_id', '=', filters.executionId);
  if (filters.subscriptionId) query = query.where('subscription_id', '=', filters.subscriptionId);
  if (filters.state) query = query.where('state', '=', filters.state);
  if (page.cursor) query = query.where('id', '<', decodeCursor(page.cursor));
  const rows = await query
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  const found = rows.slice(0, page.limit).map(toDelivery);
  const last = found.at(-1);
  return { deliveries: found, nextCursor: rows.length > page.limit && last ? encodeCursor(last.id) : null };
}

/** With every attempt, in order; undefined for an unknown or foreign id. */
export async function findDelivery(
  database: Database,
  owner: DeliveryOwner,
  deliveryId: string,
): Promise<(Delivery & { readonly tries: readonly DeliveryAttempt[] }) | undefined> {
  const row = await selectDeliveries(database.queries, owner).where('id', '=', deliveryId).executeTakeFirst();
  if (row === undefined) return undefined;
  const tries = await database.queries
    .selectFrom('delivery_attempts')
    .select(['round', 'number', 'at', 'latency_ms as latencyMs', 'http_status as httpStatus', 'error'])
    .where('delivery_id', '=', deliveryId)
    .orderBy('round')
    .orderBy('number')
    .execute();
  return { ...toDelivery(row), tries };
}

/** Begins another round at once, also of one that waits for its next try. @returns false for an unknown or foreign id */
export async function redeliver(
  database: Database,
  { accountId, mode }: DeliveryOwner,
  deliveryId: string,
): Promise<boolean> {
  const { rows } = await sql`
    update deliveries set state = 'pending', round = round + 1, attempts = 0, started_at = null, ended_at = null,
      next_attempt_at = null
    where id = ${deliveryId} and account_id = ${accountId} and ${isOfMode(mode)} returning id`.execute(
    database.queries,
  );
  return rows.length > 0;
}

function isOfMode(mode: Mode) {
  return sql<boolean>`exists (select from executions e where e.id = deliveries.execution_id and e.mode = ${mode})`;
}

function selectDeliveries(queries: Queries, { accountId, mode }: DeliveryOwner) {
  return queries
    .selectFrom('deliveries')
    .select([
      ...(['id', 'execution_id', 'subscription_id', 'url', 'type', 'state', 'round', 'attempts'] as const),
      ...(['last_status', 'last_error', 'next_attempt_at', 'created_at', 'ended_at'] as const),
    ])
    .where('account_id', '=', accountId)
    .where(isOfMode(mode));
}

type DeliveryRow = Awaited<ReturnType<ReturnType<typeof selectDeliveries>['executeTakeFirstOrThrow']>>;

function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    executionId: row.execution_id,
    subscriptionId: row.subscription_id,
    url: row.url,
    type: row.type,
    state: row.state,
    round: row.round,
    attempts: row.attempts,
    lastStatus: row.last_status,
    lastError: row.last_error,
    nextAttemptAt: row.next_attempt_at,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}
