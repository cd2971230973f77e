import {
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleOptions,
} from '@temporalio/client';
import type { Schedule, ScheduleSpec } from '../store/database/schedules/schedule';
import { SCHEDULED_WORKFLOW_TYPE, scheduledWorkflowId, scheduleIdInTemporal } from '../workflows/contract';

/** Temporal does not take this cron expression or time zone. */
export class ScheduleInvalidError extends Error {}

/** Schedules as Temporal keeps them. Every method throws `TemporalUnavailableError`. */
export interface TemporalSchedules {
  /** Makes it, or brings it to what is meant. @throws ScheduleInvalidError */
  put(schedule: Schedule): Promise<void>;
  /** Nothing happens when there is none. */
  remove(scheduleId: string): Promise<void>;
  /** Fires now, whatever the time. @returns false when there is none */
  trigger(scheduleId: string): Promise<boolean>;
  /** Fires for each time between the two, as if they were now, as `overlap` says. @returns false when there is none */
  backfill(
    scheduleId: string,
    range: { readonly from: Date; readonly to: Date; readonly overlap: ScheduleSpec['overlap'] },
  ): Promise<boolean>;
  /** The next ten times; undefined when there is none. */
  nextRuns(scheduleId: string): Promise<readonly Date[] | undefined>;
}

const OVERLAPS: Readonly<Record<ScheduleSpec['overlap'], ScheduleOverlapPolicy>> = {
  skip: ScheduleOverlapPolicy.SKIP,
  buffer_one: ScheduleOverlapPolicy.BUFFER_ONE,
  buffer_all: ScheduleOverlapPolicy.BUFFER_ALL,
  cancel_other: ScheduleOverlapPolicy.CANCEL_OTHER,
  allow_all: ScheduleOverlapPolicy.ALLOW_ALL,
};

/** @param call - Bounds a call in time and tells what is away from what is wrong. */
export function createTemporalSchedules(
  client: Client,
  taskQueue: string,
  call: <T>(work: () => Promise<T>) => Promise<T>,
): TemporalSchedules {
  const handleOf = (scheduleId: string) => client.schedule.getHandle(scheduleIdInTemporal(scheduleId));
  const whereKnown = <T>(work: () => Promise<T>): Promise<T | undefined> =>
    call(work).catch((error: unknown) => {
      if (error instanceof ScheduleNotFoundError) return undefined;
      throw error;
    });
  const done = async (work: () => Promise<void>) =>
    (await whereKnown(async () => (await work(), true))) ?? false;
  return {
    put: async (schedule) => {
      const options = toOptions(schedule, taskQueue);
      const isUpdated = await done(() => handleOf(schedule.id).update(() => options)).catch(explain);
      if (!isUpdated) await call(() => client.schedule.create(options)).catch(explain);
    },
    remove: async (scheduleId) => {
      await done(() => handleOf(scheduleId).delete());
    },
    trigger: (scheduleId) => done(() => handleOf(scheduleId).trigger(ScheduleOverlapPolicy.ALLOW_ALL)),
    backfill: (scheduleId, { from, to, overlap }) =>
      done(() => handleOf(scheduleId).backfill({ start: from, end: to, overlap: OVERLAPS[overlap] })),
    nextRuns: (scheduleId) =>
      whereKnown(async () => (await handleOf(scheduleId).describe()).info.nextActionTimes),
  };
}

function toOptions({ id, spec, paused, note, accountId, name }: Schedule, taskQueue: string) {
  const { cron, timezone, overlap, catchUpSeconds } = spec;
  return {
    scheduleId: scheduleIdInTemporal(id),
    spec: { cronExpressions: [...cron], timezone },
    policies: { overlap: OVERLAPS[overlap], catchupWindow: catchUpSeconds * 1_000 },
    action: {
      type: 'startWorkflow',
      workflowType: SCHEDULED_WORKFLOW_TYPE,
      workflowId: scheduledWorkflowId(id),
      args: [{ scheduleId: id }],
      taskQueue,
    },
    state: { paused, note: note === '' ? undefined : note },
    memo: { accountId, name },
  } satisfies ScheduleOptions;
}

/** The client tells what a spec lacks by a TypeError. */
function explain(error: unknown): never {
  if (!(error instanceof TypeError)) throw error;
  throw new ScheduleInvalidError('Temporal takes no such cron expression or time zone.', { cause: error });
}
