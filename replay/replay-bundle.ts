import { PlanRun } from '../pipeline/pure/run/plan-run';
import { RunState, type StepState } from '../pipeline/pure/run/run-state';
import type { Step } from '../pipeline/pure/run/scope';
import { allNodes } from '../pipeline/pure/all-nodes';
import { RELEASE } from '../pipeline/release';
import { outputHashes, type BundleNode } from '../pipeline/replay-bundle';
import type { ReplayedNode, ReplayReport } from '../pipeline/replay-report';
import { nodeIdOfStep, type FailureView, type Plan, type PlanNode } from '../workflows/contract';
import { BundleError } from './bundle-error';
import { runNode, type NodeResult, type ReplayContext } from './run-node';

/**
 * Runs the plan of a bundle again, offline, and compares what every step made with what the execution recorded. The
 * interpreter is that of the executions, so loops, lists and branches come to the same steps or show where they do not.
 * Steps run one after another in the order of their dependencies, so the first difference is where it began.
 */
export async function replayBundle(context: ReplayContext): Promise<ReplayReport> {
  const { nodes: recorded, execution, release } = context.bundle;
  const nodes = await new Replay(context).run();
  const replayed = new Set(nodes.map(({ nodeId }) => nodeId));
  for (const node of recorded) if (!replayed.has(stepOf(node))) nodes.push(notReplayed(node));
  const firstDifference = nodes.find(({ verdict }) => verdict === 'different')?.nodeId ?? null;
  return {
    executionId: execution.executionId,
    releases: { recorded: release, replayed: RELEASE },
    nodes,
    isEqual: firstDifference === null && nodes.some(({ verdict }) => verdict === 'equal'),
    firstDifference,
  };
}

/** One replay under way. */
class Replay {
  private readonly nodes: ReplayedNode[] = [];
  private readonly told = new Set<string>();
  private readonly records: ReadonlyMap<string, BundleNode>;
  private readonly planned: ReadonlyMap<string, PlanNode>;
  private readonly state: RunState;
  private readonly plan: PlanRun;

  constructor(private readonly context: ReplayContext) {
    const { bundle } = context;
    this.records = new Map(bundle.nodes.map((node) => [stepOf(node), node]));
    const plan = { ...bundle.plan, nodes: bundle.plan.nodes.map((node) => this.withActualValues(node)) };
    this.planned = new Map(allNodes(plan.nodes).map((node) => [node.id, node]));
    this.state = new RunState(plan, []);
    this.plan = openPlan(plan, this.state);
  }

  async run(): Promise<ReplayedNode[]> {
    for (let ready = this.take(); ready.length > 0; ready = this.take()) {
      for (const step of ready) await this.replay(step);
    }
    return this.nodes;
  }

  /** Values and groups need no work: they are over when the steps that may run are known. */
  private take(): readonly Step[] {
    const ready = this.plan.takeReady();
    for (const [step, state] of this.state.steps) this.tellOver(step, state);
    return ready;
  }

  private tellOver(step: string, { status, outputs = {} }: StepState): void {
    const recorded = this.records.get(step);
    if (status !== 'COMPLETED' || this.told.has(step) || recorded?.status !== 'COMPLETED') return;
    const isValue = this.planned.get(nodeIdOfStep(step))?.work.kind === 'value';
    this.tell(compareResult(recorded, { source: isValue ? 'value' : 'computed', outputs }));
  }

  private async replay(step: Step): Promise<void> {
    const recorded = this.records.get(step.id);
    if (recorded?.status !== 'COMPLETED') return this.repeatEnd(step, recorded);
    const result = await this.tryStep(step, recorded);
    if (result instanceof Error) {
      this.tell(notMade(recorded, result.message));
      this.state.fail(step.id, failureOf(result.message));
    } else {
      this.tell(compareResult(recorded, result));
      const credits = this.creditsOf(step.id);
      this.state.complete(step.id, { outputs: result.outputs, credits, attempts: 1, unrecorded: true });
    }
    this.plan.settle(step.id);
  }

  /** What failed fails again, since what follows may go on without it; what did not end holds up what follows. */
  private repeatEnd(step: Step, recorded: BundleNode | undefined): void {
    const status = recorded?.status ?? 'not run';
    const { nodeType } = step.node;
    const reason = `it was ${status} in the execution`;
    this.tell({
      ...{ nodeId: step.id, nodeType, source: 'none', verdict: 'not_compared', outputs: [], reason },
    });
    step.state.status = 'RUNNING';
    if (status !== 'FAILED') return;
    this.state.fail(step.id, failureOf('It failed in the execution.'));
    this.plan.settle(step.id);
  }

  private async tryStep(step: Step, recorded: BundleNode): Promise<NodeResult | Error> {
    try {
      return await runNode(this.context, step, recorded, (nodeId) => step.scope.lookup(nodeId));
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** A loop may end by what it has cost. */
  private creditsOf(step: string): number {
    const { jobs, execution } = this.context.bundle;
    return jobs
      .filter((job) => job.step === step && job.executionId === execution.executionId)
      .reduce((sum, { creditsCharged }) => sum + creditsCharged, 0);
  }

  private tell(node: ReplayedNode): void {
    this.told.add(node.nodeId);
    this.nodes.push(node);
  }

  /** Files that are given count by the bytes that the bundle has; one that is missing is told at its node. */
  private withActualValues(node: PlanNode): PlanNode {
    const body = node.body && {
      ...node.body,
      nodes: node.body.nodes.map((each) => this.withActualValues(each)),
    };
    const { work } = node;
    if (work.kind !== 'value') return body ? { ...node, body } : node;
    try {
      return { ...node, work: { ...work, outputs: this.context.assets.actualOutputs(work.outputs) } };
    } catch (error) {
      if (!(error instanceof BundleError)) throw error;
      const recorded = this.records.get(node.id);
      if (recorded) this.tell(notMade(recorded, error.message));
      return node;
    }
  }
}

function openPlan(plan: Plan, state: RunState): PlanRun {
  try {
    return new PlanRun(plan.nodes, state);
  } catch (error) {
    throw new BundleError('The plan in the bundle is damaged.', { cause: error });
  }
}

function stepOf({ step, nodeId }: BundleNode): string {
  return step ?? nodeId;
}

function failureOf(message: string): FailureView {
  return { code: 'internal', message, retryable: false };
}

/** Recorded, but nothing in the plan leads to it: what was not made again is not the same. */
function notReplayed(recorded: BundleNode): ReplayedNode {
  if (recorded.status === 'COMPLETED') return notMade(recorded, 'the plan in the bundle does not run it');
  const reason = `it was ${recorded.status} in the execution`;
  const { nodeType } = recorded;
  return { nodeId: stepOf(recorded), nodeType, source: 'none', verdict: 'not_compared', outputs: [], reason };
}

function notMade(recorded: BundleNode, reason: string): ReplayedNode {
  const { nodeType } = recorded;
  const outputs = compare(recorded, {});
  return { nodeId: stepOf(recorded), nodeType, source: 'none', verdict: 'different', outputs, reason };
}

function compareResult(recorded: BundleNode, { source, outputs }: NodeResult): ReplayedNode {
  const compared = compare(recorded, outputHashes(outputs));
  const differing = compared.filter((port) => port.recorded !== port.replayed).map(({ port }) => port);
  return {
    nodeId: stepOf(recorded),
    nodeType: recorded.nodeType,
    source,
    verdict: differing.length === 0 ? 'equal' : 'different',
    outputs: compared,
    reason: differing.length === 0 ? null : `another result at ${differing.join(', ')}`,
  };
}

function compare(
  { outputHashes: recorded }: BundleNode,
  replayed: Readonly<Record<string, string>>,
): ReplayedNode['outputs'] {
  const ports = new Set([...Object.keys(recorded), ...Object.keys(replayed)]);
  return [...ports].map((port) => ({
    port,
    recorded: recorded[port] ?? null,
    replayed: replayed[port] ?? null,
  }));
}
