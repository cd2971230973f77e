import { sql } from 'kysely';
import type { Mode } from '../../../workflows/contract';
import type { Database, Queries } from '../database';
import { idempotentTransaction } from '../executions/idempotent-transaction';
import type { IdempotencyRepeat, IdempotencyRequest } from '../executions/execution';
import { now } from './workflow-rows';

/** An address that runs a workflow without a key. */
export interface Webhook {
  readonly id: string;
  readonly accountId: string;
  readonly workflowId: string;
  /** Of the executions that it starts. */
  readonly mode: Mode;
  readonly name: string;
  readonly isDefault: boolean;
  /** Any of them may have signed a call; none: calls need no signature. */
  readonly sealedSecrets: readonly string[];
  readonly createdAt: Date;
}

/** @returns undefined for an unknown, foreign or deleted workflow */
export async function createWebhook(
  database: Database,
  webhook: Pick<Webhook, 'id' | 'accountId' | 'workflowId' | 'mode' | 'name' | 'sealedSecrets'>,
  idempotency?: IdempotencyRequest,
): Promise<Webhook | IdempotencyRepeat | undefined> {
  const { id, accountId, workflowId, mode, name, sealedSecrets } = webhook;
  return idempotentTransaction<Webhook, undefined>(
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
        .forUpdate()
        .executeTakeFirst();
      if (workflow === undefined) return refuse(undefined);
      const values = { id, account_id: accountId, workflow_id: workflowId, mode, name };
      await transaction
        .insertInto('workflow_webhooks')
        .values({ ...values, is_default: false, sealed_secrets: [...sealedSecrets] })
        .execute();
      const row = await selectWebhooks(transaction).where('h.id', '=', id).executeTakeFirstOrThrow();
      return toWebhook(row);
    },
  );
}

/** Oldest first. The caller has checked the workflow. */
export async function listWebhooks(
  database: Database,
  accountId: string,
  workflowId: string,
): Promise<readonly Webhook[]> {
  const rows = await selectWebhooks(database.queries)
    .where('h.account_id', '=', accountId)
    .where('h.workflow_id', '=', workflowId)
    .orderBy('h.created_at')
    .execute();
  return rows.map(toWebhook);
}

/** By its id alone, which is the secret of its callers; with the plan of its account. */
export async function findWebhook(
  database: Database,
  webhookId: string,
): Promise<(Webhook & { readonly plan: string }) | undefined> {
  const row = await selectWebhooks(database.queries)
    .innerJoin('accounts as a', 'a.id', 'h.account_id')
    .select('a.plan')
    .where('h.id', '=', webhookId)
    .executeTakeFirst();
  return row && { ...toWebhook(row), plan: row.plan };
}

interface WebhookName {
  readonly accountId: string;
  readonly workflowId: string;
  readonly webhookId: string;
}

/**
 * Replaces the secrets of a webhook by what `change` makes of them.
 * @returns undefined when the account's workflow has no such webhook
 */
export async function changeWebhookSecrets(
  database: Database,
  { accountId, workflowId, webhookId }: WebhookName,
  change: (sealedSecrets: readonly string[]) => readonly string[],
): Promise<Webhook | undefined> {
  return database.queries.transaction().execute(async (transaction) => {
    const row = await selectWebhooks(transaction)
      .where('h.id', '=', webhookId)
      .where('h.account_id', '=', accountId)
      .where('h.workflow_id', '=', workflowId)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const sealed = change(row.sealed_secrets);
    await transaction
      .updateTable('workflow_webhooks')
      .set({ sealed_secrets: [...sealed] })
      .where('id', '=', webhookId)
      .execute();
    return { ...toWebhook(row), sealedSecrets: sealed };
  });
}

/** @returns false when the account's workflow has no such webhook */
export async function deleteWebhook(
  database: Database,
  { accountId, workflowId, webhookId }: WebhookName,
): Promise<boolean> {
  const { rows } = await sql`
    update workflow_webhooks set deleted_at = ${now}
    where id = ${webhookId} and account_id = ${accountId} and workflow_id = ${workflowId} and deleted_at is null
    returning id`.execute(database.queries);
  return rows.length > 0;
}

function selectWebhooks(queries: Queries) {
  return queries
    .selectFrom('workflow_webhooks as h')
    .select([
      ...(['h.id', 'h.account_id', 'h.workflow_id', 'h.mode', 'h.name', 'h.is_default'] as const),
      'h.sealed_secrets',
      'h.created_at',
    ])
    .where('h.deleted_at', 'is', null);
}

type WebhookRow = Awaited<ReturnType<ReturnType<typeof selectWebhooks>['executeTakeFirstOrThrow']>>;

function toWebhook(row: WebhookRow): Webhook {
  return {
    id: row.id,
    accountId: row.account_id,
    workflowId: row.workflow_id,
    mode: row.mode,
    name: row.name,
    isDefault: row.is_default,
    sealedSecrets: row.sealed_secrets,
    createdAt: row.created_at,
  };
}
