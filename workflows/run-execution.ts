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
import { createReadyQueue, type ReadyQueue } from '../pipeline/pure/ready-nodes';
import {
  type ExecutionInput,
  type ExecutionScope,
  type FinishExecutionInput,
  type PlanNode,
} from './contract';
import { currentDetails } from './current-details';
import { failureView, waitingView, waitsForUser } from './failure-policy';
import { ResumeInbox } from './resume-inbox';
import { executionFailed, failureOf, superseded, toRunFailure } from './run-failures';
import { runNode } from './run-node';
import { outcomeOf, RunState } from './run-state';
import { statusAttributes, summaryAttributes } from './search-attributes';
import { cancelJobs, finishExecution, pauseExecution, recordProgress } from './step-activities';

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
export async function runExecution(input: ExecutionInput): Promise<ExecutionResult> {
  try {
    return await new ExecutionRun(input).run();
  } catch (error) {
    throw toRunFailure(error);
  }
}

class ExecutionRun {
  private readonly state: RunState;
  private readonly inbox: ResumeInbox;
  private queue: ReadyQueue;
  private scope: ExecutionScope;
  private running = 0;
  /** Counts ends of nodes; one number to wait on instead of a race of promises. */
  private ends = 0;
  /** Nodes that ran here and neither run nor wait any more. */
  private over = 0;
  private progressPending = false;

  constructor(private readonly input: ExecutionInput) {
    if (input.plan.interpreter !== 1) {
      throw ApplicationFailure.nonRetryable(
        `This worker reads plans of interpreter 1, not ${String(input.plan.interpreter)}.`,
        'Internal',
      );
    }
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
    this.queue = this.openQueue();
  }

  /** What is over, for this run or an earlier one, is settled; what waits is left out by `startReadyNodes`. */
  private openQueue(): ReadyQueue {
    const queue = createReadyQueue(this.input.plan.nodes);
    for (const [nodeId, { status }] of this.state.nodes) {
      const outcome = outcomeOf(status);
      if (outcome) queue.settle(nodeId, outcome);
    }
    return queue;
  }

  async run(): Promise<ExecutionResult> {
    try {
      await this.interpret();
    } catch (error) {
      if (!isCancellation(error)) throw error;
      return await CancellationScope.nonCancellable(() => this.endCancelled());
    }
    // A cancel that comes now is too late: the end is written whole, or the row would never be closed.
    return CancellationScope.nonCancellable(() => this.end());
  }

  /** Starts ready nodes until none is left, none runs and none waits. Throws only when the run is cancelled or replaced. */
  private async interpret(): Promise<void> {
    for (;;) {
      const handOver = this.isHistoryLong();
      if (!handOver && !this.stopsEarly()) this.startReadyNodes();
      setCurrentDetails(currentDetails(this.input.plan, this.state));
      if (this.running === 0) {
        if (handOver && this.queue.pending() > 0 && !this.stopsEarly()) await this.handOver();
        if (this.stopsEarly() || !this.state.waiting()) return;
        if (!this.retryUnpaid()) await this.waitForResume();
        continue;
      }
      this.reportProgress();
      const seen = this.ends;
      await condition(() => this.ends > seen);
    }
  }

  private isHistoryLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const { handOverAfterEvents = Infinity } = this.input;
    return continueAsNewSuggested || historyLength > handOverAfterEvents;
  }

  private startReadyNodes(): void {
    for (let ready = this.queue.takeReady(); ready.length > 0; ready = this.queue.takeReady()) {
      for (const node of ready) {
        if (this.state.get(node.id).status === 'WAITING') continue;
        if (node.work.kind === 'value') this.completeValue(node);
        else this.start(node);
      }
    }
  }

  private completeValue(node: PlanNode): void {
    if (node.work.kind !== 'value') return;
    this.state.complete(node.id, { outputs: node.work.outputs, credits: 0, attempts: 0, unrecorded: true });
    this.settle(node.id);
  }

  private start(node: PlanNode): void {
    this.running += 1;
    Object.assign(this.state.get(node.id), { status: 'RUNNING', beganAfter: this.over });
    void this.runToEnd(node).finally(() => {
      this.running -= 1;
      this.ends += 1;
    });
  }

  /** Never rejects: an unhandled rejection would fail the workflow task, which Temporal retries for ever. */
  private async runToEnd(node: PlanNode): Promise<void> {
    try {
      const end = await runNode(this.scope, node, this.state.inputsOf(node), (nodeId) =>
        this.state.outputs(nodeId),
      );
      this.state.complete(node.id, end);
      this.progressPending ||= end.unrecorded;
    } catch (error) {
      this.recordFailure(node, error);
    }
    if (this.state.get(node.id).status !== 'WAITING') this.over += 1;
    this.settle(node.id);
  }

  private recordFailure(node: PlanNode, error: unknown): void {
    const failure = failureOf(error);
    // A worker that died while its step was being cancelled shows as a time-out; it is none of the node's.
    const wasStopped = failure.type === 'Cancelled' || failure.type === 'JobTimeout';
    if (wasStopped && CancellationScope.current().consideredCancelled) {
      this.state.get(node.id).status = 'CANCELLED';
      return;
    }
    if (waitsForUser(node, failure.type)) this.state.wait(node.id, waitingView(failure));
    else this.state.fail(node.id, failureView(failure));
    this.progressPending = true;
  }

  private settle(nodeId: string): void {
    const outcome = outcomeOf(this.state.get(nodeId).status);
    if (outcome) this.queue.settle(nodeId, outcome);
  }

  /** The user is asked for credits only once nothing else can set any free. Ends: each try follows the end of a node. */
  private retryUnpaid(): boolean {
    const unpaid = this.state.unpaidBefore(this.over);
    for (const node of unpaid) this.start(node);
    return unpaid.length > 0;
  }

  /** Holds no slot and no memory of a worker's but the cached run: days are as good as seconds. */
  private async waitForResume(): Promise<void> {
    // After a reset the signals of the past come first: then there is nothing to wait for.
    if (!this.inbox.hasResume) await this.pause();
    await condition(() => this.inbox.hasResume || this.inbox.isSuperseded);
    const resume = this.inbox.take();
    if (this.inbox.isSuperseded || !resume) {
      upsertSearchAttributes(statusAttributes({ status: 'FAILED' }));
      throw superseded();
    }
    const { continuedFromRunId, executionId, accountId, mode } = this.scope;
    const { resumedAtMs, resubmitUnknown } = resume;
    this.scope = {
      ...{ executionId, accountId, mode, resumedAtMs },
      ...(continuedFromRunId ? { continuedFromRunId } : {}),
      ...(resubmitUnknown ? { resubmitUnknown } : {}),
    };
    this.state.reopen();
    this.queue = this.openQueue();
    upsertSearchAttributes(statusAttributes({ status: 'RUNNING' }));
  }

  private async pause(): Promise<void> {
    const failure = this.state.waiting();
    if (!failure) return;
    const { resumesTaken } = this.inbox;
    this.progressPending = false;
    upsertSearchAttributes(statusAttributes({ status: 'WAITING', failure }));
    await pauseExecution({ ...this.scope, nodes: this.state.unrecorded(), failure, resumesTaken });
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

  private async end(): Promise<ExecutionResult> {
    const failure = this.state.failure();
    this.state.failWaiting();
    this.skipBlockedNodes();
    if (!failure) {
      const creditsCharged = await this.finish({ status: 'COMPLETED' });
      return { executionId: this.input.executionId, status: 'COMPLETED', creditsCharged };
    }
    await this.finish({ status: 'FAILED', failure });
    throw executionFailed(failure);
  }

  /** What waits only for failed nodes with `onError: continue` will not run, by the user's own choice. */
  private skipBlockedNodes(): void {
    if (this.state.failure()) return;
    for (const nodeId of this.queue.blocked()) this.state.get(nodeId).status = 'SKIPPED';
  }

  private async endCancelled(): Promise<never> {
    await condition(() => this.running === 0);
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
    });
    setCurrentDetails(currentDetails(this.input.plan, this.state));
    upsertSearchAttributes([...statusAttributes(outcome), ...summaryAttributes(this.state, creditsCharged)]);
    return creditsCharged;
  }
}
