import {
  cancelFire,
  fireProgress,
  fireRefused,
  fireStarted,
  listFires,
  pendingFires,
  recordFire,
} from './schedules/fires';
import {
  changeSchedule,
  createSchedule,
  deleteSchedule,
  findSchedule,
  listSchedules,
  scheduleExists,
} from './schedules/keep-schedules';

/** When workflows run by themselves. Temporal keeps the time, these rows what is meant and what became of each time. */
export const schedules = {
  create: createSchedule,
  list: listSchedules,
  find: findSchedule,
  exists: scheduleExists,
  change: changeSchedule,
  delete: deleteSchedule,
  recordFire,
  fireProgress,
  cancelFire,
  pendingFires,
  fireStarted,
  fireRefused,
  fires: listFires,
} as const;
