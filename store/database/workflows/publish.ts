import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Mode } from '../../../workflows/contract';
import type { Database, DatabaseTransaction } from '../database';
import { toJson } from '../json';
import type { Publication, PublishRequest, VersionSelector, WorkflowVersion } from './workflow';
import { graphSha256, now, toVersion, VERSION_COLUMNS } from './workflow-rows';

export type PublishResult =
  ({ readonly kind: 'published' } & Publication) | { readonly kind: 'not_found' | 'changed' | 'tag_taken' };

/**
 * Makes a version of the draft and publishes it; runs that go on keep theirs. The draft that is published already, under no
 * other tag, makes no second version.
 */
export async function publishDraft(database: Database, request: PublishRequest): Promise<PublishResult> {
  const { workflowId } = request;
  return database.queries.transaction().execute(async (transaction) => {
    const workflow = await lockWorkflow(transaction, request.accountId, workflowId);
    if (workflow === undefined) return { kind: 'not_found' };
    if (workflow.revision !== request.revision) return { kind: 'changed' };
    const webhookId = await defaultWebhook(transaction, request);
    const graph = request.graph ?? workflow.draft;
    const digest = graphSha256(graph);
    const current = await readVersion(transaction, workflowId, workflow.published_version ?? undefined);
    if (current?.tag === request.tag && current.graph_sha256.equals(digest)) {
      return { kind: 'published', version: toVersion(current), webhookId, isUnchanged: true };
    }
    if ((await readVersion(transaction, workflowId, request.tag)) !== undefined) return { kind: 'tag_taken' };
    const { tag, note } = request;
    const row = await transaction
      .insertInto('workflow_versions')
      .values({
        ...{ workflow_id: workflowId, version: workflow.version_count + 1, tag, note },
        name: workflow.name,
        graph: toJson(graph),
        graph_sha256: digest,
      })
      .returning(VERSION_COLUMNS)
      .executeTakeFirstOrThrow();
    await setPublished(transaction, workflowId, row.version, 'publish');
    if (request.replacesDraft === true) await replaceDraft(transaction, workflowId, toJson(graph));
    return { kind: 'published', version: toVersion(row), webhookId, isUnchanged: false };
  });
}

export type RollbackResult =
  | { readonly kind: 'rolled_back'; readonly version: WorkflowVersion }
  | { readonly kind: 'not_found' | 'nothing_before' };

/** Publishes an earlier version again: the named one, or the one that was published before the present one. */
export async function rollBack(
  database: Database,
  accountId: string,
  workflowId: string,
  selector: VersionSelector,
): Promise<RollbackResult> {
  return database.queries.transaction().execute(async (transaction) => {
    const workflow = await lockWorkflow(transaction, accountId, workflowId);
    if (workflow === undefined) return { kind: 'not_found' };
    const { published_version: current } = workflow;
    if (current === null) return { kind: 'nothing_before' };
    const wanted = selector ?? (await versionBefore(transaction, workflowId, current));
    if (wanted === undefined) return { kind: 'nothing_before' };
    const row = await readVersion(transaction, workflowId, wanted);
    if (row === undefined) return { kind: 'not_found' };
    if (row.version !== current) await setPublished(transaction, workflowId, row.version, 'rollback');
    return { kind: 'rolled_back', version: toVersion(row) };
  });
}

async function replaceDraft(
  transaction: DatabaseTransaction,
  workflowId: string,
  draft: string,
): Promise<void> {
  await transaction
    .updateTable('workflows')
    .set((row) => ({ draft, updated_at: now, revision: row('revision', '+', 1) }))
    .where('id', '=', workflowId)
    .execute();
}

async function lockWorkflow(transaction: DatabaseTransaction, accountId: string, workflowId: string) {
  return transaction
    .selectFrom('workflows')
    .select(['name', 'draft', 'revision', 'version_count', 'published_version'])
    .where('id', '=', workflowId)
    .where('account_id', '=', accountId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
}

async function readVersion(transaction: DatabaseTransaction, workflowId: string, selector: VersionSelector) {
  if (selector === undefined) return undefined;
  return transaction
    .selectFrom('workflow_versions')
    .select([...VERSION_COLUMNS, 'graph_sha256'])
    .where('workflow_id', '=', workflowId)
    .where(typeof selector === 'number' ? 'version' : 'tag', '=', selector)
    .executeTakeFirst();
}

/** What served before the present version was first published: going back twice goes back two versions. */
async function versionBefore(
  transaction: DatabaseTransaction,
  workflowId: string,
  current: number,
): Promise<number | undefined> {
  const { rows } = await sql<{ version: number }>`
    select before.version from workflow_publications first, workflow_publications before
    where first.workflow_id = ${workflowId} and before.workflow_id = first.workflow_id
      and first.number = (select min(number) from workflow_publications
        where workflow_id = ${workflowId} and version = ${current})
      and before.number < first.number and before.reason = 'publish'
    order by before.number desc limit 1`.execute(transaction);
  return rows[0]?.version;
}

async function setPublished(
  transaction: DatabaseTransaction,
  workflowId: string,
  version: number,
  reason: 'publish' | 'rollback',
): Promise<void> {
  await transaction
    .updateTable('workflows')
    .set({ published_version: version, version_count: sql<number>`greatest(version_count, ${version})` })
    .where('id', '=', workflowId)
    .execute();
  await sql`insert into workflow_publications (workflow_id, number, version, reason)
    select ${workflowId}, coalesce(max(number), 0) + 1, ${version}::integer, ${reason}
    from workflow_publications where workflow_id = ${workflowId}`.execute(transaction);
}

async function defaultWebhook(
  transaction: DatabaseTransaction,
  { accountId, workflowId, mode }: { accountId: string; workflowId: string; mode: Mode },
): Promise<string | null> {
  const known = await transaction
    .selectFrom('workflow_webhooks')
    .select(['id', 'deleted_at'])
    .where('workflow_id', '=', workflowId)
    .where('mode', '=', mode)
    .where('is_default', '=', true)
    .executeTakeFirst();
  // Whoever has removed it does not want it back.
  if (known !== undefined) return known.deleted_at === null ? known.id : null;
  const id = newWebhookId();
  await transaction
    .insertInto('workflow_webhooks')
    .values({ id, account_id: accountId, workflow_id: workflowId, mode, name: 'default', is_default: true })
    .execute();
  return id;
}

/** Whoever knows it may run the workflow, so it is random throughout: 160 bits. */
export function newWebhookId(): string {
  return `whk_${randomBytes(20).toString('hex')}`;
}
