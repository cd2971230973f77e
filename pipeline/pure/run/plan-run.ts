import { controls } from '../controls';
import type { ControlView, Decision } from '../controls/control';
import { PureFunctionError } from '../functions/arguments';
import { collectInputs } from '../node-inputs';
import { fillTemplates, TemplateError } from '../templates';
import { utf8Bytes } from '../values';
import type { FailureView, NodeInputs, NodeOutputs, PlanNode } from '../../../workflows/contract';
import { isCutOff } from './cut-off';
import { outcomeOf, type RunState } from './run-state';
import { Scope, type Group, type Owner, type Step } from './scope';

/** Loops inside loops multiply; each step costs events in one history, and a row. */
export const STEPS_MAX = 2_000;

/** What a group brings together travels in activity payloads, which stay under 64 KB. */
const GROUP_OUTPUT_BYTES_MAX = 49_152;

/**
 * Says what may start, and makes of each end what follows from it, through all levels of groups. Knows no time, no
 * Temporal and no I/O: what it decides depends on the plan and on the steps that are over alone, so a run that carries
 * those comes to the same place.
 *
 * One rule for every branch: a node is skipped when an edge that it needs can bring nothing any more (see `isCutOff`).
 * One rule for every group: its control looks at the iterations so far and says which to open, or how it ends.
 */
export class PlanRun {
  private readonly steps = new Map<string, Step>();
  /** Those in which something may still start or end. */
  private readonly active = new Set<Scope>();
  private readonly root: Scope;
  private news = false;

  constructor(
    nodes: readonly PlanNode[],
    private readonly state: RunState,
  ) {
    this.root = this.openScope(nodes);
  }

  /** Steps to be run now, each once. What needs no work of others (values, groups, skips) is done on the way. */
  takeReady(): readonly Step[] {
    const ready: Step[] = [];
    for (let isMoving = true; isMoving;) {
      isMoving = false;
      for (const scope of [...this.active]) isMoving = this.advance(scope, ready) || isMoving;
    }
    return ready;
  }

  /** A step that was taken is over, by its state; one that waits stays where it is. */
  settle(stepId: string): void {
    const step = this.steps.get(stepId);
    // After a resume a step may end before its group has opened it again: it will find its state then.
    if (!step) return;
    const { node, scope, state } = step;
    const outcome = outcomeOf(state.status, node.onError);
    if (outcome) scope.queue.settle(node.id, outcome);
  }

  /** Top-level nodes that are neither over nor out of reach. */
  pending(): number {
    return this.root.queue.pending();
  }

  /** Whether something was decided since the last call that no activity writes down. */
  takeNews(): boolean {
    const { news } = this;
    this.news = false;
    return news;
  }

  step(stepId: string): Step {
    const step = this.steps.get(stepId);
    if (!step) throw new Error(`The run has no step "${stepId}".`);
    return step;
  }

  /** Values at a step's connected ports. */
  inputsOf({ node, scope }: Step): NodeInputs {
    return collectInputs(node, (nodeId) => scope.lookup(nodeId));
  }

  private openScope(nodes: readonly PlanNode[], owner?: Owner): Scope {
    const scope = new Scope(nodes, owner);
    for (const node of nodes) {
      const id = scope.stepId(node.id);
      const step = { id, node, scope, state: this.state.open(id) };
      this.steps.set(id, step);
      scope.steps.set(node.id, step);
    }
    for (const { id } of scope.steps.values()) this.settle(id);
    this.active.add(scope);
    return scope;
  }

  /** @returns whether something began, or the scope's iteration ended. */
  private advance(scope: Scope, ready: Step[]): boolean {
    const begun = scope.queue.takeReady();
    for (const { id } of begun) this.begin(this.step(scope.stepId(id)), ready);
    if (!scope.owner || scope.queue.pending() > 0) return begun.length > 0;
    this.active.delete(scope);
    const { group } = scope.owner;
    if (group.step.state.status === 'RUNNING') this.decide(group);
    return true;
  }

  private begin(step: Step, ready: Step[]): void {
    const { node, scope, state } = step;
    if (state.status === 'WAITING' || state.status === 'RUNNING') return;
    if (isCutOff(node, (nodeId) => scope.lookup(nodeId))) this.end(step, () => this.state.skip(step.id));
    else if (node.work.kind === 'value') {
      this.state.complete(step.id, { ...free, outputs: node.work.outputs });
      this.settle(step.id);
    } else if (node.work.kind === 'group') this.openGroup(step, node.work.control);
    else ready.push(step);
  }

  private end(step: Step, write: () => void): void {
    write();
    this.news = true;
    this.settle(step.id);
  }

  private openGroup(step: Step, control: string): void {
    this.state.begin(step.id);
    this.news = true;
    try {
      const { config } = fillTemplates(step.node.config, step.node.templates, (nodeId) =>
        step.scope.lookup(nodeId),
      );
      const inputs = { ...step.node.body?.defaults, ...this.inputsOf(step) };
      const group = { step, control, config, inputs, iterations: [] };
      this.decide(group);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.fail(step, invalid(error.message));
    }
  }

  private decide(group: Group): void {
    const decision = this.ask(group);
    switch (decision.kind) {
      case 'open':
        this.openIterations(group, decision.given);
        break;
      case 'done':
        this.complete(group, decision.outputs);
        break;
      case 'failed':
        this.failAt(group, decision.iteration);
        break;
      case 'invalid':
        this.fail(group.step, invalid(decision.message));
    }
  }

  private ask({ control, config, inputs, iterations }: Group): Decision {
    const decide = Object.hasOwn(controls, control) ? controls[control] : undefined;
    if (!decide) {
      const message = `This worker does not know the group "${control}" of the plan. Run a worker of the release that accepted the execution, or resume it.`;
      return { kind: 'invalid', message };
    }
    const view: ControlView = {
      config,
      inputs,
      iterations: iterations.map((scope, index) => ({
        number: index + 1,
        status: this.active.has(scope) ? 'open' : scope.failed() ? 'failed' : 'done',
        results: scope.results(),
        credits: scope.credits(),
      })),
    };
    try {
      return decide(view);
    } catch (error) {
      if (error instanceof PureFunctionError) return { kind: 'invalid', message: error.message };
      throw error;
    }
  }

  private openIterations(group: Group, given: readonly NodeOutputs[]): void {
    const { body } = group.step.node;
    if (!body) throw new Error(`The group "${group.step.id}" has no body.`);
    if (this.steps.size + given.length * body.nodes.length > STEPS_MAX) {
      const message = `The run would have more than ${STEPS_MAX} steps. Run fewer iterations, or split the work into several executions.`;
      // What is open already ends as it would have: nobody waits for it any more.
      this.fail(group.step, invalid(message));
      return;
    }
    for (const each of given) {
      const owner = { group, number: group.iterations.length + 1, given: each };
      group.iterations.push(this.openScope(body.nodes, owner));
    }
  }

  private complete({ step, iterations }: Group, outputs: NodeOutputs): void {
    const bytes = utf8Bytes(JSON.stringify(outputs));
    if (bytes > GROUP_OUTPUT_BYTES_MAX) {
      const message = `What the group brings together has ${bytes} bytes; ${GROUP_OUTPUT_BYTES_MAX} are allowed. Let its members give files, or fewer of them.`;
      this.fail(step, invalid(message));
      return;
    }
    const credits = iterations.reduce((sum, scope) => sum + scope.credits(), 0);
    this.end(step, () => this.state.complete(step.id, { ...free, outputs, credits }));
  }

  private failAt({ step, iterations }: Group, number: number): void {
    const culprit = iterations[number - 1]?.failed();
    if (!culprit?.state.error) return this.fail(step, invalid(`Iteration ${number} failed.`));
    const { error, failedStep = culprit.id } = culprit.state;
    this.fail(step, error, failedStep);
  }

  private fail(step: Step, error: FailureView, failedStep?: string): void {
    this.end(step, () => {
      if (step.node.onError === 'hold') this.state.wait(step.id, error, failedStep);
      else this.state.fail(step.id, error, failedStep);
    });
  }
}

const free = { outputs: {}, credits: 0, attempts: 0, unrecorded: true };

function invalid(message: string): FailureView {
  return { code: 'input_invalid', message, retryable: false };
}
