import { allNodes } from '../pure/all-nodes';
import type { Quote } from '../quote';
import type { CarriedNode, NodeOutputs, NodeProgress, Plan, PlanNode } from '../../workflows/contract';
import { PlanIndex } from './plan-index';

/** What earlier runs have left of a step. */
export interface FinishedStep {
  readonly step: string;
  readonly nodeId: string;
  readonly status: NodeProgress['status'] | 'PENDING';
  readonly nodeKey: string;
  readonly outputs: NodeOutputs | null;
  readonly credits: number;
  /** When it began; needed of delays alone. */
  readonly startedAt?: Date | null;
}

/** What tells whether a paid job may still bring something. */
export interface KnownJob {
  readonly step: string;
  readonly provider: string;
  readonly model: string;
  readonly generation: number;
  readonly state: string;
}

export interface ResumePlan<Job extends KnownJob = KnownJob> {
  /** Finished results that are kept, in plan order, and delays that count from when they first began. */
  readonly carried: readonly CarriedNode[];
  /** By step. */
  readonly reused: readonly { readonly nodeId: string; readonly credits: number }[];
  /** Node ids that run (again), in plan order; members of a group that is not over among them. */
  readonly rerun: readonly string[];
  /** Paid jobs under way that the run takes over instead of sending again. */
  readonly adoptedJobs: readonly Job[];
  readonly creditsNotSpentAgain: number;
  /** Of the nodes that run. */
  readonly quote: Quote;
}

export interface FinishedWork<Job extends KnownJob> {
  readonly nodes: readonly FinishedStep[];
  readonly jobs: readonly Job[];
}

/** States in which a job was sent and has no end that this execution has seen. */
const UNDER_WAY: ReadonlySet<string> = new Set(['SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED', 'SETTLED']);

/**
 * Decides what a resume keeps: a finished result is reused if and only if its node key is unchanged and everything that it
 * was made from is kept as well. In groups that is decided step by step, so a loop goes on in the round that failed.
 *
 * @param quote - Of the whole plan.
 */
export function planResume<Job extends KnownJob>(
  plan: Plan,
  quote: Quote,
  { nodes: rows, jobs }: FinishedWork<Job>,
): ResumePlan<Job> {
  const kept = new KeptSteps(new PlanIndex(plan), rows);
  const finished = rows.filter((row) => kept.isFinished(row.step));
  const reused = finished.map(({ step, credits }) => ({ nodeId: step, credits }));
  const top = new Set(finished.map((row) => row.step));
  const rerun = allNodes(plan.nodes).filter(({ id }) => !kept.isOver(id));
  const nodes = quote.nodes.filter(({ nodeId }) => rerun.some(({ id }) => id === nodeId));
  const left = nodes.map((node) => kept.quoteLeft(node));
  return {
    carried: [
      ...inPlanOrder(plan, finished.filter(({ step }) => !kept.isInsideFinished(step)).map(carryOf)),
      ...rows.flatMap((row) => kept.delayUnderWay(row)),
    ],
    reused,
    rerun: rerun.map(({ id }) => id),
    adoptedJobs: newestJobs(jobs).filter(
      (job) => UNDER_WAY.has(job.state) && kept.isIntact(job.step) && !top.has(job.step),
    ),
    creditsNotSpentAgain: reused.reduce((sum, { credits }) => sum + credits, 0),
    quote: {
      minCredits: left.reduce((sum, node) => sum + node.minCredits, 0),
      maxCredits: left.reduce((sum, node) => sum + node.maxCredits, 0),
      nodes: left,
    },
  };

  /** A loop may be stopped by what it has cost. */
  function carryOf({ step, nodeId, outputs, credits }: FinishedStep): CarriedNode {
    const spent = credits + kept.creditsWithin(step);
    const counts = step !== nodeId || spent > credits;
    return {
      nodeId: step,
      status: 'COMPLETED',
      outputs: outputs ?? {},
      ...(counts ? { credits: spent } : {}),
    };
  }
}

/** Rows come in the order of the plan that they were made from. */
function inPlanOrder(plan: Plan, carried: readonly CarriedNode[]): readonly CarriedNode[] {
  const places = new Map(plan.nodes.map(({ id }, place) => [id, place]));
  const placeOf = ({ nodeId }: CarriedNode): number => places.get(nodeId) ?? plan.nodes.length;
  return carried.toSorted((left, right) => placeOf(left) - placeOf(right));
}

/** What of earlier runs still holds under a plan. */
class KeptSteps {
  private readonly rows: ReadonlyMap<string, FinishedStep>;
  private readonly verdicts = new Map<string, boolean>();

  constructor(
    private readonly index: PlanIndex,
    rows: readonly FinishedStep[],
  ) {
    this.rows = new Map(rows.map((row) => [row.step, row]));
  }

  /** Its inputs are exactly those of the earlier run: same key, and everything before it is kept. */
  isIntact(step: string): boolean {
    const known = this.verdicts.get(step);
    if (known !== undefined) return known;
    // A plan has no cycles; were there one, it would not be intact.
    this.verdicts.set(step, false);
    const place = this.index.place(step);
    const key = (this.rows.get(step) ?? this.rows.get(place?.node.id ?? ''))?.nodeKey;
    const verdict =
      place !== undefined &&
      key === place.node.nodeKey &&
      this.index.stepsBefore(place).every((before) => this.isKept(before));
    this.verdicts.set(step, verdict);
    return verdict;
  }

  /** Finished in an earlier run, and to be reused. */
  isFinished(step: string): boolean {
    const row = this.rows.get(step);
    return row?.status === 'COMPLETED' && row.outputs !== null && this.isIntact(step);
  }

  /** Nothing of the node is left to run. */
  isOver(nodeId: string): boolean {
    const groups = this.index.groupsOf(nodeId);
    return groups.length === 0 ? this.isFinished(nodeId) : groups.some(({ id }) => this.isOver(id));
  }

  /** It has begun and is not over: what it waits for does not begin again with the run. */
  delayUnderWay({ step, status, startedAt }: FinishedStep): readonly CarriedNode[] {
    const isDelay = this.index.place(step)?.node.work.kind === 'delay';
    const hasBegun = startedAt !== undefined && startedAt !== null;
    if (!isDelay || !hasBegun || status === 'COMPLETED' || status === 'SKIPPED') return [];
    if (!this.isIntact(step) || this.isInsideFinished(step)) return [];
    return [{ nodeId: step, status: 'WAITING', outputs: {}, beganAtMs: startedAt.getTime() }];
  }

  isInsideFinished(step: string): boolean {
    return this.index.groupStepsOf(step).some((group) => this.isFinished(group));
  }

  /** Of all steps inside of a group's step. */
  creditsWithin(step: string): number {
    let credits = 0;
    for (const row of this.rows.values())
      if (this.index.groupStepsOf(row.step).includes(step)) credits += row.credits;
    return credits;
  }

  /** A member has the rounds before it that are left. */
  quoteLeft(node: Quote['nodes'][number]): Quote['nodes'][number] {
    const { min, max } = this.index.timesOf(node.nodeId);
    const steps = [...this.rows.values()].filter(
      (row) => row.nodeId === node.nodeId && this.isFinished(row.step),
    );
    const share = (credits: number, times: number): number =>
      times === 0 ? 0 : Math.round((credits * Math.max(0, times - steps.length)) / times);
    return { ...node, minCredits: share(node.minCredits, min), maxCredits: share(node.maxCredits, max) };
  }

  /** Values and pure functions need not have finished: computed again they give the same, for nothing. So is a skip. */
  private isKept(step: string): boolean {
    if (!this.isIntact(step)) return false;
    const node = this.index.place(step)?.node;
    const row = this.rows.get(step);
    return (
      (node !== undefined && isFree(node)) ||
      row?.status === 'SKIPPED' ||
      (row?.status === 'COMPLETED' && row.outputs !== null)
    );
  }
}

function isFree({ work }: PlanNode): boolean {
  return work.kind === 'value' || work.kind === 'pure';
}

/** The last generation per candidate: earlier ones have failed or were replaced. */
function newestJobs<Job extends KnownJob>(jobs: readonly Job[]): readonly Job[] {
  const newest = new Map<string, Job>();
  for (const job of jobs) {
    const key = JSON.stringify([job.step, job.provider, job.model]);
    if (job.generation > (newest.get(key)?.generation ?? 0)) newest.set(key, job);
  }
  return [...newest.values()];
}
