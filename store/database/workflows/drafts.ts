import type { Database } from '../database';
import { encodeCursor, decodeCursor } from '../executions/cursor';
import { idempotentTransaction } from '../executions/idempotent-transaction';
import type { IdempotencyRepeat, IdempotencyRequest } from '../executions/execution';
import { toJson } from '../json';
import { newId } from '../../ids';
import type { DraftContent, Workflow, WorkflowWithDraft } from './workflow';
import { now, selectWorkflows, toWorkflow } from './workflow-rows';

/** @param id - `newId('wf')`, made by the caller so that the stored answer can name it. */
export async function createWorkflow(
  database: Database,
  request: {
    readonly id?: string;
    readonly accountId: string;
    readonly content: DraftContent;
    readonly idempotency?: IdempotencyRequest;
  },
): Promise<{ readonly kind: 'created'; readonly id: string } | IdempotencyRepeat> {
  const { accountId, content, idempotency, id = newId('wf') } = request;
  return idempotentTransaction<{ kind: 'created'; id: string }, never>(
    database,
    accountId,
    idempotency,
    async (transaction) => {
      const { name, description, draft } = content;
      await transaction
        .insertInto('workflows')
        .values({ id, account_id: accountId, name, description, draft: toJson(draft) })
        .execute();
      return { kind: 'created', id };
    },
  );
}

/** Undefined for an unknown, foreign or deleted id. */
export async function findWorkflow(
  database: Database,
  accountId: string,
  workflowId: string,
): Promise<WorkflowWithDraft | undefined> {
  const row = await selectWorkflows(database.queries, accountId)
    .select('w.draft')
    .where('w.id', '=', workflowId)
    .executeTakeFirst();
  return row && { ...toWorkflow(row), draft: row.draft };
}

/**
 * Newest first.
 * @throws InvalidCursorError
 */
export async function listWorkflows(
  database: Database,
  accountId: string,
  page: { readonly cursor?: string; readonly limit: number },
): Promise<{ readonly workflows: readonly Workflow[]; readonly nextCursor: string | null }> {
  const { cursor, limit } = page;
  const rows = await selectWorkflows(database.queries, accountId)
    .$if(cursor !== undefined, (query) => query.where('w.id', '<', decodeCursor(cursor ?? '')))
    .orderBy('w.id', 'desc')
    .limit(limit + 1)
    .execute();
  const found = rows.slice(0, limit).map(toWorkflow);
  const last = found.at(-1);
  return { workflows: found, nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null };
}

/**
 * Replaces the draft. The version that is published stays as it is.
 * @param expectedRevision - Another revision by now: nothing is written.
 */
export async function saveDraft(
  database: Database,
  accountId: string,
  workflowId: string,
  content: DraftContent,
  expectedRevision?: number,
): Promise<'saved' | 'changed' | 'not_found'> {
  const { name, description, draft } = content;
  const saved = await database.queries
    .updateTable('workflows')
    .set((row) => ({
      ...{ name, description, draft: toJson(draft), updated_at: now },
      revision: row('revision', '+', 1),
    }))
    .where('id', '=', workflowId)
    .where('account_id', '=', accountId)
    .where('deleted_at', 'is', null)
    .$if(expectedRevision !== undefined, (query) => query.where('revision', '=', expectedRevision ?? 0))
    .returning('revision')
    .executeTakeFirst();
  if (saved !== undefined) return 'saved';
  return (await findWorkflow(database, accountId, workflowId)) === undefined ? 'not_found' : 'changed';
}

/** It runs no more, nor do its webhooks; executions that it had go on and stay. @returns false when there is none */
export async function deleteWorkflow(
  database: Database,
  accountId: string,
  workflowId: string,
): Promise<boolean> {
  return database.queries.transaction().execute(async (transaction) => {
    const deleted = await transaction
      .updateTable('workflows')
      .set({ deleted_at: now })
      .where('id', '=', workflowId)
      .where('account_id', '=', accountId)
      .where('deleted_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    if (deleted === undefined) return false;
    await transaction
      .updateTable('workflow_webhooks')
      .set({ deleted_at: now })
      .where('workflow_id', '=', workflowId)
      .where('deleted_at', 'is', null)
      .execute();
    return true;
  });
}
