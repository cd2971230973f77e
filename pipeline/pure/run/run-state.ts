import type { NodeOutcome } from '../ready-nodes';
import {
  candidateKey,
  nodeIdOfStep,
  type Candidate,
  type CarriedNode,
  type ExecutionFailure,
  type FailureView,
  type NodeOutputs,
  type NodeProgress,
  type Plan,
  type PlanNode,
} from '../../../workflows/contract';

/** How a step ended well; `candidate` is the one that served it. */
export interface StepEnd {
  readonly outputs: NodeOutputs;
  readonly credits: number;
  readonly attempts: number;
  readonly candidate?: Candidate;
  /** No activity wrote the step's row. */
  readonly unrecorded: boolean;
}

/** Where a step stands in this Temporal run. */
export interface StepState {
  status: NodeProgress['status'] | 'PENDING';
  outputs?: NodeOutputs;
  error?: FailureView;
  /** Of a group: the step that made it fail. */
  failedStep?: string;
  /** Steps that were over when this one last began. */
  beganAfter?: number;
  /** Of a delay or a review: when it is over. */
  dueAtMs?: number;
  /** Of a delay that an earlier run has begun. */
  beganAtMs?: number;
  /** Of a group: of all its steps. */
  credits: number;
  attempts: number;
  /** `provider:model` that served it. */
  servedBy?: string;
  /** Its row is written by its own activity. */
  recorded: boolean;
  /** No activity of its own shows that it has begun. */
  isAnnounced?: boolean;
  /** Came from an earlier Temporal run. */
  carried: boolean;
}

/** All steps of a run: those of the plan's own nodes in plan order, then those of groups as they were opened. */
export class RunState {
  readonly steps: Map<string, StepState>;
  private readonly nodes: ReadonlyMap<string, PlanNode>;

  constructor(plan: Plan, carried: readonly CarriedNode[]) {
    this.nodes = new Map(plan.nodes.map((node) => [node.id, node]));
    const earlier = new Map(carried.map((node) => [node.nodeId, node]));
    const ids = new Set([...this.nodes.keys(), ...earlier.keys()]);
    this.steps = new Map([...ids].map((id) => [id, initialState(earlier.get(id))]));
  }

  /** The state of a step, which an earlier run may have brought. */
  open(step: string): StepState {
    const known = this.steps.get(step);
    if (known) return known;
    const state = initialState(undefined);
    this.steps.set(step, state);
    return state;
  }

  get(step: string): StepState {
    const state = this.steps.get(step);
    if (!state) throw new Error(`The run has no step "${step}".`);
    return state;
  }

  /** For a step that nobody else shows as running. */
  begin(step: string): void {
    Object.assign(this.get(step), { status: 'RUNNING', isAnnounced: true, recorded: false });
  }

  complete(step: string, end: StepEnd): void {
    const servedBy = end.candidate ? { servedBy: candidateKey(end.candidate) } : {};
    const { outputs, credits, attempts } = end;
    Object.assign(this.get(step), {
      status: 'COMPLETED',
      outputs,
      credits,
      attempts,
      recorded: !end.unrecorded,
      ...servedBy,
    });
  }

  /** Nothing can come to it any more. */
  skip(step: string): void {
    Object.assign(this.get(step), { status: 'SKIPPED', recorded: false });
  }

  fail(step: string, error: FailureView, failedStep?: string): void {
    Object.assign(this.get(step), { status: 'FAILED', error, failedStep, recorded: false });
  }

  /** It keeps its place: what follows it neither starts nor is given up. */
  wait(step: string, error: FailureView, failedStep?: string): void {
    Object.assign(this.get(step), { status: 'WAITING', error, failedStep, recorded: false });
  }

  /** What the user is to mend: the first waiting step, in plan order. */
  waiting(): ExecutionFailure | undefined {
    return this.first(({ status }) => status === 'WAITING');
  }

  /**
   * Steps that found too few credits, and began before another one was over: a job often costs less than it had reserved.
   * @param over - Steps that are over by now.
   */
  unpaidBefore(over: number): readonly string[] {
    return [...this.steps].flatMap(([step, { status, error, beganAfter = over }]) =>
      status === 'WAITING' && error?.code === 'budget_reached' && beganAfter < over ? [step] : [],
    );
  }

  /**
   * A resume runs again whatever is not done, as one of a run that has failed does; what sleeps goes on sleeping.
   *
   * @param keepsCarried - Of an item: a shared step that failed is the batch's to run again.
   */
  reopen(keepsCarried = false): void {
    for (const state of this.steps.values()) {
      if (keepsCarried && state.carried && state.status === 'FAILED') continue;
      if (state.status === 'COMPLETED' || (state.status === 'RUNNING' && !state.isAnnounced)) continue;
      if (state.status === 'RUNNING' && state.dueAtMs !== undefined) continue;
      Object.assign(state, { status: 'PENDING', recorded: false, carried: false, isAnnounced: false });
      delete state.error;
      delete state.failedStep;
    }
  }

  /** A run that ends does not wait any more. */
  failWaiting(): void {
    for (const state of this.steps.values()) if (state.status === 'WAITING') state.status = 'FAILED';
  }

  /** Steps whose rows no activity of their own writes, for `recordProgress` and `finishExecution`. */
  unrecorded(): NodeProgress[] {
    const progress: NodeProgress[] = [];
    for (const [step, { status, outputs, error, recorded, isAnnounced }] of this.steps) {
      if (recorded || status === 'PENDING' || (status === 'RUNNING' && !isAnnounced)) continue;
      const nodeId = nodeIdOfStep(step);
      progress.push({
        nodeId,
        ...(nodeId === step ? {} : { step }),
        status,
        ...(outputs ? { outputs } : {}),
        ...(error ? { error } : {}),
      });
    }
    return progress;
  }

  /** Finished and waiting steps, for a run that continues this one. */
  carry(): CarriedNode[] {
    const carried: CarriedNode[] = [];
    for (const [nodeId, state] of this.steps) {
      const { status, outputs = {}, error, recorded, credits, attempts, servedBy, dueAtMs } = state;
      const sleeps = status === 'RUNNING' && dueAtMs !== undefined;
      const { beganAtMs } = state;
      const isComing = status === 'PENDING' && beganAtMs !== undefined;
      const kept = sleeps || isComing ? 'WAITING' : status;
      if (kept === 'PENDING' || kept === 'RUNNING' || kept === 'CANCELLED') continue;
      carried.push({
        ...{ nodeId, status: kept, outputs, credits, attempts },
        ...(error ? { error } : {}),
        ...(recorded ? {} : { unrecorded: true }),
        ...(servedBy ? { servedBy } : {}),
        ...(sleeps ? { dueAtMs } : {}),
        ...(isComing ? { beganAtMs } : {}),
      });
    }
    return carried;
  }

  /** The first failed node, in plan order, that fails the run; a node with `onError: continue` does not. */
  failure(): ExecutionFailure | undefined {
    // A failed step of a group fails its group first, which decides what follows.
    return this.first(
      ({ status }, node) => status === 'FAILED' && node !== undefined && node.onError !== 'continue',
    );
  }

  private first(
    matches: (state: StepState, node: PlanNode | undefined) => boolean,
  ): ExecutionFailure | undefined {
    for (const [step, state] of this.steps) {
      const { error, failedStep = step } = state;
      if (error && matches(state, this.nodes.get(step)))
        return { ...error, nodeId: failedStep, resumable: true };
    }
    return undefined;
  }
}

function initialState(carried: CarriedNode | undefined): StepState {
  if (!carried) return { status: 'PENDING', credits: 0, attempts: 0, recorded: false, carried: false };
  const { status, outputs, error, credits = 0, attempts = 0, servedBy, dueAtMs, beganAtMs } = carried;
  const waits = status === 'WAITING';
  return {
    status: dueAtMs === undefined && beganAtMs === undefined ? status : 'PENDING',
    outputs,
    ...(error ? { error } : {}),
    credits,
    attempts,
    ...(servedBy ? { servedBy } : {}),
    ...(dueAtMs === undefined ? {} : { dueAtMs }),
    ...(beganAtMs === undefined ? {} : { beganAtMs }),
    recorded: !waits && !carried.unrecorded,
    carried: !waits,
  };
}

/**
 * @returns undefined for a step that is not over. What may fail without failing the run counts as skipped then: those
 * behind it go on as far as they can without it.
 */
export function outcomeOf(
  status: StepState['status'],
  onError: PlanNode['onError'],
): NodeOutcome | undefined {
  switch (status) {
    case 'COMPLETED':
      return 'done';
    case 'SKIPPED':
      return 'skipped';
    case 'FAILED':
      return onError === 'continue' ? 'skipped' : 'failed';
    case 'CANCELLED':
      return 'failed';
    case 'PENDING':
    case 'RUNNING':
    case 'WAITING':
      return undefined;
  }
}
