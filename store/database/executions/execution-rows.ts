import { sql, type Selectable } from 'kysely';
import type { Queries } from '../database';
import type { ExecutionNodesTable } from '../tables';
import type { ExecutionRow, NodeRow } from './execution';

/** An execution without its documents, which may be a megabyte. */
export function selectExecutions(queries: Queries) {
  return queries
    .selectFrom('executions')
    .select([
      'id',
      'account_id',
      'mode',
      'workflow_id',
      'workflow_name',
      'version',
      'status',
      'attempt',
      'revision',
      'failure',
      'credits_charged',
      'credits_released',
      sql<number>`credits_held - credits_charged - credits_released`.as('credits_held_now'),
      'budget_credits',
      'temporal_run_id',
      'resume_number',
      'start_requested_at',
      'cancel_requested_at',
      'tags',
      'priority',
      'callback_url',
      'variant',
      'created_at',
      'completed_at',
    ]);
}

type SelectedExecution = Awaited<ReturnType<ReturnType<typeof selectExecutions>['executeTakeFirstOrThrow']>>;

export function toExecutionRow(row: SelectedExecution): ExecutionRow {
  return {
    id: row.id,
    accountId: row.account_id,
    mode: row.mode,
    workflowId: row.workflow_id,
    workflowName: row.workflow_name,
    version: row.version,
    status: row.status,
    attempt: row.attempt,
    revision: row.revision,
    failure: row.failure,
    credits: { held: row.credits_held_now, charged: row.credits_charged, released: row.credits_released },
    budgetCredits: row.budget_credits,
    temporalRunId: row.temporal_run_id,
    resumeNumber: row.resume_number,
    startRequestedAt: row.start_requested_at,
    cancelRequestedAt: row.cancel_requested_at,
    tags: row.tags,
    priority: row.priority,
    callbackUrl: row.callback_url,
    variant: row.variant,
    createdAt: row.created_at,
    completedAt: row.completed_at,
  };
}

/** A row inside `json_agg`: times are text there. */
type NodeJson = Omit<Selectable<ExecutionNodesTable>, 'started_at' | 'completed_at'> & {
  readonly started_at: string | null;
  readonly completed_at: string | null;
};

/** The nodes of the selected execution, in plan order, as one column: one statement sees one moment. */
export const nodesColumn = sql<readonly NodeJson[]>`(
  select coalesce(json_agg(n order by n.position, n.step), '[]')
  from execution_nodes n where n.execution_id = executions.id
)`;

export function toNodeRow(row: NodeJson): NodeRow {
  return {
    step: row.step,
    nodeId: row.node_id,
    nodeType: row.node_type,
    label: row.label,
    status: row.status,
    nodeKey: row.node_key,
    isOutput: row.is_output,
    outputs: row.outputs,
    provider: row.provider,
    model: row.model,
    attempts: row.attempts,
    fallbackFrom: row.fallback_from,
    cached: row.cached,
    credits: row.credits,
    possibleDuplicate: row.possible_duplicate,
    error: row.error,
    startedAt: toDate(row.started_at),
    completedAt: toDate(row.completed_at),
  };
}

function toDate(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
