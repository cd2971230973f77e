import type { FailureView, JsonObject, JsonValue, Mode, NodeOutputs } from '../../../workflows/contract';
import type { GenerationReason, JobState } from '../tables';

/** One paid call at a provider, unique by execution, step, provider, model and generation. */
export interface Job {
  readonly id: string;
  readonly executionId: string;
  readonly accountId: string;
  readonly mode: Mode;
  readonly step: string;
  readonly nodeId: string;
  readonly nodeType: string;
  readonly provider: string;
  readonly model: string;
  /** 1, 2, …: another paid try at the same candidate, each with a reason. */
  readonly generation: number;
  readonly generationReason: GenerationReason;
  readonly requestHash: string;
  /** As sent, media as asset references. */
  readonly request: JsonValue;
  readonly state: JobState;
  /** End of the claim, by the database's clock. */
  readonly leaseUntil: Date | null;
  readonly providerHandle: JsonObject | null;
  /** The most that this job can cost its account, credits. */
  readonly priceReserved: number;
  readonly creditsCharged: number;
  readonly possibleDuplicate: boolean;
  /** Candidates that failed before this one, `provider:model`. */
  readonly fallbackFrom: readonly string[];
  readonly credentialId: string | null;
  /** Temporal run that opened it. */
  readonly temporalRunId: string | null;
  readonly failure: FailureView | null;
  readonly outputs: NodeOutputs | null;
  readonly createdAt: Date;
  readonly submittedAt: Date | null;
  readonly acceptedAt: Date | null;
  readonly storedAt: Date | null;
  readonly settledAt: Date | null;
  /** Nobody needs to look after it: its end is known, or cannot be known before a late answer or callback comes. */
  readonly closedAt: Date | null;
  /** We have asked, or are about to ask, its provider to stop it. */
  readonly cancelRequestedAt: Date | null;
  /** Since when its provider answers to polls as if it did not know it. */
  readonly oddSince: Date | null;
  /** Which of the node's changes it was sent with; 0: as posted. */
  readonly changeNumber: number;
  readonly nodeKey: string | null;
}

/** A job may still cost money or bring a result. */
export const OPEN_JOB_STATES = ['INTENT', 'SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED'] as const;

/** It failed in place of one whose fate is unknown: whether the step may be sent again is as open as before. */
export function isUndecided({ state, possibleDuplicate }: Pick<Job, 'state' | 'possibleDuplicate'>): boolean {
  return possibleDuplicate && (state === 'REJECTED' || state === 'FAILED');
}

export interface OpenJobRequest {
  readonly step: string;
  readonly nodeId: string;
  readonly nodeType: string;
  readonly provider: string;
  readonly model: string;
  /** Hex digest of the canonical resolved request. */
  readonly requestHash: string;
  readonly request: JsonValue;
  readonly nodeKey?: string;
  /** Which of the node's changes it is sent with; 0 unless given. */
  readonly changeNumber?: number;
  /** Highest price, credits; reserved until the job ends. No charge ever exceeds it. */
  readonly priceCredits: number;
  readonly fallbackFrom?: readonly string[];
  /** Server secret of the token in the job's callback URL; absent: no callback is expected. See callback-token.ts. */
  readonly callbackSecret?: string;
  /**
   * Opens a new generation in place of one whose fate is UNKNOWN, flagged `possibleDuplicate`: by policy (cheap enough)
   * or by the user's word (`resubmitUnknown`). The old one becomes SUPERSEDED. Ignored in any other state.
   */
  readonly resubmitUnknown?: 'policy' | 'user';
}

export interface OpenedJob {
  readonly job: Job;
  /** The row was there already with the same request: go on from its `state`. */
  readonly adopted: boolean;
  /** Open jobs with another request that were given up; those with a handle are to be cancelled at the provider. */
  readonly superseded: readonly Job[];
}

/** What a claim in one breath with its intent needs. */
export interface ClaimRequest {
  /** A fresh UUID, chosen by the claimer: a repeat after a lost reply finds its own claim by it. */
  readonly token: string;
  /** A definite failure up to this generation is known to the caller. */
  readonly pastGeneration: number;
  readonly leaseMs: number;
  readonly credentialId: string;
}

export interface ClaimedIntent extends OpenedJob {
  /** Absent when the job was sent before. */
  readonly claim?: JobClaim;
}

/** The right to send, held by one claimer until `leaseUntil`. */
export interface JobClaim {
  readonly token: string;
  /** By the database's clock; check the lease with a local monotonic clock started before the claim. */
  readonly leaseUntil: Date;
}

export interface JobSend {
  readonly jobId: string;
  readonly outcome: 'accepted' | 'rejected' | 'ambiguous' | 'completed';
  readonly failureCode?: string;
  /** For operators; no secrets. */
  readonly message?: string;
  readonly httpStatus?: number;
  readonly latencyMs: number;
  readonly startedAt: Date;
}

export interface Settlement {
  /** Default: those of `storeJob`. */
  readonly outputs?: NodeOutputs;
  /** What the provider bills; never charged above the reserved price. */
  readonly credits: number;
  /** The send that brought the result, for synchronous calls; counted once, by the first settle. */
  readonly send?: Omit<JobSend, 'jobId'>;
  /** The node's row is left alone: the run that has it now may have another node there. For `executions.settle`. */
  readonly isOfAnEarlierRun?: boolean;
}

/** What was settled first; a second settle returns the same. */
export interface SettledJob {
  readonly job: Job;
  readonly outputs: NodeOutputs;
  /** Charged for this job, credits. */
  readonly credits: number;
  /** Sends made for the node so far. */
  readonly attempts: number;
  /** False when an earlier call had settled it. */
  readonly isFirst: boolean;
}

/** An intent could not reserve its price: the budget or the balance does not cover it. Nothing was written. */
export class BudgetReachedError extends Error {
  override readonly name = 'BudgetReachedError';
  constructor(
    readonly limit: 'budget' | 'balance',
    /** What the job needs on top of what is held, credits. */
    readonly neededCredits: number,
    /** What could be added to the hold, credits. */
    readonly availableCredits: number,
  ) {
    super(
      `the ${limit} does not cover the next job: ${neededCredits} more credits are needed, ${availableCredits} are available`,
    );
  }
}

/** A definite failure lies before, and the caller has not said that it knows of it. Nothing was written. */
export class EarlierFailureError extends Error {
  override readonly name = 'EarlierFailureError';
  constructor(readonly generation: number) {
    super(`generation ${generation} of the job failed`);
  }
}

/** A call that cannot be meant: the job is not there, or its state excludes it. A bug, not a race. */
export class JobStateError extends Error {
  override readonly name = 'JobStateError';
}

/** A node that takes the result of another execution's job. */
export interface ReusingNode {
  readonly nodeId: string;
  readonly step: string;
  /** Candidates that failed before, `provider:model`. */
  readonly fallbackFrom: readonly string[];
}
