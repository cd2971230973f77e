import { PlanRun } from '../../../pipeline/pure/run/plan-run';
import type { Step } from '../../../pipeline/pure/run/scope';
import { RunState } from '../../../pipeline/pure/run/run-state';
import type { CarriedNode, Plan } from '../../../workflows/contract';
import { failsIn, fakeWork } from './fake-work';

export interface DriveOptions {
  readonly random: () => number;
  /** Chance, after each end of a step, that the run is killed and another one continues it. */
  readonly killChance?: number;
  readonly carried?: readonly CarriedNode[];
}

export interface DrivenRun {
  readonly state: RunState;
  /** Steps whose work was done or tried, once for each time. */
  readonly executed: readonly string[];
}

/** Runs a plan with fake work that ends in any order: the interpreter as workflows use it, without Temporal. */
export function driveRun(
  plan: Plan,
  world: number,
  { random, killChance = 0, carried = [] }: DriveOptions,
): DrivenRun {
  let state = new RunState(plan, carried);
  let run = new PlanRun(plan.nodes, state);
  let running: Step[] = [];
  const executed: string[] = [];
  for (;;) {
    running.push(...run.takeReady().map((step) => Object.assign(step, { state: begin(step) })));
    const [step] = running.splice(Math.floor(random() * running.length), 1);
    if (!step) return { state, executed };
    executed.push(step.id);
    finish(step);
    run.settle(step.id);
    if (random() >= killChance) continue;
    state = new RunState(plan, state.carry());
    run = new PlanRun(plan.nodes, state);
    running = [];
  }

  function begin(step: Step) {
    step.state.status = 'RUNNING';
    return step.state;
  }

  function finish(step: Step): void {
    const { nodeType, config } = step.node;
    if (failsIn(world, nodeType, step.id)) {
      state.fail(step.id, { code: 'media_failed', message: 'It fails here.', retryable: false });
      return;
    }
    const outputs = fakeWork(nodeType, step.id, config, run.inputsOf(step));
    state.complete(step.id, { outputs, credits: 1, attempts: 1, unrecorded: true });
  }
}
