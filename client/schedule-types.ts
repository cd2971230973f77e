export type ScheduleOverlap = 'skip' | 'buffer_one' | 'buffer_all' | 'cancel_other' | 'allow_all';

export interface ScheduleInput {
  readonly name?: string;
  /** 5 fields, minutes first; with 7 fields seconds come first. Of several any fires. */
  readonly cron: string | readonly string[];
  /** IANA name; UTC unless given. */
  readonly timezone?: string;
  /** When a time comes while the execution of an earlier one has not ended; `skip` unless given. */
  readonly overlap?: ScheduleOverlap;
  /** A time missed while Temporal was down is made up for within so long; 60 unless given. */
  readonly catchUpSeconds?: number;
  readonly triggerData?: Readonly<Record<string, unknown>>;
  /** The version that is published at the time unless given. */
  readonly version?: number | string;
  readonly budgetCredits?: number;
  readonly paused?: boolean;
}

export interface ScheduleView {
  readonly scheduleId: string;
  readonly workflowId: string;
  readonly name: string;
  readonly mode: 'live' | 'test';
  readonly cron: readonly string[];
  readonly timezone: string;
  readonly overlap: ScheduleOverlap;
  readonly catchUpSeconds: number;
  readonly triggerData: Readonly<Record<string, unknown>>;
  readonly version: number | string | null;
  readonly budgetCredits: number | null;
  readonly paused: boolean;
  readonly note: string;
  readonly createdAt: string;
}

export interface ScheduleDetail extends ScheduleView {
  /** The next ten, UTC; null while Temporal is away. */
  readonly nextRuns: readonly string[] | null;
  /** The last ones, newest first. */
  readonly fires: readonly {
    readonly scheduledAt: string;
    readonly state: 'pending' | 'started' | 'refused' | 'cancelled';
    readonly executionId: string | null;
    readonly refusal: { readonly code: string; readonly message: string } | null;
  }[];
}
