import type { ExecutionView, NodeView } from '../../../pipeline/execution-view';
import { ITEMS_NODE_ID, type ExecutionFailure, type FailureView } from '../../../workflows/contract';
import type { ItemCounts } from '../batches/batch';
import { toItemsView } from '../batches/items-view';
import { summariseSteps } from './summarise-steps';
import type { ExecutionRow, ExecutionSnapshot, NodeRow } from './execution';

/** The poll body without what only the API knows: `links` is empty and asset values are references without `url`. */
export function toExecutionView({ execution, nodes: rows }: ExecutionSnapshot): ExecutionView {
  const { nodes, summaries } = summariseSteps(rows.filter(({ nodeId }) => nodeId !== ITEMS_NODE_ID));
  const views = nodes.map((node) => [node.step, toNodeView(node)] as const);
  const counted = views.filter(([step]) => !summaries.has(step));
  const count = (status: NodeView['status']) => counted.filter(([, view]) => view.status === status).length;
  const outputs = nodes.filter((node) => node.isOutput && node.status === 'COMPLETED');
  return {
    executionId: execution.id,
    workflowId: execution.workflowId,
    version: execution.version,
    attempt: execution.attempt,
    progress: withItems(
      {
        total: counted.length,
        completed: count('COMPLETED'),
        running: count('RUNNING'),
        failed: count('FAILED'),
        skipped: count('SKIPPED'),
      },
      execution.items,
    ),
    nodes: Object.fromEntries(views),
    output: Object.fromEntries(outputs.map((node) => [node.step, { ...node.outputs }])),
    credits: execution.credits,
    items: execution.items && toItemsView(execution.items, execution.status),
    links: {},
    cancelRequested: execution.cancelRequestedAt !== null,
    createdAt: execution.createdAt.toISOString(),
    completedAt: toTime(execution.completedAt),
    ...toOutcome(execution),
  };
}

/** An item of a batch counts as one step of it. */
function withItems(
  { total, completed, running, failed, skipped }: ExecutionView['progress'],
  items: ItemCounts | null,
): ExecutionView['progress'] {
  if (items === null) return { total, completed, running, failed, skipped };
  return {
    total: total + items.total,
    completed: completed + items.completed,
    running: running + items.running,
    failed: failed + items.failed,
    skipped,
  };
}

function toOutcome(execution: ExecutionRow) {
  const { status, failure } = execution;
  switch (status) {
    case 'RUNNING':
    case 'COMPLETED':
    case 'CANCELLED':
      return { status, error: null, failure: null };
    case 'WAITING':
      return { status, error: failure?.message ?? null, failure };
    case 'FAILED': {
      const known = failure ?? unexplained;
      return { status, error: known.message, failure: known };
    }
  }
}

/** A run may end in Temporal without a word, by a time-out or by an operator's hand. */
const unexplained: ExecutionFailure = {
  code: 'internal',
  message: 'the run ended without a result or a reason: resume it, finished nodes are kept',
  nodeId: '',
  retryable: true,
  resumable: true,
};

function toNodeView(node: NodeRow): NodeView {
  const common = {
    nodeType: node.nodeType,
    output: { ...node.outputs },
    provider: node.provider,
    model: node.model,
    attempts: node.attempts,
    fallbackFrom: [...node.fallbackFrom],
    cached: node.cached,
    credits: node.credits,
    ...(node.possibleDuplicate ? { possibleDuplicate: true } : {}),
    startedAt: toTime(node.startedAt),
    completedAt: toTime(node.completedAt),
  };
  switch (node.status) {
    case 'PENDING':
    case 'RUNNING':
      return { status: node.status, ...common, error: null };
    case 'COMPLETED':
      return { status: node.status, ...common, completedAt: common.completedAt ?? '', error: null };
    case 'FAILED':
      return { status: node.status, ...common, error: node.error ?? unexplainedNode };
    case 'WAITING':
    case 'SKIPPED':
    case 'CANCELLED':
      return { status: node.status, ...common, error: node.error };
  }
}

const unexplainedNode: FailureView = {
  code: 'internal',
  message: 'the node failed without a reason: resume the execution',
  retryable: true,
};

function toTime(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
