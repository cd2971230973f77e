import type { JsonObject, Mode } from '../../../workflows/contract';

/** When: as Temporal takes it. */
export interface ScheduleSpec {
  /** Cron expressions of 5 fields (minutes first), 6 (with year) or 7 (seconds first); any of them fires. */
  readonly cron: readonly string[];
  /** IANA name, such as `Europe/Berlin`. */
  readonly timezone: string;
  /** When a time comes while the execution of an earlier one has not ended. */
  readonly overlap: 'skip' | 'buffer_one' | 'buffer_all' | 'cancel_other' | 'allow_all';
  /** A time that was missed since Temporal was down is made up for within so many seconds; later it is skipped. */
  readonly catchUpSeconds: number;
}

/** What: as for execute; the published version unless one is named. */
export interface ScheduledRun {
  readonly triggerData?: JsonObject;
  readonly version?: number | string;
  readonly budgetCredits?: number;
}

export interface Schedule {
  readonly id: string;
  readonly accountId: string;
  readonly workflowId: string;
  /** Of the executions that it starts. */
  readonly mode: Mode;
  readonly name: string;
  readonly spec: ScheduleSpec;
  readonly run: ScheduledRun;
  readonly paused: boolean;
  /** Why it is paused. */
  readonly note: string;
  readonly createdAt: Date;
}

export interface ScheduleName {
  readonly accountId: string;
  readonly workflowId: string;
  readonly scheduleId: string;
}

/** One time of a schedule. */
export interface ScheduleFire {
  readonly scheduledAt: Date;
  readonly state: 'pending' | 'started' | 'refused' | 'cancelled';
  readonly executionId: string | null;
  readonly refusal: FireRefusal | null;
}

/** Why a time started nothing, such as too few credits. */
export interface FireRefusal {
  readonly code: string;
  readonly message: string;
}

/** A time that is to be started, with all that is needed for it. */
export interface PendingFire {
  readonly scheduleId: string;
  readonly scheduledAt: Date;
  readonly accountId: string;
  readonly mode: Mode;
  readonly plan: string;
  readonly workflowId: string;
  readonly run: ScheduledRun;
}
