import type { Quote } from '../pipeline/quote';
import type { NodeRow } from '../store/database/executions/execution';
import type { Job } from '../store/database/jobs/job';
import type { CarriedNode, Plan, PlanNode } from '../workflows/contract';

export interface ResumePlan {
  /** Finished results that are kept, in plan order. */
  readonly carried: readonly CarriedNode[];
  readonly reused: readonly { readonly nodeId: string; readonly credits: number }[];
  /** Node ids that run (again), in plan order. */
  readonly rerun: readonly string[];
  /** Paid jobs under way that the run takes over instead of sending again. */
  readonly adoptedJobs: readonly Job[];
  readonly creditsNotSpentAgain: number;
  /** Of the nodes that run. */
  readonly quote: Quote;
}

export interface FinishedWork {
  readonly nodes: readonly NodeRow[];
  readonly jobs: readonly Job[];
}

/** States in which a job was sent and has no end that this execution has seen. */
const UNDER_WAY: ReadonlySet<Job['state']> = new Set([
  'SUBMITTING',
  'ACCEPTED',
  'UNKNOWN',
  'STORED',
  'SETTLED',
]);

/**
 * Decides what a resume keeps: a finished result is reused if and only if its node key is unchanged and everything that it
 * was made from is kept as well.
 *
 * @param quote - Of the whole plan.
 */
export function planResume(plan: Plan, quote: Quote, { nodes, jobs }: FinishedWork): ResumePlan {
  const rows = new Map(nodes.filter((row) => row.step === row.nodeId).map((row) => [row.nodeId, row]));
  const intact = findIntact(plan, rows);
  const carried = plan.nodes.flatMap(({ id }) => carry(intact.has(id) ? rows.get(id) : undefined));
  const kept = new Set(carried.map((node) => node.nodeId));
  const reused = carried.map(({ nodeId }) => ({ nodeId, credits: rows.get(nodeId)?.credits ?? 0 }));
  const rerun = plan.nodes.map((node) => node.id).filter((id) => !kept.has(id));
  return {
    carried,
    reused,
    rerun,
    adoptedJobs: newestJobs(jobs).filter(
      (job) => UNDER_WAY.has(job.state) && intact.has(job.nodeId) && !kept.has(job.nodeId),
    ),
    creditsNotSpentAgain: reused.reduce((sum, { credits }) => sum + credits, 0),
    quote: quoteOf(quote, new Set(rerun)),
  };
}

/**
 * Nodes whose inputs are exactly those of the earlier run: same key, and upstream nodes that are intact and finished.
 * Values and pure functions need not have finished: computed again they give the same, for nothing.
 */
function findIntact(plan: Plan, rows: ReadonlyMap<string, NodeRow>): ReadonlySet<string> {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const verdicts = new Map<string, boolean>();
  const isIntact = (node: PlanNode): boolean => {
    const known = verdicts.get(node.id);
    if (known !== undefined) return known;
    // A plan has no cycles; were there one, it would not be intact.
    verdicts.set(node.id, false);
    const verdict = rows.get(node.id)?.nodeKey === node.nodeKey && node.dependsOn.every(isKept);
    verdicts.set(node.id, verdict);
    return verdict;
  };
  const isKept = (nodeId: string): boolean => {
    const node = byId.get(nodeId);
    return node !== undefined && isIntact(node) && (isFree(node) || isFinished(rows.get(nodeId)));
  };
  return new Set(plan.nodes.filter(isIntact).map((node) => node.id));
}

function isFree({ work }: PlanNode): boolean {
  return work.kind === 'value' || work.kind === 'pure';
}

function isFinished(row: NodeRow | undefined): boolean {
  return row?.status === 'COMPLETED' && row.outputs !== null;
}

function carry(row: NodeRow | undefined): readonly CarriedNode[] {
  if (row?.status !== 'COMPLETED' || row.outputs === null) return [];
  return [{ nodeId: row.nodeId, status: 'COMPLETED', outputs: row.outputs }];
}

/** The last generation per candidate: earlier ones have failed or were replaced. */
function newestJobs(jobs: readonly Job[]): readonly Job[] {
  const newest = new Map<string, Job>();
  for (const job of jobs) {
    const key = JSON.stringify([job.step, job.provider, job.model]);
    if (job.generation > (newest.get(key)?.generation ?? 0)) newest.set(key, job);
  }
  return [...newest.values()];
}

function quoteOf(quote: Quote, nodeIds: ReadonlySet<string>): Quote {
  const nodes = quote.nodes.filter((node) => nodeIds.has(node.nodeId));
  return {
    minCredits: nodes.reduce((sum, node) => sum + node.minCredits, 0),
    maxCredits: nodes.reduce((sum, node) => sum + node.maxCredits, 0),
    nodes,
  };
}
