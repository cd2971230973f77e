import type {
  ExecutionFailure,
  FailureView,
  JsonObject,
  Mode,
  NodeOutputs,
  ReviewAnswer,
} from '../../../workflows/contract';
import type {
  Job,
  JobClaim,
  JobSend,
  OpenedJob,
  OpenJobRequest,
  SettledJob,
  Settlement,
  ReusingNode,
} from '../jobs/job';
import type { ReviewRequest } from '../reviews/review';
import type { ExecutionStatus, NodeStatus } from '../tables';

/** A new state of a node. Absent fields keep their value. */
export interface NodeChange {
  readonly nodeId: string;
  /** Default: the node id. Another one makes a row of its own, after the node's. */
  readonly step?: string;
  readonly status: NodeStatus;
  readonly outputs?: NodeOutputs;
  readonly provider?: string;
  readonly model?: string;
  readonly attempts?: number;
  readonly fallbackFrom?: readonly string[];
  readonly cached?: boolean;
  readonly error?: FailureView;
}

export interface PauseChange {
  /** Absent: it waits for reviews alone. */
  readonly failure?: ExecutionFailure;
  /** Number of the last resume that the run has taken. */
  readonly resumesTaken: number;
  /** The state of all nodes that ran or were decided. */
  readonly nodes: readonly NodeChange[];
}

export interface FinishChange {
  readonly status: 'COMPLETED' | 'FAILED' | 'CANCELLED';
  readonly failure?: ExecutionFailure;
  /** The final state of all nodes that ran or were decided. */
  readonly nodes: readonly NodeChange[];
}

export interface FinishedExecution {
  readonly status: ExecutionStatus;
  readonly creditsCharged: number;
  /** False when the attempt had ended before: nothing was changed. */
  readonly isFirst: boolean;
}

/**
 * What an activity may write, all in the one transaction of `executions.write`, under the lock of the execution row.
 * Methods that answer a boolean say whether the job was in a state that allows the step; false changes nothing.
 */
export interface ExecutionWriter {
  readonly execution: {
    readonly id: string;
    readonly accountId: string;
    readonly mode: Mode;
    readonly attempt: number;
    readonly status: ExecutionStatus;
    readonly isCancelRequested: boolean;
  };

  /**
   * Sets node rows. Within an attempt a node never goes backwards (PENDING → RUNNING → WAITING → end; COMPLETED stays),
   * so a late whole-state vector is harmless. Does nothing once the execution has ended.
   */
  updateNodes(changes: readonly NodeChange[]): Promise<void>;

  /**
   * Allocates the generation, see store.md: adopts the newest row of the same request unless it definitely failed,
   * else opens a new one; reserves its price.
   * @throws BudgetReachedError the transaction is to be given up (let it pass through `write`)
   */
  openJob(request: OpenJobRequest): Promise<OpenedJob>;
  /** The job as it is now. @throws JobStateError not of this execution */
  job(jobId: string): Promise<Job>;

  /** INTENT → SUBMITTING; exactly one winner, null for all others. */
  claimJob(jobId: string, options: { leaseMs: number; credentialId?: string }): Promise<JobClaim | null>;
  /**
   * Sends again under the same job: SUBMITTING with an ended lease, or UNKNOWN → SUBMITTING with a fresh token.
   * Only for providers where a second send is harmless (`submitSafety: 'idempotent'`) or after a look-up.
   */
  reclaimJob(jobId: string, options: { leaseMs: number; credentialId?: string }): Promise<JobClaim | null>;
  /** SUBMITTING → INTENT: definitely not accepted, and it may be tried again. */
  returnJob(jobId: string, token: string, failure: FailureView): Promise<boolean>;
  /** SUBMITTING or UNKNOWN → ACCEPTED: a callback or a look-up found it. The answer to a send is a write of its own. */
  adoptJob(jobId: string, handle: JsonObject): Promise<boolean>;
  /** Definitely not accepted. With a token: from SUBMITTING or UNKNOWN; without: from INTENT or UNKNOWN. Gives the reservation back. */
  rejectJob(jobId: string, token: string | null, failure: FailureView): Promise<boolean>;
  /** Ended badly: from SUBMITTING, ACCEPTED, UNKNOWN or STORED. Charges what the provider billed, up to the price. */
  failJob(jobId: string, failure: FailureView, options?: { billedCredits?: number }): Promise<boolean>;
  /** SUBMITTING → UNKNOWN by its claimer (token), or by anybody once the lease has ended. */
  unknownJob(jobId: string, options?: { token?: string; failure?: FailureView }): Promise<boolean>;
  /** From INTENT, ACCEPTED, UNKNOWN, or SUBMITTING with an ended lease. Closes it. */
  cancelJob(jobId: string, options?: { billedCredits?: number }): Promise<boolean>;
  /** ACCEPTED: notes, before its provider is asked to stop it, that its bad end will be our doing. */
  stopJob(jobId: string): Promise<boolean>;
  /** SUPERSEDED or CANCELLED: it was accepted after all, so it is to be stopped at its provider and settled. */
  reopenJob(jobId: string, handle: JsonObject): Promise<boolean>;
  /**
   * UNKNOWN, SUPERSEDED or CANCELLED: nothing more is to be learned of it. What the provider billed all the same is
   * charged, once, and an output that came all the same is kept in its row; the node's result it does not become.
   */
  closeJob(jobId: string, end?: { outputs?: NodeOutputs; billedCredits?: number }): Promise<boolean>;
  /** SUBMITTING, ACCEPTED or UNKNOWN → STORED: the bytes lie in the asset store. */
  storeJob(jobId: string, outputs: NodeOutputs): Promise<boolean>;
  /**
   * SUBMITTING, ACCEPTED, UNKNOWN or STORED → SETTLED: charges once, sets the node COMPLETED with outputs, provider, model,
   * attempts, fallbackFrom and credits. A second call changes nothing and answers the first result.
   * @throws JobStateError the job was given up before (REJECTED, FAILED, CANCELLED, SUPERSEDED) or has no outputs
   */
  settleJob(jobId: string, settlement: Settlement): Promise<SettledJob>;
  /** The node is COMPLETED, `cached`, with the result of another execution's job; nothing is charged. */
  reuseJob(job: Job, node: ReusingNode): Promise<void>;
  /** Counts a send. @returns `attempts`: sends made for the node so far; `jobSends`: for this job alone */
  recordSend(send: JobSend): Promise<{ readonly attempts: number; readonly jobSends: number }>;

  /**
   * RUNNING → WAITING, unless a resume that the run has not taken is on its way to it. What no open job needs of the hold
   * is released: a run may wait for weeks. A repeat changes nothing.
   */
  pause(change: PauseChange): Promise<void>;
  /** The run will start and write nothing more, so that the execution may go on in another one. A repeat changes nothing. */
  drain(nodes: readonly NodeChange[]): Promise<void>;
  /** Asks a person, once per step and value; shows the node WAITING while nobody has decided. */
  openReview(request: ReviewRequest): Promise<ReviewAnswer>;
  /** WAITING → RUNNING, not by a resume: the hold grows again with the next jobs. A repeat changes nothing. */
  goOn(): Promise<void>;
  /** Ends the attempt, once, and releases the rest of the hold: held = charged + released from then on. */
  finish(change: FinishChange): Promise<FinishedExecution>;
}
