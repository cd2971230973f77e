import type { ExecutionView } from '../pipeline/execution-view';
import type { ResumeReceipt } from './types';

type Failure = NonNullable<ExecutionView['failure']>;

/** A node that failed at every candidate. */
export interface DeadLetterView {
  readonly deadLetterId: string;
  readonly executionId: string;
  readonly nodeId: string;
  readonly step: string;
  readonly nodeType: string;
  readonly label: string;
  readonly mode: 'live' | 'test';
  readonly state: 'open' | 'redriven' | 'resolved';
  /** Why it failed the last time; `candidates` has the reason of each provider. */
  readonly failure: Omit<Failure, 'nodeId' | 'resumable'>;
  /** Of this node once more, credits. */
  readonly price: { readonly minCredits: number; readonly maxCredits: number };
  readonly attempt: number;
  readonly timesFailed: number;
  readonly firstFailedAt: string;
  readonly failedAt: string;
  readonly redrive: {
    readonly redriveId: string;
    /** Null once it has begun, or was refused. */
    readonly dueAt: string | null;
    readonly refusal: Refusal | null;
  } | null;
  readonly redrivenAt: string | null;
  readonly resolvedAt: string | null;
  readonly links: Readonly<Record<string, string>>;
}

export interface DeadLetterDetail extends DeadLetterView {
  /** What the node was given: its config, and by port what came along its edges. */
  readonly inputs: {
    readonly config: Readonly<Record<string, unknown>>;
    readonly inputs: Readonly<Record<string, unknown>>;
  };
}

interface Refusal {
  readonly code: string;
  readonly message: string;
}

interface LetterFilters {
  /** One of those that were asked, such as `fal`. */
  readonly provider?: string;
  /** Failure code of the node or of a candidate; with `provider`, of that provider. */
  readonly code?: string;
  readonly nodeType?: string;
  /** Of the items of this batch. */
  readonly batchId?: string;
  /** Last failed then or later, ISO 8601. */
  readonly from?: string;
  /** Last failed before then, ISO 8601. */
  readonly to?: string;
}

export interface DeadLetterFilters extends LetterFilters {
  /** `open` unless given. */
  readonly state?: DeadLetterView['state'] | 'all';
  readonly mode?: 'live' | 'test';
  readonly redriveId?: string;
  /** 1–100, default 20. */
  readonly limit?: number;
  readonly cursor?: string;
}

/** Either `ids`, or at least one filter. */
export interface RedriveSelection extends LetterFilters {
  readonly ids?: readonly string[];
  /** Executions that go on per minute; as fast as it goes unless given. */
  readonly throttle?: { readonly perMinute: number };
}

export interface RedriveReceipt {
  /** Null for a preview. */
  readonly redriveId: string | null;
  /** That are tried again. */
  readonly letters: number;
  readonly executions: readonly {
    readonly executionId: string;
    readonly deadLetterIds: readonly string[];
    /** When it goes on, at the earliest. */
    readonly dueAt: string | null;
    readonly receipt: ResumeReceipt | null;
    /** Why it cannot go on. */
    readonly refusal: Refusal | null;
  }[];
  /** Of all that goes on, credits. */
  readonly price: { readonly minCredits: number; readonly maxCredits: number };
  readonly availableCredits: number;
  /** More letters match than one redrive takes in: repeat it. */
  readonly hasMore: boolean;
}
