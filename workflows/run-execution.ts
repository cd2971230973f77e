import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { allNodes } from '../pipeline/pure/all-nodes';
import { PlanRun } from '../pipeline/pure/run/plan-run';
import type { Step } from '../pipeline/pure/run/scope';
import { RunState, type StepEnd } from '../pipeline/pure/run/run-state';
import {
  INTERPRETER_VERSIONS,
  nodeIdOfStep,
  type ExecutionFailure,
  type ExecutionInput,
  type ExecutionScope,
  type FinishExecutionInput,
  type InterpreterVersion,
  type ItemInput,
  type NodeProgress,
  type ResumeSignal,
  type TellsBatch,
} from './contract';
import { currentDetails } from './current-details';
import { failureView, waitingView, waitsForUser } from './failure-policy';
import { ResumeInbox } from './resume-inbox';
import { ReviewInbox } from './review-inbox';
import { BatchItems } from './run-items';
import { fillConfig, runDelay } from './run-delay';
import { runReview } from './run-review';
import { drained, executionFailed, failureOf, superseded, toRunFailure } from './run-failures';
import { hasActivity, runNode } from './run-node';
import { statusAttributes, summaryAttributes } from './search-attributes';
import {
  cancelJobs,
  continueExecution,
  drainExecution,
  finishExecution,
  loadItem,
  pauseExecution,
  recordProgress,
} from './step-activities';

export interface ExecutionResult {
  readonly executionId: string;
  readonly status: 'COMPLETED';
  readonly creditsCharged: number;
}

/**
 * Interprets a plan: every node starts the moment its inputs are there.
 *
 * A run really fails (so that Temporal's own lists, counts and retention see it), but only after what is in flight has
 * ended: a paid result is never dropped. A resume is a new run of the same workflow id that carries the results.
 *
 * What only the user can mend (money, a job that may be paid already, a step with `onError: hold`) does not fail the run:
 * it waits, with everything else done that can be, until a signal resumes it.
 */
export async function runExecution(input: ExecutionInput | ItemInput): Promise<ExecutionResult> {
  try {
    return await new ExecutionRun('plan' in input ? input : await withDocuments(input)).run();
  } catch (error) {
    throw toRunFailure(error);
  }
}

/** A cancel that comes now is found by the run, which then writes its end. */
function withDocuments(input: ItemInput): Promise<ExecutionInput> {
  return CancellationScope.nonCancellable(async () => ({ ...input, ...(await loadItem(input)) }));
}

class ExecutionRun {
  private readonly state: RunState;
  private readonly inbox: ResumeInbox;
  private readonly reviewInbox = new ReviewInbox();
  private readonly items: BatchItems;
  private plan: PlanRun;
  private scope: ExecutionScope;
  private running = 0;
  /** Delays and reviews: they hold nothing, and a run may be handed over meanwhile. */
  private resting = 0;
  /** Of those, the ones that wait for a person. */
  private reviews = 0;
  private isPaused = false;
  /** Counts ends of nodes; one number to wait on instead of a race of promises. */
  private ends = 0;
  /** Nodes that ran here and neither run nor wait any more. */
  private over = 0;
  private progressPending = false;
  /** From 3 on steps carry news, and the loop is woken without a condition, whose check is a call into the sandbox. */
  private readonly version: InterpreterVersion;
  private wake: () => void = () => undefined;

  constructor(private readonly input: ExecutionInput) {
    const { interpreter } = input.plan;
    if (!INTERPRETER_VERSIONS.includes(interpreter)) {
      throw ApplicationFailure.nonRetryable(
        `This worker reads plans of interpreters ${INTERPRETER_VERSIONS.join(', ')}, not ${String(interpreter)}.`,
        'Internal',
      );
    }
    this.version = interpreter;
    const { executionId, accountId, mode, continuedFromRunId, resubmitUnknown, resumedAtMs } = input;
    this.scope = {
      executionId,
      accountId,
      mode,
      ...(continuedFromRunId ? { continuedFromRunId } : {}),
      ...(resubmitUnknown ? { resubmitUnknown } : {}),
      ...(resumedAtMs ? { resumedAtMs } : {}),
    };
    this.inbox = new ResumeInbox(input.resumesTaken ?? 0);
    this.state = new RunState(input.plan, input.carried);
    this.plan = new PlanRun(input.plan.nodes, this.state);
    this.items = new BatchItems(input, () => this.countEnd());
  }

  async run(): Promise<ExecutionResult> {
    if (this.version >= 3) CancellationScope.current().cancelRequested.catch(() => this.wake());
    try {
      await this.interpret();
    } catch (error) {
      if (!isCancellation(error)) throw error;
      return await CancellationScope.nonCancellable(() => this.endCancelled());
    }
    // A cancel that comes now is too late: the end is written whole, or the row would never be closed.
    return CancellationScope.nonCancellable(() => this.end());
  }

  /** Starts ready steps until none is left, none runs and none waits. Throws only when the run is cancelled or replaced. */
  private async interpret(): Promise<void> {
    for (;;) {
      const handOver = this.isHistoryLong();
      const drains = this.drains();
      if (!handOver && !drains && !this.stopsEarly()) this.startReadySteps();
      setCurrentDetails(currentDetails(this.input.plan, this.state));
      if (this.running > 0) {
        this.reportProgress();
        await this.nextEnd();
        continue;
      }
      if (drains && this.isDrained()) await this.drain();
      if (handOver && this.plan.pending() > 0 && !this.stopsEarly()) await this.handOver();
      if ((this.stopsEarly() && !this.items.areOpen) || !this.isWaiting()) return;
      if (!this.retryUnpaid()) await this.rest();
    }
  }

  /** A run that has failed waits for no person: its resume asks the same again. */
  private isWaiting(): boolean {
    const sleepers = this.resting - this.reviews;
    const waitsForPerson = this.reviews > 0 && this.state.failure() === undefined;
    return sleepers > 0 || waitsForPerson || this.state.waiting() !== undefined;
  }

  /** What sleeps would begin its time anew in another run, and one that has failed is to say so. */
  private drains(): boolean {
    const sleeps = this.resting > this.reviews;
    return this.inbox.isDraining && !sleeps && this.state.failure() === undefined;
  }

  /** One that waits for its user need not end by itself, and one that is done has nothing to leave to another. */
  private isDrained(): boolean {
    return this.resting === 0 && this.state.waiting() === undefined && this.plan.pending() > 0;
  }

  private isHistoryLong(): boolean {
    // The items of a batch are children of this one Temporal run.
    if (this.items.areOpen) return false;
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const { handOverAfterEvents = Infinity } = this.input;
    return continueAsNewSuggested || historyLength > handOverAfterEvents;
  }

  private startReadySteps(): void {
    const ready = this.plan.takeReady();
    if (this.version >= 3 && this.plan.takeNews()) this.progressPending = true;
    for (const step of ready) this.start(step);
    // Interpreters 1 and 2 left news for later where something was to be told already: their histories show it.
    if (this.version < 3) this.progressPending ||= this.plan.takeNews();
  }

  private start(step: Step): void {
    this.running += 1;
    Object.assign(step.state, { status: 'RUNNING', beganAfter: this.over });
    const rest = { began: false };
    void this.runToEnd(step, () => {
      rest.began = true;
      this.beginRest(step, 1);
    }).finally(() => {
      if (rest.began) this.beginRest(step, -1);
      this.running -= 1;
      this.countEnd();
    });
  }

  private countEnd(): void {
    this.ends += 1;
    this.wake();
  }

  /**
   * Until a step ends, or a batch says that something has changed. Throws when the run is cancelled. Not async: one more
   * promise on the way would be another order of commands than that of the histories of interpreters 1 and 2.
   */
  private nextEnd(): Promise<void> {
    const seen = this.ends;
    return this.version < 3 ? condition(() => this.ends > seen) : this.untilWoken();
  }

  private async untilWoken(): Promise<void> {
    const scope = CancellationScope.current();
    if (!scope.consideredCancelled) await new Promise<void>((resolve) => (this.wake = resolve));
    if (scope.consideredCancelled) throw new CancelledFailure('The execution was cancelled.');
  }

  /** From now on (-1: until now) the step only waits. */
  private beginRest({ node }: Step, change: 1 | -1): void {
    this.running -= change;
    this.resting += change;
    if (node.work.kind === 'review') this.reviews += change;
    this.countEnd();
  }

  /** Never rejects: an unhandled rejection would fail the workflow task, which Temporal retries for ever. */
  private async runToEnd(step: Step, onRest: () => void): Promise<void> {
    try {
      const end = await this.runStep(step, onRest);
      this.state.complete(step.id, end);
      this.progressPending ||= end.unrecorded;
    } catch (error) {
      this.recordFailure(step, error);
    }
    if (step.state.status !== 'WAITING') this.over += 1;
    this.plan.settle(step.id);
  }

  private runStep(step: Step, onRest: () => void): Promise<StepEnd> {
    const { node, scope } = step;
    const { kind } = node.work;
    const inputs = this.plan.inputsOf(step);
    const lookup = (nodeId: string) => scope.lookup(nodeId);
    if (kind === 'review') {
      const context = { scope: this.scope, inbox: this.reviewInbox, onAsked: onRest };
      return runReview(step, inputs['value'] ?? null, fillConfig(node, lookup), context);
    }
    if (kind === 'items') {
      onRest();
      return this.items.run(this.scope);
    }
    if (kind !== 'delay') return runNode(this.scope, step, { inputs, lookup, ...this.newsFor(step) });
    this.progressPending = true;
    onRest();
    return runDelay(step, inputs, lookup);
  }

  /** What is to be shown goes along with a step that is to start: a write of its own would hold that back. */
  private newsFor({ node }: Step): { readonly news?: readonly NodeProgress[] } {
    if (this.version < 3 || !this.progressPending || !hasActivity(node)) return {};
    this.progressPending = false;
    return { news: this.state.unrecorded() };
  }

  private recordFailure({ id, node, state }: Step, error: unknown): void {
    const failure = failureOf(error);
    // A worker that died while its step was being cancelled shows as a time-out; it is none of the node's.
    const wasStopped = failure.type === 'Cancelled' || failure.type === 'JobTimeout';
    if (wasStopped && CancellationScope.current().consideredCancelled) {
      state.status = 'CANCELLED';
      return;
    }
    if (waitsForUser(node, failure.type)) this.state.wait(id, waitingView(failure));
    else this.state.fail(id, failureView(failure));
    this.progressPending = true;
  }

  /** The user is asked for credits only once nothing else can set any free. Ends: each try follows the end of a node. */
  private retryUnpaid(): boolean {
    const unpaid = this.state.unpaidBefore(this.over);
    for (const step of unpaid) this.start(this.plan.step(step));
    return unpaid.length > 0;
  }

  /** Holds no slot and no memory of a worker's but the cached run: days are as good as seconds. */
  private async rest(): Promise<void> {
    const failure = this.state.waiting() ?? this.items.waits?.failure;
    const seen = this.ends;
    // After a reset the signals of the past come first: then there is nothing to wait for.
    const waitsForPerson = failure !== undefined || this.reviews > 0 || this.items.waits !== undefined;
    if (!waitsForPerson) this.reportProgress();
    else if (!this.inbox.hasResume) await this.pause(failure);
    await condition(() => this.inbox.hasResume || this.inbox.isSuperseded || this.ends > seen);
    if (this.inbox.isSuperseded) {
      upsertSearchAttributes(statusAttributes({ status: 'FAILED' }));
      throw superseded();
    }
    const resume = this.inbox.take();
    if (resume) this.reopen(resume);
    else await this.goOn();
  }

  private async pause(failure: ExecutionFailure | undefined): Promise<void> {
    const { resumesTaken } = this.inbox;
    this.progressPending = false;
    this.isPaused = true;
    const reason = failure ? { failure } : {};
    upsertSearchAttributes(statusAttributes({ status: 'WAITING', ...reason }));
    const nodes = this.state.unrecorded();
    await pauseExecution({ ...this.scope, nodes, ...reason, resumesTaken, ...this.tellsBatch() });
  }

  private reopen({ resumedAtMs, resubmitUnknown }: ResumeSignal): void {
    const { continuedFromRunId, executionId, accountId, mode } = this.scope;
    this.scope = {
      ...{ executionId, accountId, mode, resumedAtMs },
      ...(continuedFromRunId ? { continuedFromRunId } : {}),
      ...(resubmitUnknown ? { resubmitUnknown } : {}),
    };
    this.state.reopen(this.version >= 3 && this.input.batchId !== undefined);
    this.plan = new PlanRun(this.input.plan.nodes, this.state);
    this.isPaused = false;
    this.items.lookAgain();
    upsertSearchAttributes(statusAttributes({ status: 'RUNNING' }));
  }

  /** A step that rested is over, so what follows it runs while the rest of the run still waits. */
  private async goOn(): Promise<void> {
    if (!this.isPaused) return;
    this.isPaused = false;
    upsertSearchAttributes(statusAttributes({ status: 'RUNNING' }));
    await continueExecution({ ...this.scope, ...this.tellsBatch() });
  }

  private tellsBatch(): TellsBatch {
    const { batchId } = this.input;
    return batchId === undefined ? {} : { tellBatchId: batchId };
  }

  private stopsEarly(): boolean {
    return this.input.failFast && this.state.failure() !== undefined;
  }

  /** Not awaited: the database may be slow, the run goes on; `finishExecution` writes the full truth. */
  private reportProgress(): void {
    if (!this.progressPending) return;
    this.progressPending = false;
    void recordProgress({ ...this.scope, nodes: this.state.unrecorded() }).catch(() => {
      this.progressPending = true;
    });
  }

  private async handOver(): Promise<void> {
    const { resubmitUnknown, resumedAtMs } = this.scope;
    await continueAsNew<typeof runExecution>({
      ...this.input,
      carried: this.state.carry(),
      continuedFromRunId: workflowInfo().runId,
      resubmitUnknown,
      resumedAtMs,
      resumesTaken: this.inbox.resumesTaken,
    });
  }

  /** Writes the full truth, which the next run is made from. */
  private async drain(): Promise<never> {
    await drainExecution({ ...this.scope, nodes: this.state.unrecorded() });
    upsertSearchAttributes(statusAttributes({ status: 'FAILED' }));
    throw drained();
  }

  private async end(): Promise<ExecutionResult> {
    const failure = this.state.failure();
    this.state.failWaiting();
    if (!failure) this.skipUnreached();
    if (!failure) {
      const creditsCharged = await this.finish({ status: 'COMPLETED' });
      return { executionId: this.input.executionId, status: 'COMPLETED', creditsCharged };
    }
    await this.finish({ status: 'FAILED', failure });
    throw executionFailed(failure);
  }

  /** Members of groups that no iteration has come to. */
  private skipUnreached(): void {
    const reached = new Set([...this.state.steps.keys()].map(nodeIdOfStep));
    for (const { id } of allNodes(this.input.plan.nodes)) {
      if (reached.has(id)) continue;
      this.state.open(id);
      this.state.skip(id);
    }
  }

  private async endCancelled(): Promise<never> {
    await condition(() => this.running === 0 && this.resting === 0);
    // Jobs that could not be cancelled must not keep the execution from ending: they stay in its list of jobs.
    await cancelJobs(this.scope).catch((error: unknown) =>
      log.warn('Open jobs were not cancelled.', { error }),
    );
    await this.finish({ status: 'CANCELLED' });
    throw new CancelledFailure('The execution was cancelled.');
  }

  private async finish(outcome: Pick<FinishExecutionInput, 'status' | 'failure'>): Promise<number> {
    const { creditsCharged } = await finishExecution({
      ...this.scope,
      ...outcome,
      nodes: this.state.unrecorded(),
      // A batch sees the end of its children by itself.
      ...(workflowInfo().parent ? {} : this.tellsBatch()),
    });
    setCurrentDetails(currentDetails(this.input.plan, this.state));
    upsertSearchAttributes([...statusAttributes(outcome), ...summaryAttributes(this.state, creditsCharged)]);
    return creditsCharged;
  }
}
