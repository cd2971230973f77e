import { temporal } from '@temporalio/proto';
import {
  isGrpcServiceError,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleOptions,
} from '@temporalio/client';
import type { Schedule, ScheduleSpec } from '../store/database/schedules/schedule';
import { SCHEDULED_WORKFLOW_TYPE, scheduledWorkflowId, scheduleIdInTemporal } from '../workflows/contract';

const { SCHEDULE_OVERLAP_POLICY_ALLOW_ALL } = temporal.api.enums.v1.ScheduleOverlapPolicy;
const GRPC_NOT_FOUND = 5;

/** Temporal does not take this cron expression or time zone. */
export class ScheduleInvalidError extends Error {}

/** Schedules as Temporal keeps them. Every method throws `TemporalUnavailableError`. */
export interface TemporalSchedules {
  /** Makes it, or brings it to what is meant. @throws ScheduleInvalidError */
  put(schedule: Schedule): Promise<void>;
  /** Nothing happens when there is none. */
  remove(scheduleId: string): Promise<void>;
  /**
   * Fires now, whatever the time; once for a request id.
   * @returns false when there is none
   */
  trigger(scheduleId: string, requestId: string): Promise<boolean>;
  /** Ids of all that this system has made there; others may share the namespace. */
  list(): AsyncIterable<string>;
  /** Since when Temporal has it; undefined when there is none. */
  madeAt(scheduleId: string): Promise<Date | undefined>;
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
    trigger: (scheduleId, requestId) =>
      done(async () => {
        const { namespace, identity } = client.options;
        const patch = { triggerImmediately: { overlapPolicy: SCHEDULE_OVERLAP_POLICY_ALLOW_ALL } };
        const names = { namespace, identity, requestId, scheduleId: scheduleIdInTemporal(scheduleId) };
        await client.workflowService.patchSchedule({ ...names, patch }).catch(unknownSchedule(scheduleId));
      }),
    list: () => listIds(client, taskQueue, call),
    madeAt: (scheduleId) => whereKnown(async () => (await handleOf(scheduleId).describe()).info.createdAt),
    backfill: (scheduleId, { from, to, overlap }) =>
      done(() => handleOf(scheduleId).backfill({ start: from, end: to, overlap: OVERLAPS[overlap] })),
    nextRuns: (scheduleId) =>
      whereKnown(async () => (await handleOf(scheduleId).describe()).info.nextActionTimes),
  };
}

/** The raw call tells what is not there by its code, the handles of the SDK by an error of their own. */
function unknownSchedule(scheduleId: string): (error: unknown) => never {
  return (error) => {
    if (isGrpcServiceError(error) && Number(error.code) === GRPC_NOT_FOUND)
      throw new ScheduleNotFoundError('There is no such schedule.', scheduleId);
    throw error;
  };
}

async function* listIds(
  client: Client,
  taskQueue: string,
  call: <T>(work: () => Promise<T>) => Promise<T>,
): AsyncGenerator<string, void, undefined> {
  const found = client.schedule.list()[Symbol.asyncIterator]();
  for (;;) {
    const next = await call(() => found.next());
    if (next.done === true) return;
    const scheduleId = idOf(next.value.scheduleId);
    if (scheduleId !== undefined && next.value.memo?.['taskQueue'] === taskQueue) yield scheduleId;
  }
}

const PREFIX = scheduleIdInTemporal('');

function idOf(idInTemporal: string): string | undefined {
  return idInTemporal.startsWith(PREFIX) ? idInTemporal.slice(PREFIX.length) : undefined;
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
    // A list tells the memo and not the action.
    memo: { accountId, name, taskQueue },
  } satisfies ScheduleOptions;
}

/** The client tells what a spec lacks by a TypeError. */
function explain(error: unknown): never {
  if (!(error instanceof TypeError)) throw error;
  throw new ScheduleInvalidError('Temporal takes no such cron expression or time zone.', { cause: error });
}
