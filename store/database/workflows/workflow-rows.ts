import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { JsonObject } from '../../../workflows/contract';
import type { Queries } from '../database';
import { toJson } from '../json';
import type { Workflow, WorkflowVersion } from './workflow';

/** The account's workflows that are not deleted, with the tag of what is published. */
export function selectWorkflows(queries: Queries, accountId: string) {
  return queries
    .selectFrom('workflows as w')
    .leftJoin('workflow_versions as v', (join) =>
      join.onRef('v.workflow_id', '=', 'w.id').onRef('v.version', '=', 'w.published_version'),
    )
    .select([
      'w.id',
      'w.account_id',
      'w.name',
      'w.description',
      'w.revision',
      'w.version_count',
      'w.published_version',
      'v.tag as published_tag',
      'w.created_at',
      'w.updated_at',
    ])
    .where('w.account_id', '=', accountId)
    .where('w.deleted_at', 'is', null);
}

type WorkflowRow = Awaited<ReturnType<ReturnType<typeof selectWorkflows>['executeTakeFirstOrThrow']>>;

export function toWorkflow(row: WorkflowRow): Workflow {
  const { published_version: version, published_tag: tag } = row;
  return {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    description: row.description,
    revision: row.revision,
    versionCount: row.version_count,
    published: version === null || tag === null ? null : { version, tag },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export const VERSION_COLUMNS = ['workflow_id', 'version', 'tag', 'name', 'note', 'created_at'] as const;

export interface VersionRow {
  readonly workflow_id: string;
  readonly version: number;
  readonly tag: string;
  readonly name: string;
  readonly note: string;
  readonly created_at: Date;
}

export function toVersion(row: VersionRow): WorkflowVersion {
  return {
    workflowId: row.workflow_id,
    version: row.version,
    tag: row.tag,
    name: row.name,
    note: row.note,
    createdAt: row.created_at,
  };
}

/** Whether two graphs are the same text: key order counts, as it does in files. */
export function graphSha256(graph: JsonObject): Buffer {
  return createHash('sha256').update(toJson(graph)).digest();
}

export const now = sql<Date>`now()`;
