import { isOver } from '../../../pipeline/execution-view';
import { executionWorkflowId } from '../../../workflows/contract';
import type { ClientEvidence, Violation } from '../evidence/evidence';
import type { Books } from './books';

/** As `node_height` of the store: an end may still become COMPLETED, by a result that was on its way. */
const RANK: Readonly<Record<string, number>> = { PENDING: 0, RUNNING: 1, WAITING: 2, COMPLETED: 4 };
const END = 3;

/** S1–S4: an accepted run exists once, ends once, never goes backwards, and Temporal says the same. */
export function checkStates(books: Books): Violation[] {
  const { clients, database } = books.evidence;
  return [
    ...clients.flatMap(({ executionId }) => exists(books, executionId)),
    ...clients.flatMap(endsOnce),
    ...clients.flatMap(goesForward),
    ...database.executions.flatMap(({ id }) => goesForwardInEvents(books, id)),
    ...database.executions.flatMap(({ id }) => agreesWithTemporal(books, id)),
  ];
}

/** S1: what a caller was promised is in the database, and is one workflow with one Temporal run for each attempt. */
function exists({ executions, evidence }: Books, executionId: string): Violation[] {
  const row = executions.get(executionId);
  if (row === undefined) return [{ invariant: 'S1', executionId, evidence: 'not in the database' }];
  const runs = evidence.temporal.filter((run) => run.executionId === executionId);
  const strangers = runs.filter((run) => run.workflowId !== executionWorkflowId(executionId));
  if (runs.length === row.attempt && strangers.length === 0) return [];
  const ids = runs.map((run) => `${run.workflowId} ${run.runId}`).join(', ');
  return [{ invariant: 'S1', executionId, evidence: `attempt ${row.attempt} has Temporal runs: ${ids}` }];
}

/** S2: as callers saw it. */
function endsOnce({ executionId, views }: ClientEvidence): Violation[] {
  return views.flatMap((view, index) => {
    const before = views[index - 1];
    if (before === undefined || before.attempt !== view.attempt || !isOver(before.status)) return [];
    if (before.status === view.status) return [];
    return [{ invariant: 'S2', executionId, evidence: `${before.status} became ${view.status}` }];
  });
}

/** S3: as callers saw it. */
function goesForward({ executionId, views }: ClientEvidence): Violation[] {
  return views.flatMap((view, index) => {
    const before = views[index - 1];
    if (before === undefined) return [];
    return Object.entries(view.nodes).flatMap(([nodeId, { status }]) =>
      backwards(executionId, nodeId, before.nodes[nodeId]?.status, status, before.attempt === view.attempt),
    );
  });
}

function backwards(
  executionId: string,
  nodeId: string,
  before: string | undefined,
  after: string,
  isSameAttempt: boolean,
): Violation[] {
  if (before === undefined || (!isSameAttempt && before !== 'COMPLETED')) return [];
  const [from, to] = [RANK[before] ?? END, RANK[after] ?? END];
  if (to > from || before === after) return [];
  return [{ invariant: 'S3', executionId, evidence: `${nodeId} went from ${before} to ${after}` }];
}

/** S2 and S3: as the events tell it, which hold every change. */
function goesForwardInEvents({ evidence }: Books, executionId: string): Violation[] {
  const found: Violation[] = [];
  const nodes = new Map<string, string>();
  let isAtEnd = false;
  let isSameAttempt = true;
  for (const event of evidence.database.events.filter((row) => row.execution_id === executionId)) {
    if (event.type === 'resumed' || event.type === 'taken_over') {
      isAtEnd = false;
      isSameAttempt = false;
      for (const [step, status] of nodes) if (status !== 'COMPLETED') nodes.delete(step);
    }
    if (isAtEnd && 'status' in event.data)
      found.push({
        invariant: 'S2',
        executionId,
        evidence: `${event.type} after the end, revision ${event.revision}`,
      });
    const changed = 'nodes' in event.data ? (Object(event.data['nodes']) as Record<string, string>) : {};
    for (const [step, status] of Object.entries(changed)) {
      found.push(...backwards(executionId, step, nodes.get(step), status, isSameAttempt));
      nodes.set(step, status);
    }
    isAtEnd ||= event.type === 'finished';
  }
  return found;
}

/** S4: the row and the latest Temporal run end alike. */
function agreesWithTemporal({ executions, evidence }: Books, executionId: string): Violation[] {
  const status = executions.get(executionId)?.status;
  const ends = evidence.temporal.filter((run) => run.executionId === executionId).map((run) => run.status);
  const open = ends.filter((end) => end === 'RUNNING').length;
  const isAlike =
    status === 'RUNNING' || status === 'WAITING' ? open === 1 : open === 0 && ends.includes(status ?? '');
  if (isAlike) return [];
  return [
    { invariant: 'S4', executionId, evidence: `the row is ${status}, Temporal says ${ends.join(', ')}` },
  ];
}
