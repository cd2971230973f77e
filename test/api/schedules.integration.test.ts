import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { cancelFire, followFire } from '../../activities/follow-fire';
import { sweepSchedules } from '../../api/sweep-schedules';
import { createSweeper } from '../../api/sweeper';
import { schedules } from '../../store/database/schedules';
import { newId } from '../../store/ids';
import { toApplicationFailure } from '../../activities/to-application-failure';
import { scheduledWorkflowId } from '../../workflows/contract';
import { recordWorkflow } from '../support/record-history';
import { until } from '../support/until';
import { failImage } from './support/finished-work';
import { textToImage } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';
import { quietTemporal, startTestWorker } from './support/test-worker';

const base = '/api/v1/workflows';
const { nodes, edges, triggerData } = textToImage;

let api: TestApi;
let worker: Awaited<ReturnType<typeof startTestWorker>>;
beforeAll(async () => {
  quietTemporal();
  api = await startTestApi();
  const { database } = api.dependencies;
  worker = await startTestWorker(api.taskQueue, {
    followFire: (fire) =>
      followFire({ database }, fire).catch((error) => Promise.reject(toApplicationFailure(error))),
    cancelFire: (fire) => cancelFire({ database }, fire),
  });
}, 60_000);
afterAll(async () => {
  await worker.stop();
  await api.close();
});

const sweep = () => createSweeper(api.dependencies).sweep();

async function aWorkflow(
  options: { readonly key?: string; readonly publish?: boolean } = {},
): Promise<string> {
  const { key = api.account.key, publish = true } = options;
  const { body } = await api.call('POST', base, { key, body: { name: 'Nightly', nodes, edges } });
  if (publish) await api.call('POST', `${base}/${body.workflowId}/publish`, { key, body: {} });
  return body.workflowId;
}

interface Made {
  readonly path: string;
  readonly scheduleId: string;
}

async function aSchedule(workflowId: string, body: object, key = api.account.key): Promise<Made> {
  const answer = await api.call('POST', `${base}/${workflowId}/schedules`, {
    key,
    body: { triggerData, ...body },
  });
  expect([answer.status, answer.body.issues]).toEqual([201, undefined]);
  const { scheduleId } = answer.body;
  return { path: `${base}/${workflowId}/schedules/${scheduleId}`, scheduleId };
}

const yearly = '0 0 1 1 *';
/** All of it is to come. */
const YEAR = new Date().getUTCFullYear() + 1;
const berlin = (cron: string) => ({ cron, timezone: 'Europe/Berlin' });

/** When the clocks of Europe change, day of the month. @param month - From 1. */
function lastSunday(month: number): number {
  const last = new Date(Date.UTC(YEAR, month, 0));
  return last.getUTCDate() - last.getUTCDay();
}

/** Days of March. */
const aroundDay = (day: number, days: number): readonly number[] =>
  Array.from({ length: 2 * days + 1 }, (_, nth) => day - days + nth).filter((each) => each <= 31);

const show = async ({ path }: Made, key = api.account.key) => (await api.call('GET', path, { key })).body;

/** Sweeps until the schedule's fires are as wanted. */
async function untilFires(
  made: Made,
  isEnough: (fires: readonly Fire[]) => boolean,
): Promise<readonly Fire[]> {
  let fires: readonly Fire[] = [];
  await until(async () => {
    await sweep();
    ({ fires } = await show(made));
    return isEnough(fires);
  });
  return fires;
}
interface Fire {
  readonly scheduledAt: string;
  readonly state: string;
  readonly executionId: string | null;
  readonly refusal: { readonly code: string } | null;
}
async function nextSecond(): Promise<void> {
  const second = () => Math.floor(Date.now() / 1_000);
  const before = second();
  await until(() => second() !== before);
}

const areStarted = (count: number) => (fires: readonly Fire[]) =>
  fires.filter(({ state }) => state === 'started').length >= count;

describe('the times of a schedule', () => {
  it('follow the clocks of its time zone over a change to summer time and back', async () => {
    const change = lastSunday(3);
    const days = aroundDay(change, 2);
    const made = await aSchedule(await aWorkflow(), berlin(`0 0 9 ${days.join(',')} 3 * ${YEAR}`));
    expect((await show(made)).nextRuns).toEqual(
      days.map((day) => `${YEAR}-03-${day}T0${day < change ? 8 : 7}:00:00.000Z`),
    );
    const back = lastSunday(10);
    const autumn = await aSchedule(await aWorkflow(), berlin(`0 0 9 ${back - 1},${back} 10 * ${YEAR}`));
    expect((await show(autumn)).nextRuns).toEqual([
      `${YEAR}-10-${back - 1}T07:00:00.000Z`,
      `${YEAR}-10-${back}T08:00:00.000Z`,
    ]);
  });

  it('come once on a day on which the hour is left out or comes twice', async () => {
    const change = lastSunday(3);
    const days = aroundDay(change, 2);
    const left = await aSchedule(await aWorkflow(), berlin(`0 30 2 ${days.join(',')} 3 * ${YEAR}`));
    const daysOf = (times: readonly string[]) => times.map((time) => Number(time.slice(8, 10)));
    expect(daysOf((await show(left)).nextRuns)).toEqual(days.filter((day) => day !== change));
    const back = lastSunday(10);
    const twice = await aSchedule(await aWorkflow(), berlin(`0 30 2 ${back - 1},${back} 10 * ${YEAR}`));
    expect(daysOf((await show(twice)).nextRuns)).toEqual([back - 1, back]);
  });

  it('are UTC unless a zone is named, and none while it is paused from the start', async () => {
    const made = await aSchedule(await aWorkflow(), { cron: ['0 9 1 1 *', '0 21 1 1 *'], paused: true });
    expect(await show(made)).toMatchObject({
      ...{ timezone: 'UTC', overlap: 'skip', catchUpSeconds: 60, paused: true, version: null },
      nextRuns: expect.arrayContaining([`${YEAR}-01-01T09:00:00.000Z`, `${YEAR}-01-01T21:00:00.000Z`]),
    });
  });

  it.each([
    ['a cron expression', { cron: 'every day' }, 'cron'],
    ['a time zone', { cron: yearly, timezone: 'Mars/Olympus' }, 'cron'],
    ['an object as triggerData', { cron: yearly, triggerData: [1] }, 'triggerData'],
    ['a catch-up window', { cron: yearly, catchUpSeconds: 1 }, 'catchUpSeconds'],
  ])('are refused without %s', async (_what, body, path) => {
    const workflowId = await aWorkflow();
    const answer = await api.call('POST', `${base}/${workflowId}/schedules`, { body });
    expect([answer.status, answer.body.issues[0].path]).toEqual([422, path]);
    expect((await api.call('GET', `${base}/${workflowId}/schedules`)).body.data).toEqual([]);
  });
});

describe('a fire', () => {
  it('starts one execution of the version that is published then, held and paid as any other', async () => {
    const workflowId = await aWorkflow();
    const made = await aSchedule(workflowId, { cron: yearly });
    expect((await api.call('POST', `${made.path}/trigger`)).status).toBe(202);
    const [fire] = await untilFires(made, areStarted(1));
    await sweep();
    const { body } = await api.call('GET', `${base}/executions?workflow=${workflowId}`);
    expect(body.data).toEqual([
      expect.objectContaining({ executionId: fire?.executionId, version: 1, tags: [made.scheduleId] }),
    ]);
    expect(body.data[0].credits.held).toBeGreaterThan(0);
  });

  it('is one for all repeats with an Idempotency-Key, also when the answer to the first was never stored', async () => {
    const made = await aSchedule(await aWorkflow(), { cron: yearly });
    const trigger = (key: string) =>
      api.call('POST', `${made.path}/trigger`, { headers: { 'Idempotency-Key': key } });
    const first = await trigger('now');
    await untilFires(made, areStarted(1));
    const repeat = await trigger('now');
    expect([repeat.status, repeat.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
    expect(repeat.body).toEqual(first.body);
    await sql`delete from idempotency_keys where key = 'now'`.execute(api.dependencies.database.queries);
    // Temporal names what it starts by the second.
    await nextSecond();
    expect((await trigger('now')).status).toBe(202);
    await nextSecond();
    await trigger('another');
    expect(await untilFires(made, areStarted(2))).toHaveLength(2);
  });

  it('starts no second execution after a crash between its start and its note', async () => {
    const made = await aSchedule(await aWorkflow(), { cron: yearly });
    await api.call('POST', `${made.path}/trigger`);
    const [fire] = await untilFires(made, areStarted(1));
    await sql`update schedule_fires set state = 'pending', execution_id = null
      where schedule_id = ${made.scheduleId}`.execute(api.dependencies.database.queries);
    const [again] = await untilFires(made, areStarted(1));
    expect(again?.executionId).toBe(fire?.executionId);
  });

  it('that cannot start says why', async () => {
    const made = await aSchedule(await aWorkflow({ publish: false }), { cron: yearly });
    await api.call('POST', `${made.path}/trigger`);
    const [fire] = await untilFires(made, ([first]) => first?.state === 'refused');
    expect(fire).toMatchObject({ executionId: null, refusal: { code: 'workflow_not_published' } });
    const time = fire?.scheduledAt.replace('.000Z', 'Z');
    await recordWorkflow(`${scheduledWorkflowId(made.scheduleId)}-${time}`, 'scheduled');
  });

  it('tells its time to the graph as ${schedule.time}', async () => {
    const note = {
      id: 'note',
      data: { nodeType: 'input:text', config: { value: 'made at ${schedule.time}' } },
    };
    const { body } = await api.call('POST', base, { body: { nodes: [note], edges: [] } });
    await api.call('POST', `${base}/${body.workflowId}/publish`, { body: {} });
    const made = await aSchedule(body.workflowId, { cron: '0 0 * * *', triggerData: {} });
    const day = { from: '2026-11-20T00:00:00Z', to: '2026-11-20T00:00:01Z' };
    await api.call('POST', `${made.path}/backfill`, { body: day });
    const [fire] = await untilFires(made, areStarted(1));
    const detail = await api.call('GET', `${base}/executions/${fire?.executionId}`);
    expect(detail.body.graph.variables.schedule).toEqual({
      id: made.scheduleId,
      time: '2026-11-20T00:00:00.000Z',
    });
  });
});

describe('a backfill', () => {
  it('fires for each time of the past, once, however often it is asked for', async () => {
    const workflowId = await aWorkflow();
    const made = await aSchedule(workflowId, {
      cron: '0 9 * * *',
      timezone: 'Europe/Berlin',
      overlap: 'allow_all',
    });
    const body = { from: '2026-11-20T00:00:00Z', to: '2026-11-22T23:00:00Z' };
    expect((await api.call('POST', `${made.path}/backfill`, { body })).status).toBe(202);
    const fires = await untilFires(made, areStarted(3));
    expect(fires.map(({ scheduledAt }) => scheduledAt)).toEqual([
      '2026-11-22T08:00:00.000Z',
      '2026-11-21T08:00:00.000Z',
      '2026-11-20T08:00:00.000Z',
    ]);
    await api.call('POST', `${made.path}/backfill`, { body });
    await sweep();
    expect((await api.call('GET', `${base}/executions?workflow=${workflowId}`)).body.data).toHaveLength(3);
  });

  it('is of the past, and of a year at most', async () => {
    const made = await aSchedule(await aWorkflow(), { cron: yearly });
    for (const [from, to] of [
      ['2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z'],
      ['2020-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
      ['2026-11-01T00:00:00Z', '2099-01-01T00:00:00Z'],
    ]) {
      expect((await api.call('POST', `${made.path}/backfill`, { body: { from, to } })).status).toBe(422);
    }
  });
});

describe('overlap', () => {
  const everySecond = '* * * * * * *';

  it('skip: no time fires while the execution of an earlier one runs', async () => {
    const made = await aSchedule(await aWorkflow(), { cron: everySecond, overlap: 'skip' });
    const [first] = await untilFires(made, areStarted(1));
    const seconds = Date.parse(first?.scheduledAt ?? '') + 3_000;
    while (Date.now() < seconds) await sweep();
    expect((await show(made)).fires).toHaveLength(1);
    await failImage(api.dependencies, first?.executionId ?? '');
    await untilFires(made, areStarted(2));
    await api.call('DELETE', made.path);
  });

  it('cancel_other: the next time cancels the execution of the one before', async () => {
    const made = await aSchedule(await aWorkflow(), { cron: everySecond, overlap: 'cancel_other' });
    const fires = await untilFires(made, areStarted(2));
    // On a busy machine a time may be over before it has started anything.
    const first = fires.filter(({ state }) => state === 'started').at(-1)?.executionId;
    await until(
      async () => (await api.call('GET', `${base}/executions/${first}`)).body.cancelRequested === true,
    );
    await api.call('DELETE', made.path);
  });
});

describe('a schedule', () => {
  it('fires nothing while it is paused but what is triggered, and goes on when it is resumed', async () => {
    const made = await aSchedule(await aWorkflow(), {
      cron: '* * * * * * *',
      overlap: 'allow_all',
      paused: true,
    });
    const paused = await api.call('POST', `${made.path}/pause`, { body: { note: 'budget' } });
    expect(paused.body).toMatchObject({ paused: true, note: 'budget', fires: [] });
    await api.call('POST', `${made.path}/trigger`);
    await untilFires(made, areStarted(1));
    expect((await show(made)).fires).toHaveLength(1);
    expect((await api.call('POST', `${made.path}/resume`)).body).toMatchObject({ paused: false, note: '' });
    await untilFires(made, areStarted(2));
    await api.call('DELETE', made.path);
  });

  it('is changed as a whole, and stays paused', async () => {
    const made = await aSchedule(await aWorkflow(), { cron: yearly, paused: true, version: 1 });
    const { status, body } = await api.call('PUT', made.path, {
      body: { cron: '0 6 1 1 *', timezone: 'Asia/Tokyo' },
    });
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({ paused: true, version: null, triggerData: {} }),
    ]);
    expect(body.nextRuns[0]).toBe(`${YEAR - 1}-12-31T21:00:00.000Z`);
    expect((await api.call('PUT', made.path, { body: { cron: 'never' } })).status).toBe(422);
    expect((await show(made)).cron).toEqual(['0 6 1 1 *']);
  });

  it('ends with its workflow', async () => {
    const workflowId = await aWorkflow();
    const { scheduleId } = await aSchedule(workflowId, { cron: yearly });
    await api.call('DELETE', `${base}/${workflowId}`);
    expect(await api.dependencies.temporal.schedules.nextRuns(scheduleId)).toBeUndefined();
  });

  it('is nobody else’s', async () => {
    const made = await aSchedule(await aWorkflow(), { cron: yearly });
    const { key } = await api.createAccount();
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PUT', '', { cron: yearly }],
      ['DELETE', '', undefined],
      ['POST', '/pause', {}],
      ['POST', '/resume', undefined],
      ['POST', '/trigger', undefined],
      ['POST', '/backfill', { from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' }],
    ] as const) {
      expect((await api.call(method, `${made.path}${path}`, { key, body })).status).toBe(404);
    }
  });
});

describe('a schedule in Temporal that no row names', () => {
  it('is removed once nobody can be making it any more; what has a row, or is young, stays', async () => {
    const kept = await aSchedule(await aWorkflow(), { cron: yearly });
    const { dependencies } = api;
    const row = await schedules.find(dependencies.database, {
      ...{ accountId: api.account.accountId, scheduleId: kept.scheduleId },
      workflowId: kept.path.split('/')[4] ?? '',
    });
    if (row === undefined) throw new Error('The schedule has no row.');
    const orphan = newId('sch');
    await dependencies.temporal.schedules.put({ ...row, id: orphan });
    const known = async () => {
      const ids: string[] = [];
      for await (const id of dependencies.temporal.schedules.list()) ids.push(id);
      return [kept.scheduleId, orphan].map((id) => ids.includes(id));
    };
    // The list of Temporal follows a moment later.
    await until(async () => !(await known()).includes(false));
    await sweepSchedules(dependencies);
    expect(await dependencies.temporal.schedules.madeAt(orphan)).toBeInstanceOf(Date);
    await sweepSchedules({ ...dependencies, clock: () => Date.now() + 600_000 });
    expect(await dependencies.temporal.schedules.madeAt(orphan)).toBeUndefined();
    expect(await dependencies.temporal.schedules.madeAt(kept.scheduleId)).toBeInstanceOf(Date);
  });
});
