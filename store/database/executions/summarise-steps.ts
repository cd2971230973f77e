import type { NodeStatus } from '../tables';
import type { NodeRow } from './execution';

export interface SummarisedNodes {
  /** In plan order, each node before its steps. */
  readonly nodes: readonly NodeRow[];
  /** Nodes whose rows stand for their steps, so that they do not count themselves. */
  readonly summaries: ReadonlySet<string>;
}

/** Looked for in this order: what is under way first, then what ended badly. */
const ORDER: readonly NodeStatus[] = ['RUNNING', 'WAITING', 'FAILED', 'COMPLETED', 'CANCELLED', 'PENDING'];

/**
 * The row of a group's member stands for all its steps, which have rows of their own: nobody writes it, it is made of theirs.
 * Attempts and credits are the sums.
 */
export function summariseSteps(rows: readonly NodeRow[]): SummarisedNodes {
  const steps = new Map<string, NodeRow[]>();
  for (const row of rows) if (row.step !== row.nodeId) add(steps, row.nodeId, row);
  const nodes = rows
    .filter((row) => row.step === row.nodeId)
    .flatMap((row) => {
      const own = (steps.get(row.nodeId) ?? []).toSorted(byNumbers);
      return own.length === 0 ? [row] : [summarise(row, own), ...own];
    });
  return { nodes, summaries: new Set(steps.keys()) };
}

function add(steps: Map<string, NodeRow[]>, nodeId: string, row: NodeRow): void {
  const known = steps.get(nodeId);
  if (known) known.push(row);
  else steps.set(nodeId, [row]);
}

function summarise(row: NodeRow, steps: readonly NodeRow[]): NodeRow {
  const status = ORDER.find((each) => steps.some((step) => step.status === each)) ?? 'SKIPPED';
  const isOver = !steps.some((step) => step.completedAt === null);
  const times = (read: (step: NodeRow) => Date | null): number[] =>
    steps.flatMap((step) => read(step)?.getTime() ?? []);
  const started = times((step) => step.startedAt);
  return {
    ...row,
    status,
    error:
      status === 'FAILED' || status === 'WAITING'
        ? (steps.find((step) => step.status === status)?.error ?? null)
        : null,
    attempts: steps.reduce((sum, step) => sum + step.attempts, 0),
    credits: steps.reduce((sum, step) => sum + step.credits, 0),
    possibleDuplicate: steps.some((step) => step.possibleDuplicate),
    startedAt: started.length > 0 ? new Date(Math.min(...started)) : null,
    completedAt: isOver ? new Date(Math.max(...times((step) => step.completedAt))) : null,
  };
}

/** `n7.2` before `n7.10`. */
function byNumbers(left: NodeRow, right: NodeRow): number {
  const numbers = ({ step }: NodeRow): number[] =>
    [...step.matchAll(/[.](\d+)/g)].map(([, number]) => Number(number));
  const [ours, theirs] = [numbers(left), numbers(right)];
  const place = ours.findIndex((number, index) => number !== theirs[index]);
  return place === -1 ? 0 : (ours[place] ?? 0) - (theirs[place] ?? 0);
}
