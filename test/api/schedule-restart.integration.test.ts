import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cancelFire, followFire } from '../../activities/follow-fire';
import { toApplicationFailure } from '../../activities/to-application-failure';
import { createSweeper } from '../../api/sweeper';
import {
  connectTemporal,
  TemporalUnavailableError,
  type TemporalExecutions,
} from '../../api/temporal-executions';
import { startTemporal, type TemporalServer } from '../../cli/embedded/temporal';
import { schedules } from '../../store/database/schedules';
import type { ScheduleFire } from '../../store/database/schedules/schedule';
import { findTestTemporal } from '../support/test-servers';
import { until } from '../support/until';
import { onlyText } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';
import { quietTemporal, startTestWorker } from './support/test-worker';
import { reservePort } from '../support/reserve-port';

const base = '/api/v1/workflows';
const folder = mkdtempSync(join(tmpdir(), 'everframe-schedule-'));
const taskQueue = `test-${randomBytes(6).toString('hex')}`;

let server: TemporalServer;
let startServer: () => Promise<TemporalServer>;
let temporal: TemporalExecutions;
let api: TestApi;
let worker: Awaited<ReturnType<typeof startTestWorker>>;

beforeAll(async () => {
  quietTemporal();
  const options = {
    ...{ program: await findTestTemporal(), port: await reservePort() },
    ...{ databasePath: join(folder, 'temporal.db'), logPath: join(folder, 'temporal.log') },
  };
  startServer = () => startTemporal(options);
  server = await startServer();
  temporal = connectTemporal({ address: server.address, namespace: 'default', taskQueue });
  api = await startTestApi({ temporal: () => temporal });
  const { database } = api.dependencies;
  const activities = {
    followFire: (fire: Parameters<typeof followFire>[1]) =>
      followFire({ database }, fire).catch((error) => Promise.reject(toApplicationFailure(error))),
    cancelFire: (fire: Parameters<typeof cancelFire>[1]) => cancelFire({ database }, fire),
  };
  worker = await startTestWorker(taskQueue, activities, server.address);
}, 90_000);

afterAll(async () => {
  await worker.stop();
  await api.close();
  await temporal.close();
  await server.process.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a schedule whose server is killed and started again', () => {
  it('leaves out no time within its catch-up window, and starts none twice', async () => {
    const { workflowId } = (await api.call('POST', base, { body: onlyText })).body;
    await api.call('POST', `${base}/${workflowId}/publish`, { body: {} });
    const body = { cron: '* * * * * * *', overlap: 'allow_all', catchUpSeconds: 60 };
    const made = await api.call('POST', `${base}/${workflowId}/schedules`, { body });
    const { scheduleId } = made.body;
    await untilStarted(scheduleId, 2);
    await server.process.stop();
    server = await startServer();
    const before = (await firesOf(scheduleId)).length;
    const fires = await untilStarted(scheduleId, before + 4);
    await api.call('DELETE', `${base}/${workflowId}/schedules/${scheduleId}`);
    expect(leftOut(fires)).toEqual([]);
    const ids = fires.flatMap(({ executionId }) => executionId ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  }, 90_000);
});

/** All of them, oldest first, each time once. */
async function firesOf(scheduleId: string): Promise<readonly ScheduleFire[]> {
  return (await schedules.fires(api.dependencies.database, scheduleId, 1_000)).toReversed();
}

/** Seconds between the first fire and the last one that have none. */
function leftOut(fires: readonly ScheduleFire[]): readonly number[] {
  const seconds = new Set(fires.map(({ scheduledAt }) => scheduledAt.getTime() / 1_000));
  const [first, last] = [Math.min(...seconds), Math.max(...seconds)];
  return Array.from({ length: last - first }, (_, nth) => first + nth).filter((each) => !seconds.has(each));
}

/** Fires of neighbouring seconds are noted side by side: a later one may be there before an earlier one. */
async function untilStarted(scheduleId: string, count: number): Promise<readonly ScheduleFire[]> {
  let fires: readonly ScheduleFire[] = [];
  await until(async () => {
    await createSweeper(api.dependencies)
      .sweep()
      .catch((error: unknown) => {
        if (!(error instanceof TemporalUnavailableError)) throw error;
      });
    fires = await firesOf(scheduleId);
    return fires.filter(({ state }) => state === 'started').length >= count && leftOut(fires).length === 0;
  });
  return fires;
}
