import { sql } from 'kysely';
import type { Mode } from '../../../workflows/contract';
import type { Database, Queries } from '../database';
import type { IdempotencyRepeat, IdempotencyRequest } from '../executions/execution';
import { idempotentTransaction } from '../executions/idempotent-transaction';

/** Who is told of the ends of a workflow's executions. */
export interface Subscription {
  readonly id: string;
  readonly accountId: string;
  readonly workflowId: string;
  /** Of the executions that it is told of. */
  readonly mode: Mode;
  readonly url: string;
  /** Such as `execution.failed`; empty: all. */
  readonly types: readonly string[];
  readonly sealedSecrets: readonly string[];
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
  readonly disabledReason: string | null;
}

interface SubscriptionName {
  readonly accountId: string;
  /** Those of the other mode are not known: a test key reaches nothing that live executions need. */
  readonly mode: Mode;
  readonly workflowId: string;
  readonly subscriptionId: string;
}

export const subscriptions = {
  /** @returns undefined for an unknown, foreign or deleted workflow */
  async create(
    database: Database,
    subscription: Omit<Subscription, 'createdAt' | 'disabledAt' | 'disabledReason'>,
    idempotency?: IdempotencyRequest,
  ): Promise<Subscription | IdempotencyRepeat | undefined> {
    const { id, accountId, workflowId, mode, url, types, sealedSecrets } = subscription;
    return idempotentTransaction<Subscription, undefined>(
      database,
      accountId,
      idempotency,
      async (transaction, refuse) => {
        const workflow = await transaction
          .selectFrom('workflows')
          .select('id')
          .where('id', '=', workflowId)
          .where('account_id', '=', accountId)
          .where('deleted_at', 'is', null)
          .executeTakeFirst();
        if (workflow === undefined) return refuse(undefined);
        const names = { id, account_id: accountId, workflow_id: workflowId, mode, url };
        await transaction
          .insertInto('subscriptions')
          .values({ ...names, types: [...types], sealed_secrets: [...sealedSecrets] })
          .execute();
        return toSubscription(
          await selectSubscriptions(transaction).where('id', '=', id).executeTakeFirstOrThrow(),
        );
      },
    );
  },

  /** Oldest first. The caller has checked the workflow. */
  async list(
    database: Database,
    { accountId, mode, workflowId }: Omit<SubscriptionName, 'subscriptionId'>,
  ): Promise<readonly Subscription[]> {
    const rows = await selectSubscriptions(database.queries)
      .where('account_id', '=', accountId)
      .where('mode', '=', mode)
      .where('workflow_id', '=', workflowId)
      .orderBy('id')
      .execute();
    return rows.map(toSubscription);
  },

  /** After a 410 that was a mistake. @returns undefined when the account's workflow has no such subscription */
  async enable(database: Database, name: SubscriptionName): Promise<Subscription | undefined> {
    return change(database, name, () => ({ disabled_at: null, disabled_reason: null }));
  },

  /** @returns undefined when the account's workflow has no such subscription */
  async changeSecrets(
    database: Database,
    name: SubscriptionName,
    makeSecrets: (sealedSecrets: readonly string[]) => readonly string[],
  ): Promise<Subscription | undefined> {
    return change(database, name, (before) => ({ sealed_secrets: [...makeSecrets(before.sealedSecrets)] }));
  },

  /** What is on its way is cancelled. @returns false when the account's workflow has no such subscription */
  async delete(database: Database, name: SubscriptionName): Promise<boolean> {
    return (await change(database, name, () => ({ deleted_at: sql<Date>`now()` }))) !== undefined;
  },
} as const;

interface SubscriptionChange {
  readonly disabled_at?: null;
  readonly disabled_reason?: null;
  readonly sealed_secrets?: string[];
  readonly deleted_at?: ReturnType<typeof sql<Date>>;
}

async function change(
  database: Database,
  { accountId, mode, workflowId, subscriptionId }: SubscriptionName,
  changeOf: (before: Subscription) => SubscriptionChange,
): Promise<Subscription | undefined> {
  return database.queries.transaction().execute(async (transaction) => {
    const row = await selectSubscriptions(transaction)
      .where('id', '=', subscriptionId)
      .where('account_id', '=', accountId)
      .where('mode', '=', mode)
      .where('workflow_id', '=', workflowId)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const changes = changeOf(toSubscription(row));
    await transaction.updateTable('subscriptions').set(changes).where('id', '=', subscriptionId).execute();
    const changed = await selectSubscriptions(transaction)
      .where('id', '=', subscriptionId)
      .executeTakeFirst();
    return toSubscription(changed ?? row);
  });
}

function selectSubscriptions(queries: Queries) {
  return queries
    .selectFrom('subscriptions')
    .select([
      ...(['id', 'account_id', 'workflow_id', 'mode', 'url', 'types', 'sealed_secrets'] as const),
      ...(['created_at', 'disabled_at', 'disabled_reason'] as const),
    ])
    .where('deleted_at', 'is', null);
}

type SubscriptionRow = Awaited<ReturnType<ReturnType<typeof selectSubscriptions>['executeTakeFirstOrThrow']>>;

function toSubscription(row: SubscriptionRow): Subscription {
  return {
    id: row.id,
    accountId: row.account_id,
    workflowId: row.workflow_id,
    mode: row.mode,
    url: row.url,
    types: row.types,
    sealedSecrets: row.sealed_secrets,
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
    disabledReason: row.disabled_reason,
  };
}
