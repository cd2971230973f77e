import { collectInputs } from '../pipeline/pure/node-inputs';
import type { NodeOutcome } from '../pipeline/pure/ready-nodes';
import {
  candidateKey,
  type CarriedNode,
  type ExecutionFailure,
  type FailureView,
  type NodeInputs,
  type NodeOutputs,
  type NodeProgress,
  type Plan,
  type PlanNode,
} from './contract';
import type { NodeEnd } from './run-node';

/** Where a node stands in this Temporal run. */
export interface NodeState {
  status: NodeProgress['status'] | 'PENDING';
  outputs?: NodeOutputs;
  error?: FailureView;
  /** Nodes that were over when this one last began. */
  beganAfter?: number;
  credits: number;
  attempts: number;
  /** `provider:model` that served it. */
  servedBy?: string;
  /** Its row is written by its own activity. */
  recorded: boolean;
  /** Came from an earlier Temporal run. */
  carried: boolean;
}

/** All nodes of a run in plan order; a Map keeps that order, whatever the ids look like. */
export class RunState {
  readonly nodes: ReadonlyMap<string, NodeState>;

  constructor(
    private readonly plan: Plan,
    carried: readonly CarriedNode[],
  ) {
    const earlier = new Map(carried.map((node) => [node.nodeId, node]));
    this.nodes = new Map(plan.nodes.map((node) => [node.id, initialState(earlier.get(node.id))]));
  }

  get(nodeId: string): NodeState {
    const state = this.nodes.get(nodeId);
    if (!state) throw new Error(`The plan has no node "${nodeId}".`);
    return state;
  }

  outputs(nodeId: string): NodeOutputs | undefined {
    return this.nodes.get(nodeId)?.outputs;
  }

  /** Values at a node's connected ports. */
  inputsOf(node: PlanNode): NodeInputs {
    return collectInputs(node, (nodeId) => this.outputs(nodeId));
  }

  complete(nodeId: string, end: NodeEnd): void {
    const servedBy = end.candidate ? { servedBy: candidateKey(end.candidate) } : {};
    const { outputs, credits, attempts } = end;
    Object.assign(this.get(nodeId), {
      status: 'COMPLETED',
      outputs,
      credits,
      attempts,
      recorded: !end.unrecorded,
      ...servedBy,
    });
  }

  fail(nodeId: string, error: FailureView): void {
    Object.assign(this.get(nodeId), { status: 'FAILED', error, recorded: false });
  }

  /** It keeps its place: what follows it neither starts nor is given up. */
  wait(nodeId: string, error: FailureView): void {
    Object.assign(this.get(nodeId), { status: 'WAITING', error, recorded: false });
  }

  /** What the user is to mend: the first waiting node, in plan order. */
  waiting(): ExecutionFailure | undefined {
    return this.first(({ status }) => status === 'WAITING');
  }

  /**
   * Nodes that found too few credits, and began before another node was over: a job often costs less than it had reserved.
   * @param over - Nodes that are over by now.
   */
  unpaidBefore(over: number): readonly PlanNode[] {
    return this.plan.nodes.filter(({ id }) => {
      const { status, error, beganAfter = over } = this.get(id);
      return status === 'WAITING' && error?.code === 'budget_reached' && beganAfter < over;
    });
  }

  /** A resume runs again whatever is not done, as one of a run that has failed does. */
  reopen(): void {
    for (const state of this.nodes.values()) {
      if (state.status === 'COMPLETED') continue;
      Object.assign(state, { status: 'PENDING', recorded: false, carried: false });
      delete state.error;
    }
  }

  /** A run that ends does not wait any more. */
  failWaiting(): void {
    for (const state of this.nodes.values()) if (state.status === 'WAITING') state.status = 'FAILED';
  }

  /** Nodes whose rows no activity of their own writes, for `recordProgress` and `finishExecution`. */
  unrecorded(): NodeProgress[] {
    const progress: NodeProgress[] = [];
    for (const [nodeId, { status, outputs, error, recorded }] of this.nodes) {
      if (recorded || status === 'PENDING' || status === 'RUNNING') continue;
      progress.push({ nodeId, status, ...(outputs ? { outputs } : {}), ...(error ? { error } : {}) });
    }
    return progress;
  }

  /** Finished and waiting nodes, for a run that continues this one. */
  carry(): CarriedNode[] {
    const carried: CarriedNode[] = [];
    for (const [nodeId, { status, outputs = {}, error, recorded, credits, attempts, servedBy }] of this
      .nodes) {
      if (status === 'PENDING' || status === 'RUNNING' || status === 'CANCELLED') continue;
      carried.push({
        ...{ nodeId, status, outputs, credits, attempts },
        ...(error ? { error } : {}),
        ...(recorded ? {} : { unrecorded: true }),
        ...(servedBy ? { servedBy } : {}),
      });
    }
    return carried;
  }

  /** The first failed node, in plan order, that fails the run; a node with `onError: continue` does not. */
  failure(): ExecutionFailure | undefined {
    return this.first(({ status }, node) => status === 'FAILED' && node.onError !== 'continue');
  }

  private first(matches: (state: NodeState, node: PlanNode) => boolean): ExecutionFailure | undefined {
    for (const node of this.plan.nodes) {
      const state = this.get(node.id);
      if (state.error && matches(state, node)) return { ...state.error, nodeId: node.id, resumable: true };
    }
    return undefined;
  }
}

function initialState(carried: CarriedNode | undefined): NodeState {
  if (!carried) return { status: 'PENDING', credits: 0, attempts: 0, recorded: false, carried: false };
  const { status, outputs, error, credits = 0, attempts = 0, servedBy } = carried;
  const waits = status === 'WAITING';
  return {
    status,
    outputs,
    ...(error ? { error } : {}),
    credits,
    attempts,
    ...(servedBy ? { servedBy } : {}),
    recorded: !waits && !carried.unrecorded,
    carried: !waits,
  };
}

/** @returns undefined for a node that is not over */
export function outcomeOf(status: NodeState['status']): NodeOutcome | undefined {
  switch (status) {
    case 'COMPLETED':
      return 'done';
    case 'SKIPPED':
      return 'skipped';
    case 'FAILED':
    case 'CANCELLED':
      return 'failed';
    case 'PENDING':
    case 'RUNNING':
    case 'WAITING':
      return undefined;
  }
}
