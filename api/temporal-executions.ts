import {
  ActivityNotFoundError,
  Client,
  Connection,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowExecutionStatusName,
} from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from '@temporalio/common';
import {
  DELIVER_WORKFLOW_TYPE,
  deliveryWorkflowId,
  DRAIN_SIGNAL,
  EXECUTION_WORKFLOW_TYPE,
  executionWorkflowId,
  ITEMS_SIGNAL,
  RESUME_SIGNAL,
  REVIEW_SIGNAL,
  SETTLE_WORKFLOW_TYPE,
  settleWorkflowId,
  SUPERSEDE_SIGNAL,
  type DeliveryInput,
  type ExecutionInput,
  type ExecutionScope,
  type ResumeSignal,
  type ReviewSignal,
} from '../workflows/contract';
import { createTemporalSchedules, type TemporalSchedules } from './temporal-schedules';

const DEFAULT_CALL_TIMEOUT_MS = 5_000;
/**
 * Temporal looks a schedule up by a query to a workflow of its own, and now and then sits out that one's task time-out: 45 of
 * 19,140 calls stalled, those looked at for 5.00 to 5.05 s (server 1.29, measured 2026-11-26). It is not away then.
 */
const SCHEDULE_STALL_MS = 5_000;
const HEALTH_TIMEOUT_MS = 1_000;
const PREVIOUS_RUN_CHECK_MS = 100;
const SUMMARY_CHARACTERS_MAX = 150;
const LIST_PAGE_SIZE = 500;

/** Temporal does not answer, or not in time. Whether the call took effect is not known. */
export class TemporalUnavailableError extends Error {}

/** The execution's previous Temporal run is still open, so a new one cannot start yet. */
export class PreviousRunOpenError extends Error {}

export interface StartRequest {
  readonly input: ExecutionInput;
  /** Of the execution row; kept in the memo, so that a repeated start knows its own run from an older one. */
  readonly attempt: number;
  /** 1 (first) to 5. */
  readonly priority: number | undefined;
  /** A run whose end is written in our rows may still be closing: its successor waits this long for that. */
  readonly previousRunWaitMs: number;
}

export interface TemporalRun {
  readonly runId: string;
  readonly status: WorkflowExecutionStatusName;
  readonly attempt: number | undefined;
  readonly closedAtMs: number | undefined;
}

export interface ClosedRun {
  readonly executionId: string;
  readonly runId: string;
  readonly status: WorkflowExecutionStatusName;
  /** By Temporal's clock. */
  readonly closedAtMs: number;
}

/** All that the API asks of Temporal. Every method but `isAvailable` throws `TemporalUnavailableError`. */
export interface TemporalExecutions {
  /** Starts a run; calling it again for the same attempt finds the run that the first call started. */
  start(request: StartRequest): Promise<{ readonly runId: string }>;
  /** Starts what settles the jobs that an attempt has left behind. @returns false while it runs already */
  startSettling(scope: ExecutionScope, attempt: number): Promise<boolean>;
  readonly schedules: TemporalSchedules;
  /** Starts one round of a delivery; nothing happens when it was started before. */
  startDelivery(input: DeliveryInput): Promise<void>;
  /** Asks the latest run to cancel; nothing happens when it is over. */
  cancel(executionId: string): Promise<void>;
  /** Tells a waiting run to go on; harmless when it was told before. @returns false when that run is over. */
  resume(executionId: string, runId: string, signal: ResumeSignal): Promise<boolean>;
  /** Tells a waiting run to end, since another one goes on in its place. @returns false when that run is over. */
  supersede(executionId: string, runId: string): Promise<boolean>;
  /** Tells a run to start nothing more and to end, for another one. @returns false when that run is over. */
  drain(executionId: string, runId: string): Promise<boolean>;
  /** Tells the latest run that a review was decided; harmless when it knows. @returns false when none is open. */
  tellReview(executionId: string, signal: ReviewSignal): Promise<boolean>;
  /** Has a batch look at its items; nothing happens when it does not run. */
  tellItems(batchId: string): Promise<void>;
  /** The latest run, strongly consistent; undefined when Temporal knows none. */
  describeLatest(executionId: string): Promise<TemporalRun | undefined>;
  /** Wakes the activity that awaits a job; nothing happens when none does. */
  completeAwait(executionId: string, activityId: string): Promise<void>;
  /** Runs that ended other than COMPLETED after a moment; eventually consistent. */
  listClosedSince(sinceMs: number): Promise<readonly ClosedRun[]>;
  /** Tasks that wait there for a worker. */
  backlog(taskQueue: string, type: 'activity' | 'workflow'): Promise<number>;
  /** One cheap call with a time limit of a second. */
  isAvailable(): Promise<boolean>;
  /** True from a failed call until a later one succeeds: known without asking. */
  readonly knownAway: boolean;
  close(): Promise<void>;
}

export interface TemporalExecutionsOptions {
  /** `host:port`. */
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Bounds one call; 5 s unless given. */
  readonly callTimeoutMs?: number;
}

const STATUS = defineSearchAttributeKey('EverframeStatus', SearchAttributeType.KEYWORD);
const ACCOUNT = defineSearchAttributeKey('AccountId', SearchAttributeType.KEYWORD);
const WORKFLOW_NAME = defineSearchAttributeKey('WorkflowName', SearchAttributeType.KEYWORD);

/** Connects at the first call: the API starts, and answers polls, while Temporal is away. */
export function connectTemporal(options: TemporalExecutionsOptions): TemporalExecutions {
  return new ConnectedExecutions(options);
}

class ConnectedExecutions implements TemporalExecutions {
  private readonly connection: Connection;
  private readonly client: Client;
  readonly schedules: TemporalSchedules;
  private readonly taskQueue: string;
  private readonly callTimeoutMs: number;
  private isKnownAway = false;

  constructor({ address, namespace, taskQueue, callTimeoutMs }: TemporalExecutionsOptions) {
    this.connection = Connection.lazy({ address });
    this.client = new Client({ connection: this.connection, namespace });
    this.taskQueue = taskQueue;
    this.callTimeoutMs = callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS;
    const scheduleTimeoutMs = this.callTimeoutMs + SCHEDULE_STALL_MS;
    this.schedules = createTemporalSchedules(this.client, taskQueue, (work) =>
      this.call(work, scheduleTimeoutMs),
    );
  }

  get knownAway(): boolean {
    return this.isKnownAway;
  }

  async start(request: StartRequest): Promise<{ readonly runId: string }> {
    const deadlineMs = Date.now() + request.previousRunWaitMs;
    for (;;) {
      const runId = (await this.startOnce(request)) ?? (await this.ownRun(request));
      if (runId !== undefined) return { runId };
      if (Date.now() >= deadlineMs) {
        throw new PreviousRunOpenError(`An earlier run of ${request.input.executionId} is still open.`);
      }
      await new Promise((resolve) => setTimeout(resolve, PREVIOUS_RUN_CHECK_MS));
    }
  }

  async startSettling(scope: ExecutionScope, attempt: number): Promise<boolean> {
    const options = {
      workflowId: settleWorkflowId(scope.executionId, attempt),
      taskQueue: this.taskQueue,
      args: [scope],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
      workflowIdConflictPolicy: 'FAIL' as const,
      staticSummary: 'Settles jobs that were left behind at providers',
    };
    return this.call(() => this.client.workflow.start(SETTLE_WORKFLOW_TYPE, options)).then(
      () => true,
      unless(WorkflowExecutionAlreadyStartedError, false),
    );
  }

  async startDelivery(input: DeliveryInput): Promise<void> {
    const options = {
      workflowId: deliveryWorkflowId(input),
      taskQueue: this.taskQueue,
      args: [input],
      workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
      workflowIdConflictPolicy: 'USE_EXISTING' as const,
      staticSummary: 'Tells a receiver of webhooks what became of an execution',
    };
    await this.call(() => this.client.workflow.start(DELIVER_WORKFLOW_TYPE, options)).catch(
      unless(WorkflowExecutionAlreadyStartedError, undefined),
    );
  }

  async cancel(executionId: string): Promise<void> {
    await this.call(() => this.client.workflow.getHandle(executionWorkflowId(executionId)).cancel()).catch(
      unless(WorkflowNotFoundError, undefined),
    );
  }

  async resume(executionId: string, runId: string, signal: ResumeSignal): Promise<boolean> {
    return this.signalRun(executionId, runId, RESUME_SIGNAL, [signal]);
  }

  async supersede(executionId: string, runId: string): Promise<boolean> {
    return this.signalRun(executionId, runId, SUPERSEDE_SIGNAL, []);
  }

  async drain(executionId: string, runId: string): Promise<boolean> {
    return this.signalRun(executionId, runId, DRAIN_SIGNAL, []);
  }

  async tellReview(executionId: string, signal: ReviewSignal): Promise<boolean> {
    return this.signalRun(executionId, undefined, REVIEW_SIGNAL, [signal]);
  }

  async tellItems(batchId: string): Promise<void> {
    await this.signalRun(batchId, undefined, ITEMS_SIGNAL, []);
  }

  async describeLatest(executionId: string): Promise<TemporalRun | undefined> {
    const description = await this.call(() =>
      this.client.workflow.getHandle(executionWorkflowId(executionId)).describe(),
    ).catch(unless(WorkflowNotFoundError, undefined));
    if (description === undefined) return undefined;
    const { runId, status, memo, closeTime } = description;
    return {
      runId,
      status: status.name,
      attempt: numberOrUndefined(memo?.attempt),
      closedAtMs: closeTime?.getTime(),
    };
  }

  async completeAwait(executionId: string, activityId: string): Promise<void> {
    const workflowId = executionWorkflowId(executionId);
    await this.call(() =>
      this.client.activity.complete({ workflowId, activityId }, { status: 'notified' }),
    ).catch(unless(ActivityNotFoundError, undefined));
  }

  async listClosedSince(sinceMs: number): Promise<readonly ClosedRun[]> {
    const query = closedRunsQuery(this.taskQueue, sinceMs);
    return this.call(async () => {
      const closed: ClosedRun[] = [];
      for await (const run of this.client.workflow.list({ query, pageSize: LIST_PAGE_SIZE })) {
        const executionId = executionIdOf(run.workflowId);
        if (executionId === undefined || run.closeTime === undefined) continue;
        const { runId, status, closeTime } = run;
        closed.push({ executionId, runId, status: status.name, closedAtMs: closeTime.getTime() });
      }
      return closed;
    });
  }

  async backlog(taskQueue: string, type: 'activity' | 'workflow'): Promise<number> {
    const { TASK_QUEUE_TYPE_ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW } = temporal.api.enums.v1.TaskQueueType;
    const taskQueueType = type === 'activity' ? TASK_QUEUE_TYPE_ACTIVITY : TASK_QUEUE_TYPE_WORKFLOW;
    const request = { namespace: this.client.options.namespace, taskQueue: { name: taskQueue } };
    const { stats } = await this.call(
      () => this.client.workflowService.describeTaskQueue({ ...request, taskQueueType, reportStats: true }),
      HEALTH_TIMEOUT_MS,
    );
    return Number(stats?.approximateBacklogCount ?? 0);
  }

  async isAvailable(): Promise<boolean> {
    const answered = this.call(() => this.connection.workflowService.getSystemInfo({}), HEALTH_TIMEOUT_MS);
    return answered.then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  private async signalRun(
    executionId: string,
    runId: string | undefined,
    name: string,
    args: readonly (ResumeSignal | ReviewSignal)[],
  ): Promise<boolean> {
    const handle = this.client.workflow.getHandle(executionWorkflowId(executionId), runId);
    return this.call(() => handle.signal(name, ...args)).then(
      () => true,
      unless(WorkflowNotFoundError, false),
    );
  }

  private async call<T>(work: () => Promise<T>, timeoutMs = this.callTimeoutMs): Promise<T> {
    try {
      const result = await this.connection.withDeadline(Date.now() + timeoutMs, work);
      this.isKnownAway = false;
      return result;
    } catch (error) {
      this.isKnownAway = isAway(error);
      if (this.isKnownAway) throw new TemporalUnavailableError('Temporal does not answer.', { cause: error });
      throw error;
    }
  }

  /** @returns undefined when the execution has a run already that forbids this one. */
  private async startOnce(request: StartRequest): Promise<string | undefined> {
    const options = { ...startOptions(request), taskQueue: this.taskQueue };
    return this.call(() => this.client.workflow.start(EXECUTION_WORKFLOW_TYPE, options)).then(
      (handle) => handle.firstExecutionRunId,
      unless(WorkflowExecutionAlreadyStartedError, undefined),
    );
  }

  /** The latest run, if an earlier call of this same attempt started it. */
  private async ownRun({ input, attempt }: StartRequest): Promise<string | undefined> {
    const latest = await this.describeLatest(input.executionId);
    return latest?.attempt === attempt ? latest.runId : undefined;
  }
}

/** For `catch`: one kind of error stands for a value, all others go on. */
function unless<T>(kind: abstract new (...args: never[]) => Error, value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof kind) return value;
    throw error;
  };
}

function startOptions({ input, attempt, priority }: StartRequest) {
  const attributes: SearchAttributePair[] = [
    { key: STATUS, value: 'RUNNING' },
    { key: ACCOUNT, value: input.accountId },
    { key: WORKFLOW_NAME, value: input.workflowName },
  ];
  return {
    workflowId: executionWorkflowId(input.executionId),
    args: [input],
    // A first start must never run twice, not even after a success; a resume may only follow a run that did not succeed.
    workflowIdReusePolicy:
      attempt === 1 ? ('REJECT_DUPLICATE' as const) : ('ALLOW_DUPLICATE_FAILED_ONLY' as const),
    workflowIdConflictPolicy: 'FAIL' as const,
    // A worker killed with a workflow task in its hands is noticed after this; the default lets a run wait 10 s.
    workflowTaskTimeout: '5 s',
    staticSummary: `${input.workflowName} · ${input.accountId}`.slice(0, SUMMARY_CHARACTERS_MAX),
    memo: { accountId: input.accountId, mode: input.mode, workflowName: input.workflowName, attempt },
    typedSearchAttributes: attributes,
    priority: { priorityKey: priority, fairnessKey: input.accountId },
  };
}

function closedRunsQuery(taskQueue: string, sinceMs: number): string {
  const since = new Date(sinceMs).toISOString();
  return [
    `WorkflowType = '${EXECUTION_WORKFLOW_TYPE}'`,
    `TaskQueue = '${taskQueue}'`,
    `ExecutionStatus IN ('Failed', 'Canceled', 'Terminated', 'TimedOut')`,
    `CloseTime > '${since}'`,
  ].join(' AND ');
}

const WORKFLOW_ID_PREFIX = executionWorkflowId('');

function executionIdOf(workflowId: string): string | undefined {
  return workflowId.startsWith(WORKFLOW_ID_PREFIX) ? workflowId.slice(WORKFLOW_ID_PREFIX.length) : undefined;
}

function numberOrUndefined(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** gRPC: CANCELLED 1, DEADLINE_EXCEEDED 4, RESOURCE_EXHAUSTED 8, UNAVAILABLE 14. */
const AWAY_CODES: ReadonlySet<number> = new Set([1, 4, 8, 14]);

/** The SDK wraps what gRPC threw, sometimes twice. */
function isAway(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isGrpcServiceError(current)) return AWAY_CODES.has(current.code);
    if (/Failed to connect before the deadline/.test(current.message)) return true;
  }
  return false;
}
