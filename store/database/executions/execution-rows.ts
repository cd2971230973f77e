import { sql, type Selectable } from 'kysely';
import type { ItemCounts } from '../batches/batch';
import type { Queries } from '../database';
import type { ExecutionNodesTable } from '../tables';
import type { ExecutionRow, NodeRow } from './execution';

/** Of a batch: how its items stand, by the index on them. */
const itemsColumn = sql<ItemCounts | null>`case when executions.item_count is not null then (
  select json_build_object(
    'total', executions.item_count,
    'pending', executions.item_count - count(*),
    'running', count(*) filter (where i.status = 'RUNNING'),
    'waiting', count(*) filter (where i.status = 'WAITING'),
    'completed', count(*) filter (where i.status = 'COMPLETED'),
    'failed', count(*) filter (where i.status = 'FAILED'),
    'cancelled', count(*) filter (where i.status = 'CANCELLED'),
    'meanSeconds', extract(epoch from avg(i.completed_at - i.created_at))::float8,
    'credits', json_build_object(
      'held', coalesce(sum(i.credits_held - i.credits_charged - i.credits_released), 0),
      'charged', coalesce(sum(i.credits_charged), 0),
      'released', coalesce(sum(i.credits_released), 0) - executions.credits_moved))
  from executions i where i.parent_id = executions.id
) end`;

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
      'parent_id',
      'item_index',
      itemsColumn.as('items'),
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
    credits: creditsOf(row),
    budgetCredits: row.budget_credits,
    temporalRunId: row.temporal_run_id,
    resumeNumber: row.resume_number,
    startRequestedAt: row.start_requested_at,
    cancelRequestedAt: row.cancel_requested_at,
    tags: row.tags,
    priority: row.priority,
    callbackUrl: row.callback_url,
    variant: row.variant,
    batchId: row.parent_id,
    itemIndex: row.item_index,
    items: row.items,
    createdAt: row.created_at,
    completedAt: row.completed_at,
  };
}

/** Of a batch with all that its items hold and have cost. */
function creditsOf(row: SelectedExecution): ExecutionRow['credits'] {
  const { held = 0, charged = 0, released = 0 } = row.items?.credits ?? {};
  return {
    held: row.credits_held_now + held,
    charged: row.credits_charged + charged,
    released: row.credits_released + released,
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
