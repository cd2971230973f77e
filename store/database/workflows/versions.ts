import type { Database, Queries } from '../database';
import type { VersionSelector, WorkflowVersion, WorkflowVersionWithGraph } from './workflow';
import { toVersion, VERSION_COLUMNS } from './workflow-rows';

/**
 * A version with its graph: the published one, or another by number or tag.
 * Undefined for an unknown, foreign or deleted workflow, for a version that it has not, and where nothing is published.
 */
export async function findVersion(
  database: Database,
  accountId: string,
  workflowId: string,
  selector?: VersionSelector,
): Promise<WorkflowVersionWithGraph | undefined> {
  const row = await selectVersions(database.queries, accountId, workflowId, selector)
    .select('v.graph')
    .executeTakeFirst();
  return row && { ...toVersion(row), graph: row.graph };
}

/** Newest first; undefined for an unknown, foreign or deleted workflow. At most 1000, which is more than people make. */
export async function listVersions(
  database: Database,
  accountId: string,
  workflowId: string,
): Promise<readonly WorkflowVersion[]> {
  const rows = await database.queries
    .selectFrom('workflow_versions as v')
    .innerJoin('workflows as w', 'w.id', 'v.workflow_id')
    .select(VERSION_COLUMNS.map((column) => `v.${column}` as const))
    .where('w.account_id', '=', accountId)
    .where('w.deleted_at', 'is', null)
    .where('v.workflow_id', '=', workflowId)
    .orderBy('v.version', 'desc')
    .limit(1_000)
    .execute();
  return rows.map(toVersion);
}

function selectVersions(queries: Queries, accountId: string, workflowId: string, selector: VersionSelector) {
  return queries
    .selectFrom('workflow_versions as v')
    .innerJoin('workflows as w', 'w.id', 'v.workflow_id')
    .select(VERSION_COLUMNS.map((column) => `v.${column}` as const))
    .where('w.account_id', '=', accountId)
    .where('w.deleted_at', 'is', null)
    .where('v.workflow_id', '=', workflowId)
    .$if(selector === undefined, (query) => query.whereRef('v.version', '=', 'w.published_version'))
    .$if(typeof selector === 'number', (query) => query.where('v.version', '=', Number(selector)))
    .$if(typeof selector === 'string', (query) => query.where('v.tag', '=', String(selector)));
}
