import type {
  CarriedNode,
  ExecutionFailure,
  FailureView,
  JsonObject,
  JsonValue,
  Mode,
  NodeOutputs,
  Plan,
  ResumeSignal,
} from '../../../workflows/contract';
import type { Job } from '../jobs/job';
import type { MigrationReason } from './migration-reason';
import type { ItemCounts, NewBatch } from '../batches/batch';
import type { EventType, ExecutionStatus, NodeStatus, SendOutcome } from '../tables';

/** Whose write it is: the execution and the Temporal run that writes. An activity passes its input and its run id. */
export interface WriteScope {
  readonly executionId: string;
  /** The writer's own Temporal run id. */
  readonly runId: string;
  readonly continuedFromRunId?: string;
}

/** Another Temporal run holds the execution. */
export class FenceError extends Error {
  override readonly name = 'FenceError';
  constructor(
    readonly executionId: string,
    readonly runId: string,
    /** The run that holds it now; null while a resume waits for its start. */
    readonly currentRunId: string | null,
    /** True: the writer's run was replaced before, so it is out for good and Temporal need not be asked. */
    readonly isPast: boolean,
  ) {
    super(
      `execution ${executionId} belongs to Temporal run ${currentRunId ?? '(about to start)'}, not to ${runId}; ` +
        (isPast ? 'this run was replaced' : 'the latest run may take over'),
    );
  }
}

export class ExecutionNotFoundError extends Error {
  override readonly name = 'ExecutionNotFoundError';
  constructor(readonly executionId: string) {
    super(`execution ${executionId} is not in the database`);
  }
}

/** Bounds of a quote, credits. */
export interface HoldBounds {
  /** Less than this available: refused. */
  readonly minCredits: number;
  /** The hold is at most this. */
  readonly maxCredits: number;
}

/** Stored with the first request of a key, given back to its repeats. */
export interface IdempotencyRequest {
  /** What the key counts for, such as `POST /workflows/:id/execute`. */
  readonly scope: string;
  readonly key: string;
  /** Digest of the request's body. */
  readonly fingerprint: string;
  readonly response: { readonly status: number; readonly body: JsonValue };
  /** Default 24 h. */
  readonly lifetimeMs?: number;
}

export type IdempotencyRepeat =
  | { readonly kind: 'replayed'; readonly status: number; readonly body: JsonValue }
  | { readonly kind: 'fingerprint_mismatch' };

/** An execution that is to go on with another version. */
export interface PendingMigration {
  readonly executionId: string;
  readonly accountId: string;
  readonly mode: Mode;
  readonly toVersion: number;
  readonly status: ExecutionStatus;
  /** Null while it waits for its start. */
  readonly temporalRunId: string | null;
  /** That run knows that it is to drain. */
  readonly isTold: boolean;
  /** That run has drained and is over. */
  readonly isDrained: boolean;
}

export interface NewExecution {
  /** `newId('exe')`. */
  readonly id: string;
  readonly accountId: string;
  readonly mode: Mode;
  readonly workflowId: string;
  readonly workflowName: string;
  readonly version: number | null;
  /** As posted. */
  readonly graph: JsonObject;
  readonly triggerData: JsonObject;
  /** Node rows are made from it. */
  readonly plan: Plan;
  /** As shown to the user; stored as it is. */
  readonly quote: JsonObject;
  readonly budgetCredits?: number;
  readonly failFast?: boolean;
  readonly tags?: readonly string[];
  /** 1–5, 3 unless given. */
  readonly priority?: number;
  readonly callbackUrl?: string;
  /** Of the workflow; null: it has none. */
  readonly variant?: string | null;
  /** It runs once per item. */
  readonly batch?: NewBatch;
}

export interface AcceptRequest {
  readonly execution: NewExecution;
  readonly hold: HoldBounds;
  readonly idempotency?: IdempotencyRequest;
}

export type AcceptResult =
  { readonly kind: 'accepted'; readonly heldCredits: number } | IdempotencyRepeat | InsufficientCredits;

export interface InsufficientCredits {
  readonly kind: 'insufficient_credits';
  readonly requiredCredits: number;
  readonly availableCredits: number;
}

/** An accepted or resumed execution that Temporal may not have yet: all that a start needs. */
export interface PendingStart {
  readonly executionId: string;
  readonly accountId: string;
  readonly mode: Mode;
  readonly workflowName: string;
  readonly attempt: number;
  readonly plan: Plan;
  readonly carried: readonly CarriedNode[];
  readonly failFast: boolean;
  readonly resubmitUnknown: boolean;
  /** The run that waits and is replaced by this one: to be ended before. */
  readonly supersededRunId: string | null;
  /** The batch that it is an item of. */
  readonly batchId: string | null;
  readonly priority: number;
  readonly startRequestedAt: Date;
  /** Set: it is to be closed by `closeFromTemporal` with run id null rather than started. */
  readonly cancelRequestedAt: Date | null;
}

export interface OpenExecution {
  readonly executionId: string;
  readonly temporalRunId: string | null;
  readonly status: 'RUNNING' | 'WAITING';
}

export interface CloseRequest {
  readonly executionId: string;
  /** The run that Temporal reports as closed; null closes an execution that never got one. */
  readonly runId: string | null;
  readonly status: 'FAILED' | 'CANCELLED';
  readonly failure?: ExecutionFailure;
}

export interface CloseResult {
  /** False: it had ended, or another run holds it. */
  readonly closed: boolean;
  /** Jobs that may still be running at providers. */
  readonly openJobs: readonly Job[];
}

export interface TakeOverRequest {
  readonly executionId: string;
  readonly fromRunId: string;
  readonly toRunId: string;
}

export interface ResumeRequest {
  readonly accountId: string;
  readonly executionId: string;
  /** The attempt and the resume of it that the caller looked at; others by now → conflict. */
  readonly expectedAttempt: number;
  readonly expectedResumeNumber: number;
  readonly plan: Plan;
  readonly carried: readonly CarriedNode[];
  readonly quote: JsonObject;
  /** Of what is left to run. */
  readonly hold: HoldBounds;
  /** Steps whose rows stay as they are. */
  readonly reusedSteps: readonly string[];
  /** Ends its pending migration: it goes on with that version, or with its own. */
  readonly migration?: { readonly toVersion: number } | { readonly reasons: readonly MigrationReason[] };
  /** Present when edited. */
  readonly graph?: JsonObject;
  readonly triggerData?: JsonObject;
  /** Absent: as before. */
  readonly budgetCredits?: number;
  /** Jobs of unknown fate are sent again and flagged as possible duplicates. */
  readonly resubmitUnknown?: boolean;
  readonly idempotency?: IdempotencyRequest;
}

export type WaitingResumeRequest = Pick<
  ResumeRequest,
  | 'accountId'
  | 'executionId'
  | 'expectedAttempt'
  | 'expectedResumeNumber'
  | 'hold'
  | 'budgetCredits'
  | 'resubmitUnknown'
  | 'idempotency'
>;

/** A resume that a waiting run may not know yet: all that the signal needs. */
export interface PendingResume {
  readonly executionId: string;
  /** The run that waits; no other one may be told. */
  readonly runId: string;
  readonly signal: ResumeSignal;
}

export type WaitingResumeResult =
  | { readonly kind: 'resumed'; readonly resume: PendingResume; readonly heldCredits: number }
  | Exclude<ResumeResult, { readonly kind: 'resumed' }>;

export type ResumeResult =
  | { readonly kind: 'resumed'; readonly attempt: number; readonly heldCredits: number }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'conflict'; readonly status: ExecutionStatus; readonly attempt: number }
  | IdempotencyRepeat
  | InsufficientCredits;

export type CancelResult =
  | { readonly kind: 'not_found' }
  /** Ended before: nothing to cancel. */
  | { readonly kind: 'ended'; readonly status: ExecutionStatus }
  | { readonly kind: 'requested'; readonly status: ExecutionStatus; readonly temporalRunId: string | null };

/** One row of a node, as polled. */
export interface NodeRow {
  readonly step: string;
  readonly nodeId: string;
  readonly nodeType: string;
  readonly label: string;
  readonly status: NodeStatus;
  readonly nodeKey: string;
  readonly isOutput: boolean;
  readonly outputs: NodeOutputs | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly attempts: number;
  readonly fallbackFrom: readonly string[];
  readonly cached: boolean;
  readonly credits: number;
  readonly possibleDuplicate: boolean;
  readonly error: FailureView | null;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
}

/** An execution without its documents. */
export interface ExecutionRow {
  readonly id: string;
  readonly accountId: string;
  readonly mode: Mode;
  readonly workflowId: string;
  readonly workflowName: string;
  readonly version: number | null;
  readonly status: ExecutionStatus;
  readonly attempt: number;
  readonly revision: number;
  readonly failure: ExecutionFailure | null;
  /** `held`: held now, 0 once ended. */
  readonly credits: { readonly held: number; readonly charged: number; readonly released: number };
  readonly budgetCredits: number | null;
  readonly temporalRunId: string | null;
  /** Resumes of the present Temporal run while it waited. */
  readonly resumeNumber: number;
  readonly startRequestedAt: Date | null;
  readonly cancelRequestedAt: Date | null;
  readonly tags: readonly string[];
  readonly priority: number;
  /** The batch that it is an item of. */
  readonly batchId: string | null;
  readonly itemIndex: number | null;
  /** Of a batch. */
  readonly items: ItemCounts | null;
  /** Of its workflow. */
  readonly variant: string | null;
  readonly callbackUrl: string | null;
  readonly createdAt: Date;
  readonly completedAt: Date | null;
}

/** What a poll shows; the API turns it into the poll body by adding URLs and links. */
export interface ExecutionSnapshot {
  readonly execution: ExecutionRow;
  /** In plan order, steps of one node after each other. */
  readonly nodes: readonly NodeRow[];
}

export interface ExecutionDocuments {
  readonly graph: JsonObject;
  readonly triggerData: JsonObject;
  readonly plan: Plan;
  readonly carried: readonly CarriedNode[];
  readonly quote: JsonObject;
  readonly failFast: boolean;
}

export interface SendRow {
  readonly id: string;
  readonly jobId: string;
  readonly step: string;
  readonly provider: string;
  readonly model: string;
  readonly number: number;
  readonly outcome: SendOutcome;
  readonly failureCode: string | null;
  readonly message: string | null;
  readonly httpStatus: number | null;
  readonly latencyMs: number;
  readonly startedAt: Date;
}

export interface ExecutionDetail extends ExecutionSnapshot {
  readonly documents: ExecutionDocuments;
  readonly jobs: readonly Job[];
  readonly sends: readonly SendRow[];
}

export interface ExecutionFilters {
  readonly status?: ExecutionStatus;
  readonly workflowId?: string;
  readonly tag?: string;
  readonly mode?: Mode;
  readonly createdFrom?: Date;
  readonly createdBefore?: Date;
}

export interface ExecutionPage {
  /** Newest first. */
  readonly executions: readonly ExecutionRow[];
  /** Opaque; null on the last page. */
  readonly nextCursor: string | null;
}

export interface ExecutionEvent {
  /** 1, 2, 3, … without gaps. */
  readonly revision: number;
  readonly type: EventType;
  /** What changed: `{status?, nodes?: {[step]: status}}`. */
  readonly data: JsonObject;
  readonly at: Date;
}
