import { sql } from 'kysely';
import type { DeliveryInput, JsonObject } from '../../../workflows/contract';
import type { Database } from '../database';

const START_PAGE = 200;

/** Deliveries of which Temporal may know nothing, oldest first. */
export async function deliveriesToStart(database: Database): Promise<readonly DeliveryInput[]> {
  const rows = await database.queries
    .selectFrom('deliveries')
    .select(['id', 'round'])
    .where('state', '=', 'pending')
    .where('started_at', 'is', null)
    .orderBy('id')
    .limit(START_PAGE)
    .execute();
  return rows.map(({ id, round }) => ({ deliveryId: id, round }));
}

export async function deliveryStarted(
  database: Database,
  { deliveryId, round }: DeliveryInput,
): Promise<void> {
  await database.queries
    .updateTable('deliveries')
    .set({ started_at: sql<Date>`now()` })
    .where('id', '=', deliveryId)
    .where('round', '=', round)
    .execute();
}

/** All that a call to the receiver needs. */
export interface OpenDelivery {
  readonly id: string;
  readonly accountId: string;
  readonly executionId: string;
  readonly subscriptionId: string | null;
  readonly url: string;
  readonly type: string;
  readonly data: JsonObject;
  readonly createdAt: Date;
  /** Of its subscription; null where it goes to a callbackUrl. */
  readonly sealedSecrets: readonly string[] | null;
}

/**
 * A delivery that is still to be made in this round. One whose subscription was removed or disabled meanwhile is cancelled.
 * @returns undefined when there is nothing to do any more
 */
export async function openDelivery(
  database: Database,
  { deliveryId, round }: DeliveryInput,
): Promise<OpenDelivery | undefined> {
  const row = await database.queries
    .selectFrom('deliveries as d')
    .leftJoin('subscriptions as s', 's.id', 'd.subscription_id')
    .select([
      ...(['d.id', 'd.account_id', 'd.execution_id', 'd.subscription_id', 'd.url', 'd.type'] as const),
      ...(['d.data', 'd.created_at', 's.sealed_secrets', 's.disabled_at', 's.deleted_at'] as const),
    ])
    .where('d.id', '=', deliveryId)
    .where('d.round', '=', round)
    .where('d.state', '=', 'pending')
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.disabled_at !== null || row.deleted_at !== null) {
    await endDelivery(database, { deliveryId, round }, 'cancelled');
    return undefined;
  }
  return {
    id: row.id,
    accountId: row.account_id,
    executionId: row.execution_id,
    subscriptionId: row.subscription_id,
    url: row.url,
    type: row.type,
    data: row.data,
    createdAt: row.created_at,
    sealedSecrets: row.sealed_secrets,
  };
}

export interface AttemptRecord extends DeliveryInput {
  readonly attempt: number;
  readonly latencyMs: number;
  readonly httpStatus: number | null;
  /** Why it did not succeed; null when it did. */
  readonly error: string | null;
  readonly outcome:
    | { readonly kind: 'delivered' }
    | { readonly kind: 'failed' }
    /** The receiver is gone for good (410): nothing more is sent to its subscription. */
    | { readonly kind: 'gone' }
    | { readonly kind: 'again'; readonly afterMs: number };
}

/** Idempotent: an attempt that was recorded before changes nothing. */
export async function recordAttempt(database: Database, record: AttemptRecord): Promise<void> {
  const { deliveryId, round, attempt, latencyMs, httpStatus, error, outcome } = record;
  const state = { delivered: 'delivered', failed: 'failed', gone: 'failed', again: 'pending' }[outcome.kind];
  const afterMs = outcome.kind === 'again' ? outcome.afterMs : null;
  await database.queries.transaction().execute(async (transaction) => {
    await sql`
      with attempt as (
        insert into delivery_attempts (delivery_id, round, number, latency_ms, http_status, error)
        values (${deliveryId}, ${round}, ${attempt}, ${latencyMs}, ${httpStatus}, ${error})
        on conflict do nothing returning delivery_id
      )
      update deliveries d set attempts = ${attempt}, last_status = ${httpStatus}, last_error = ${error},
        state = ${state}, next_attempt_at = now() + ${afterMs}::float8 * interval '1 millisecond',
        ended_at = case when ${state} = 'pending' then null else now() end
      from attempt where d.id = attempt.delivery_id and d.round = ${round} and d.state = 'pending'
    `.execute(transaction);
    if (outcome.kind !== 'gone') return;
    await sql`
      update subscriptions s set disabled_at = now(), disabled_reason = 'The receiver answered 410 Gone.'
      from deliveries d where d.id = ${deliveryId} and s.id = d.subscription_id and s.disabled_at is null
    `.execute(transaction);
  });
}

async function endDelivery(
  database: Database,
  { deliveryId, round }: DeliveryInput,
  state: 'cancelled',
): Promise<void> {
  await database.queries
    .updateTable('deliveries')
    .set({ state, ended_at: sql<Date>`now()`, next_attempt_at: null })
    .where('id', '=', deliveryId)
    .where('round', '=', round)
    .where('state', '=', 'pending')
    .execute();
}
