import type { Calls } from './calls';
import type { ScheduleDetail, ScheduleInput, ScheduleOverlap, ScheduleView } from './schedule-types';
import type { CallOptions, CreatingOptions } from './types';
import { savedPath } from './workflows-client';

/** When workflows run by themselves. */
export interface SchedulesClient {
  list(workflowId: string, options?: CallOptions): Promise<readonly ScheduleView[]>;
  create(workflowId: string, schedule: ScheduleInput, options?: CreatingOptions): Promise<ScheduleView>;
  get(workflowId: string, scheduleId: string, options?: CallOptions): Promise<ScheduleDetail>;
  save(
    workflowId: string,
    scheduleId: string,
    schedule: ScheduleInput,
    options?: CallOptions,
  ): Promise<ScheduleDetail>;
  delete(workflowId: string, scheduleId: string, options?: CallOptions): Promise<void>;
  pause(
    workflowId: string,
    scheduleId: string,
    note?: string,
    options?: CallOptions,
  ): Promise<ScheduleDetail>;
  resume(workflowId: string, scheduleId: string, options?: CallOptions): Promise<ScheduleDetail>;
  /** Fires now. */
  trigger(workflowId: string, scheduleId: string, options?: CreatingOptions): Promise<ScheduleDetail>;
  /** Fires for every time between the two, ISO 8601; one that has fired before fires no second time. */
  backfill(
    workflowId: string,
    scheduleId: string,
    range: { readonly from: string; readonly to: string; readonly overlap?: ScheduleOverlap },
    options?: CallOptions,
  ): Promise<ScheduleDetail>;
}

export function createSchedulesClient(calls: Calls): SchedulesClient {
  const all = (id: string) => `${savedPath(id)}/schedules`;
  const one = (id: string, scheduleId: string) => `${all(id)}/${encodeURIComponent(scheduleId)}`;
  return {
    list: async (id, given) => (await calls.get<{ data: ScheduleView[] }>(all(id), given)).data,
    create: (id, schedule, given) => calls.create(all(id), schedule, given),
    get: (id, scheduleId, given) => calls.get(one(id, scheduleId), given),
    save: (id, scheduleId, schedule, given) => calls.replace(one(id, scheduleId), schedule, given),
    delete: (id, scheduleId, given) => calls.discard(one(id, scheduleId), given),
    pause: (id, scheduleId, note, given) => calls.ask(`${one(id, scheduleId)}/pause`, { note }, given),
    resume: (id, scheduleId, given) => calls.ask(`${one(id, scheduleId)}/resume`, undefined, given),
    trigger: (id, scheduleId, given) => calls.create(`${one(id, scheduleId)}/trigger`, undefined, given),
    backfill: (id, scheduleId, range, given) => calls.ask(`${one(id, scheduleId)}/backfill`, range, given),
  };
}
