import { collectInputs } from '../node-inputs';
import { createReadyQueue, type ReadyQueue } from '../ready-nodes';
import type { JsonObject, NodeInputs, NodeOutputs, PlanNode } from '../../../workflows/contract';
import type { StepState } from './run-state';

/** A node in one place of the run. */
export interface Step {
  /** `n7`, `n7.2.13`, `sub/n3`. */
  readonly id: string;
  readonly node: PlanNode;
  readonly scope: Scope;
  readonly state: StepState;
}

/** A group under way: its body runs once per scope. */
export interface Group {
  readonly step: Step;
  readonly control: string;
  readonly config: JsonObject;
  readonly inputs: NodeInputs;
  readonly iterations: Scope[];
}

/** Whose iteration a scope is. */
export interface Owner {
  readonly group: Group;
  /** From 1. */
  readonly number: number;
  /** What the group gives to its members, by inner port. */
  readonly given: NodeOutputs;
}

/** One run of a plan's nodes or of a group's body: its steps by node id, and the queue that orders them. */
export class Scope {
  readonly queue: ReadyQueue;
  readonly steps = new Map<string, Step>();
  private readonly prefix: string;
  private readonly suffix: string;

  constructor(
    nodes: readonly PlanNode[],
    readonly owner?: Owner,
  ) {
    this.queue = createReadyQueue(nodes);
    const group = owner?.group.step;
    const isPath = group?.node.body?.naming === 'path';
    this.prefix = !group ? '' : isPath ? `${group.id}/` : group.scope.prefix;
    this.suffix = !group || isPath ? '' : `${group.scope.suffix}.${owner.number}`;
  }

  stepId(nodeId: string): string {
    return `${this.prefix}${nodeId.slice(nodeId.lastIndexOf('/') + 1)}${this.suffix}`;
  }

  /** Outputs of a finished node as this scope sees it: its own, its group's gifts, or those of the scopes around it. */
  lookup(nodeId: string): NodeOutputs | undefined {
    const own = this.steps.get(nodeId);
    if (own || !this.owner) return own?.state.outputs;
    const { step } = this.owner.group;
    return step.node.id === nodeId ? this.owner.given : step.scope.lookup(nodeId);
  }

  /** The first step, in plan order, that fails this iteration. */
  failed(): Step | undefined {
    return [...this.steps.values()].find(
      ({ state, node }) => state.status === 'FAILED' && node.onError !== 'continue',
    );
  }

  results(): NodeInputs {
    const inputs = this.owner?.group.step.node.body?.inputs ?? [];
    return collectInputs({ inputs }, (nodeId) => this.steps.get(nodeId)?.state.outputs);
  }

  credits(): number {
    return [...this.steps.values()].reduce((sum, { state }) => sum + state.credits, 0);
  }
}
