import type { FailureView, JsonObject, Mode } from '../../../workflows/contract';
import type { DeadLetterState, RedriveRefusal } from '../tables';

/** A node that failed at every candidate, in an execution that ended FAILED. One per node and execution. */
export interface DeadLetter {
  readonly id: string;
  readonly accountId: string;
  readonly mode: Mode;
  readonly executionId: string;
  readonly step: string;
  readonly nodeId: string;
  readonly nodeType: string;
  readonly label: string;
  readonly state: DeadLetterState;
  /** Of the execution, when the node failed last. */
  readonly attempt: number;
  readonly timesFailed: number;
  readonly failure: FailureView;
  /** Of the node alone, credits, by the prices of its plan. */
  readonly price: { readonly minCredits: number; readonly maxCredits: number };
  readonly firstFailedAt: Date;
  readonly failedAt: Date;
  /** The last redrive of many; null when there was none. */
  readonly redrive: {
    readonly redriveId: string;
    /** Null once it has begun, or was refused. */
    readonly dueAt: Date | null;
    readonly refusal: RedriveRefusal | null;
  } | null;
  /** When its execution went on the last time, by a redrive, a resume or an operator's reset. */
  readonly redrivenAt: Date | null;
  readonly resolvedAt: Date | null;
}

export interface DeadLetterDetail extends DeadLetter {
  /** `{config, inputs}` of the node: its resolved config, and by port what came along its edges; media as references. */
  readonly inputs: JsonObject;
}

export interface DeadLetterFilters {
  readonly state?: DeadLetterState;
  readonly mode?: Mode;
  readonly provider?: string;
  /** A failure code, of that provider where one is named. */
  readonly code?: string;
  readonly nodeType?: string;
  /** Last failed at this moment or later. */
  readonly failedFrom?: Date;
  /** Last failed before this moment. */
  readonly failedBefore?: Date;
  readonly redriveId?: string;
  /** Of the items of this batch. */
  readonly batchId?: string;
  /** At most 500. */
  readonly ids?: readonly string[];
}

export interface DeadLetterPage {
  /** Newest first. */
  readonly letters: readonly DeadLetter[];
  /** Opaque; null on the last page. */
  readonly nextCursor: string | null;
}

/** Letters that are to be tried again, each at its time. */
export interface RedriveSchedule {
  readonly redriveId: string;
  readonly accountId: string;
  /** Executions per minute; absent: as fast as it goes. */
  readonly perMinute?: number;
  readonly executions: readonly {
    readonly letterIds: readonly string[];
    /** From now. */
    readonly delayMs: number;
  }[];
}

/** An execution whose planned redrive is due. */
export interface DueRedrive {
  readonly redriveId: string;
  readonly executionId: string;
  readonly accountId: string;
  readonly mode: Mode;
}
