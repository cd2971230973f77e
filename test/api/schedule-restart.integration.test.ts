import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cancelFire, followFire } from '../../activities/follow-fire';
import { toApplicationFailure } from '../../activities/to-application-failure';
import { createSweeper } from '../../api/sweeper';
import {
  connectTemporal,
  TemporalUnavailableError,
  type TemporalExecutions,
} from '../../api/temporal-executions';
import { findFreePort } from '../../cli/embedded/ports';
import { startTemporal, type TemporalServer } from '../../cli/embedded/temporal';
import { findTestTemporal } from '../support/test-servers';
import { onlyText } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';
import { quietTemporal, startTestWorker } from './support/test-worker';

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
    ...{ program: await findTestTemporal(), port: await findFreePort() },
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
    const path = `${base}/${workflowId}/schedules/${made.body.scheduleId}`;
    await untilStarted(path, 2);
    await server.process.stop();
    server = await startServer();
    const before = (await api.call('GET', path)).body.fires.length;
    const fires = await untilStarted(path, before + 4);
    await api.call('DELETE', path);
    const times = fires.map(({ scheduledAt }) => Date.parse(scheduledAt)).toReversed();
    expect(times).toEqual(times.map((_, index) => (times[0] ?? 0) + index * 1_000));
    const ids = fires.flatMap(({ executionId }) => executionId ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  }, 60_000);
});

async function untilStarted(
  path: string,
  count: number,
): Promise<readonly { readonly scheduledAt: string; readonly executionId: string | null }[]> {
  for (;;) {
    await createSweeper(api.dependencies)
      .sweep()
      .catch((error: unknown) => {
        if (!(error instanceof TemporalUnavailableError)) throw error;
      });
    const { fires } = (await api.call('GET', path)).body;
    if (fires.filter(({ state }: { state: string }) => state === 'started').length >= count) return fires;
    await setImmediate();
  }
}
