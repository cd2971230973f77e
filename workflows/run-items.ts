import {
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  defineSignal,
  isCancellation,
  ParentClosePolicy,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { StepEnd } from '../pipeline/pure/run/run-state';
import {
  executionWorkflowId,
  EXECUTION_WORKFLOW_TYPE,
  ITEMS_SIGNAL,
  type ExecutionInput,
  type ExecutionScope,
  type ItemInput,
  type ItemsLook,
  type ItemToStart,
} from './contract';
import { stepFailure } from './failure-policy';
import { StepFailed } from './run-node';
import { startAttributes } from './search-attributes';
import { openItems } from './step-activities';

const itemsSignal = defineSignal(ITEMS_SIGNAL);

/** Items that are no children of this run are looked at after so long, then at growing intervals. */
const LOOK_MIN_MS = 2_000;
const LOOK_MAX_MS = 300_000;

/**
 * The items of a batch. The database has them, opens them and knows how they stand; this run learns which to start, starts
 * each as a child, and looks again when some have ended. So its history grows by a few events per item, whatever they do.
 *
 * An item may also run without being a child of this run (it was resumed by itself, or an earlier run had started it): then
 * it says when it has changed, and is looked at from time to time.
 */
export class BatchItems {
  /** Ids of executions that are children of this run, until they end. */
  private readonly children = new Set<string>();
  /** Children that have ended. */
  private ended = 0;
  /** Reasons to look at once. */
  private calls = 0;
  private isRunning = false;
  private wait: ItemsLook['waits'];

  /** @param onChange - Called when what the items wait for has changed. */
  constructor(
    private readonly input: ExecutionInput,
    private readonly onChange: () => void,
  ) {
    setHandler(itemsSignal, () => this.call());
  }

  /** The history of this run may not be left behind now. */
  get areOpen(): boolean {
    return this.isRunning;
  }

  /** Set while nothing runs, and nothing can before a user has done something. */
  get waits(): ItemsLook['waits'] {
    return this.wait;
  }

  /** After a resume. */
  lookAgain(): void {
    this.wait = undefined;
    this.call();
  }

  /** @throws StepFailed when items failed for good; CancelledFailure once all children have ended. */
  async run(scope: ExecutionScope): Promise<StepEnd> {
    this.isRunning = true;
    try {
      return await this.runAll(scope);
    } catch (error) {
      if (isCancellation(error))
        await CancellationScope.nonCancellable(() => condition(() => this.children.size === 0));
      throw error;
    } finally {
      this.isRunning = false;
      this.setWait(undefined);
    }
  }

  private async runAll(scope: ExecutionScope): Promise<StepEnd> {
    let idleLooks = 0;
    for (;;) {
      const { calls, ended } = this;
      const look = await openItems(scope);
      for (const item of look.start) this.start(item);
      if (look.end) return endOf(look.end);
      this.setWait(look.waits);
      const isTime = (): boolean =>
        this.calls > calls ||
        this.ended - ended >= look.group ||
        (this.ended > ended && this.children.size === 0);
      const withinMs = this.lookWithinMs(look, idleLooks);
      const isTold = withinMs === undefined ? await forever(isTime) : await condition(isTime, withinMs);
      idleLooks = isTold ? 0 : idleLooks + 1;
    }
  }

  /** Undefined: whatever happens is heard of. */
  private lookWithinMs({ open, nextInMs }: ItemsLook, idleLooks: number): number | undefined {
    const strangers = open - this.children.size;
    const strangersMs = strangers > 0 ? Math.min(LOOK_MIN_MS * 2 ** idleLooks, LOOK_MAX_MS) : undefined;
    if (nextInMs === undefined) return strangersMs;
    return Math.max(Math.min(nextInMs, strangersMs ?? Infinity), 100);
  }

  private start(item: ItemToStart): void {
    const { executionId } = item;
    if (this.children.has(executionId)) return;
    this.children.add(executionId);
    void this.follow(item)
      // How it ended is in the database; one that could not be started is no child of ours.
      .catch(() => undefined)
      .finally(() => {
        this.children.delete(executionId);
        this.ended += 1;
      });
  }

  private async follow({ index, executionId, attempt }: ItemToStart): Promise<void> {
    const { accountId, mode, workflowName, failFast } = this.input;
    const batchId = this.input.executionId;
    const args: [ItemInput] = [{ executionId, accountId, mode, workflowName, failFast, batchId }];
    const child = await startChild(EXECUTION_WORKFLOW_TYPE, {
      args,
      workflowId: executionWorkflowId(executionId),
      workflowIdReusePolicy: attempt === 1 ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowTaskTimeout: '5 s',
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      // An operator who ends the batch ends its items; each still cancels its jobs and writes its own end.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `Item ${index} · ${workflowName}`.slice(0, 150),
      memo: { accountId, mode, workflowName, attempt },
      typedSearchAttributes: startAttributes(this.input),
      priority: workflowInfo().priority,
    });
    await child.result();
  }

  private call(): void {
    this.calls += 1;
  }

  private setWait(wait: ItemsLook['waits']): void {
    const isChange = (this.wait === undefined) !== (wait === undefined);
    this.wait = wait;
    if (isChange) this.onChange();
  }
}

async function forever(isTime: () => boolean): Promise<true> {
  await condition(isTime);
  return true;
}

function endOf({ failure }: NonNullable<ItemsLook['end']>): StepEnd {
  if (failure) throw new StepFailed(stepFailure('ItemsFailed', failure.message), true);
  return { outputs: {}, credits: 0, attempts: 0, unrecorded: true };
}
