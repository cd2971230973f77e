import { existsSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { sql } from 'kysely';
import { createSweeper, type Sweeper } from '../../api/sweeper';
import { TemporalUnavailableError, type TemporalExecutions } from '../../api/temporal-executions';
import { credits } from '../../store/database/credits';
import { executions } from '../../store/database/executions';
import {
  EXECUTION_WORKFLOW_TYPE,
  executionWorkflowId,
  settleWorkflowId,
  type ExecutionFailure,
} from '../../workflows/contract';
import { aBatch } from '../store/database/builders';
import { cancelRequests, pauseImage, signalsOf, terminate, writeAsRun } from './support/finished-work';
import { until } from '../support/until';
import { overrideTemporal } from './support/override-temporal';
import { textToImage } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
let sweeper: Sweeper;
/** Set: Temporal is away for the routes; the sweeper still reaches it. */
let isAway = false;

beforeAll(async () => {
  let real: TemporalExecutions | undefined;
  api = await startTestApi({ temporal: (given) => awayOnDemand((real = given)) });
  if (real !== undefined) sweeper = createSweeper({ ...api.dependencies, temporal: real });
});
afterAll(() => api.close());

/** The real thing, but for some of its methods. */
function sweeperWith(
  overrides: (real: TemporalExecutions) => Partial<TemporalExecutions>,
  clock = api.dependencies.clock,
): Sweeper {
  const { temporal } = api.dependencies;
  return createSweeper({
    ...api.dependencies,
    clock,
    temporal: overrideTemporal(temporal, overrides(temporal)),
  });
}

/** Fails as Temporal does when nobody answers, as long as `isAway`. */
function awayOnDemand(temporal: TemporalExecutions): TemporalExecutions {
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isAway) throw new TemporalUnavailableError('away');
    return work();
  };
  return overrideTemporal(temporal, {
    start: (request) => guard(() => temporal.start(request)),
    cancel: (executionId) => guard(() => temporal.cancel(executionId)),
    resume: (...args) => guard(() => temporal.resume(...args)),
    supersede: (...args) => guard(() => temporal.supersede(...args)),
  });
}

async function whileAway<T>(work: () => Promise<T>): Promise<T> {
  isAway = true;
  try {
    return await work();
  } finally {
    isAway = false;
  }
}

async function execute(key: string): Promise<{ status: number; executionId: string }> {
  const { status, body } = await api.call('POST', '/api/v1/workflows/inline/execute', {
    key,
    body: textToImage,
  });
  return { status, executionId: body.executionId };
}

const poll = async (key: string, executionId: string) =>
  (await api.call('GET', `/api/v1/workflows/executions/${executionId}/poll`, { key })).body;

/** As if so much time had passed since the request. */
async function age(executionId: string, seconds: number): Promise<void> {
  await sql`
    update executions set start_requested_at = start_requested_at - ${seconds} * interval '1 second',
      cancel_requested_at = cancel_requested_at - ${seconds} * interval '1 second',
      resume_requested_at = resume_requested_at - ${seconds} * interval '1 second'
    where id = ${executionId}`.execute(api.dependencies.database.queries);
}

describe('the sweeper', () => {
  it('starts once what was accepted while Temporal was away', async () => {
    const { key } = await api.createAccount();
    const { status, executionId } = await whileAway(() => execute(key));
    expect(status).toBe(201);
    expect(await api.dependencies.temporal.describeLatest(executionId)).toBeUndefined();
    await age(executionId, 4);
    await Promise.all([sweeper.sweep(), sweeper.sweep()]);
    expect(await api.dependencies.temporal.describeLatest(executionId)).toMatchObject({ status: 'RUNNING' });
    expect(await poll(key, executionId)).toMatchObject({ status: 'RUNNING', attempt: 1 });
  });

  it('finds the run of a start whose answer was lost', async () => {
    const { key } = await api.createAccount();
    const { executionId } = await execute(key);
    const first = await api.dependencies.temporal.describeLatest(executionId);
    await sql`update executions set temporal_run_id = null, start_requested_at = now() - interval '4 seconds'
      where id = ${executionId}`.execute(api.dependencies.database.queries);
    await sweeper.sweep();
    const { rows } = await sql<{ temporal_run_id: string }>`
      select temporal_run_id from executions where id = ${executionId}`.execute(
      api.dependencies.database.queries,
    );
    expect(rows[0]?.temporal_run_id).toBe(first?.runId);
  });

  it('shows a run that an operator terminated as FAILED, and gives its credits back', async () => {
    const { key, accountId } = await api.createAccount({ credits: 1_000 });
    const { executionId } = await execute(key);
    await terminate(executionId);
    await sweepUntil(async () => (await poll(key, executionId)).status !== 'RUNNING');
    expect(await poll(key, executionId)).toMatchObject({
      status: 'FAILED',
      failure: { code: 'run_terminated', resumable: true },
      credits: { held: 0, charged: 0 },
    });
    const balance = await credits.balance(api.dependencies.database, accountId, 'test');
    expect(balance).toEqual({ available: 1_000, held: 0 });
  });

  it('shows a run that reached a time limit in Temporal as FAILED, and gives its credits back', async () => {
    const { key, accountId } = await api.createAccount({ credits: 1_000 });
    const { executionId } = await whileAway(() => execute(key));
    await runOutOfTime(executionId);
    await age(executionId, 4);
    await sweepUntil(async () => (await poll(key, executionId)).status !== 'RUNNING');
    expect(await poll(key, executionId)).toMatchObject({
      status: 'FAILED',
      failure: { code: 'run_timed_out', resumable: true },
      credits: { held: 0, charged: 0 },
    });
    const balance = await credits.balance(api.dependencies.database, accountId, 'test');
    expect(balance).toEqual({ available: 1_000, held: 0 });
  });

  it('leaves an execution alone whose terminated run was followed by a resume', async () => {
    const { key } = await api.createAccount();
    const { executionId } = await execute(key);
    await writeAsRun(api.dependencies, executionId, (writer) =>
      writer.finish({ status: 'CANCELLED', nodes: [] }),
    );
    await terminate(executionId);
    const resume = `/api/v1/workflows/executions/${executionId}/resume`;
    expect((await api.call('POST', resume, { key })).status).toBe(202);
    await sweeper.sweep();
    expect(await poll(key, executionId)).toMatchObject({ status: 'RUNNING', attempt: 2 });
  });

  it('closes as CANCELLED what was cancelled before it could start', async () => {
    const { key } = await api.createAccount();
    const { executionId } = await whileAway(async () => {
      const executed = await execute(key);
      const cancel = `/api/v1/workflows/executions/${executed.executionId}/cancel`;
      expect((await api.call('POST', cancel, { key })).status).toBe(202);
      return executed;
    });
    await age(executionId, 11);
    await sweeper.sweep();
    expect(await poll(key, executionId)).toMatchObject({ status: 'CANCELLED', credits: { held: 0 } });
    expect(await api.dependencies.temporal.describeLatest(executionId)).toBeUndefined();
  });

  it('passes on a cancel that was noted while Temporal was away', async () => {
    const { key } = await api.createAccount();
    const { executionId } = await execute(key);
    const cancel = `/api/v1/workflows/executions/${executionId}/cancel`;
    expect((await whileAway(() => api.call('POST', cancel, { key }))).status).toBe(202);
    await age(executionId, 11);
    await sweeper.sweep();
    await sweeper.sweep();
    expect(await cancelRequests(executionId)).toBe(1);
  });

  it('closes as CANCELLED what is to be cancelled but has no run any more, though Temporal did not list its end', async () => {
    const { key } = await api.createAccount();
    const { executionId } = await execute(key);
    await terminate(executionId);
    const cancel = `/api/v1/workflows/executions/${executionId}/cancel`;
    expect((await api.call('POST', cancel, { key })).status).toBe(202);
    await age(executionId, 11);
    await sweeperWith(() => ({ listClosedSince: async () => [] })).sweep();
    expect(await poll(key, executionId)).toMatchObject({ status: 'CANCELLED', credits: { held: 0 } });
  });

  it('mends all others when one cannot be mended, and comes back to that one', async () => {
    const { key } = await api.createAccount();
    const [odd, silent, ended] = [await execute(key), await execute(key), await execute(key)];
    await api.call('POST', `/api/v1/workflows/executions/${odd.executionId}/cancel`, { key });
    await age(odd.executionId, 11);
    await terminate(silent.executionId);
    await terminate(ended.executionId);
    const refusing =
      (id: string, work: (executionId: string) => Promise<unknown>) => async (executionId: string) => {
        if (executionId === id) throw new Error('a test: this one cannot be asked for');
        return work(executionId) as never;
      };
    const faulty = sweeperWith((temporal) => ({
      cancel: refusing(odd.executionId, (id) => temporal.cancel(id)),
      describeLatest: refusing(silent.executionId, (id) => temporal.describeLatest(id)),
      listClosedSince: async (sinceMs) =>
        // Its cursor would pass by what it could not close.
        (await temporal.listClosedSince(sinceMs)).map((run) => ({
          ...run,
          closedAtMs: run.closedAtMs + 600_000,
        })),
    }));
    const statusOf = async ({ executionId }: { executionId: string }) =>
      (await poll(key, executionId)).status;
    await sweepUntil(async () => (await statusOf(ended)) === 'FAILED', faulty);
    expect(await statusOf(silent)).toBe('RUNNING');
    await sweepUntil(async () => (await statusOf(silent)) === 'FAILED');
  });

  it('completes a batch though neither another one nor a migration can be brought on', async () => {
    const { database } = api.dependencies;
    const due = [];
    for (let count = 0; count < 2; count += 1) {
      const { batch, items } = await aBatch(database, 1);
      for (const item of items)
        await item.write((writer) => writer.finish({ status: 'COMPLETED', nodes: [] }));
      const failure: ExecutionFailure = {
        code: 'items_failed',
        message: 'x',
        nodeId: '$items',
        retryable: true,
        resumable: true,
      };
      await batch.write((writer) => writer.finish({ status: 'FAILED', failure, nodes: [] }));
      await sql`update batches set completion_due_at = now() where execution_id = ${batch.id}`.execute(
        database.queries,
      );
      due.push(batch);
    }
    const [broken, sound] = due;
    const { key } = await api.createAccount();
    const { executionId } = await execute(key);
    await terminate(executionId);
    await sql`insert into execution_migrations (execution_id, from_version, to_version, drained_run_id)
      select id, 1, 2, temporal_run_id from executions where id = ${executionId}`.execute(database.queries);
    await sql`update executions set quote = '{}' where id in (${broken?.id}, ${executionId})`.execute(
      database.queries,
    );
    await sweeper.sweep();
    expect(await sound?.row()).toMatchObject({ status: 'RUNNING', attempt: 2 });
    expect(await broken?.row()).toMatchObject({ status: 'FAILED', attempt: 1 });
    await sql`update executions set quote = '{"minCredits":0,"maxCredits":0,"nodes":[]}'
      where id in (${broken?.id}, ${executionId})`.execute(database.queries);
    await sweeper.sweep();
    expect(await broken?.row()).toMatchObject({ status: 'RUNNING', attempt: 2 });
    expect(await poll(key, executionId)).toMatchObject({ status: 'RUNNING', attempt: 2 });
  });
});

describe('the sweeper, by a clock that jumps ahead and back,', () => {
  it('misses no run that ends in between', async () => {
    const { key } = await api.createAccount();
    const [first, second] = [await execute(key), await execute(key)];
    await terminate(first.executionId);
    const ahead = sweeperWith(
      () => ({}),
      () => Date.now() + 600_000,
    );
    await sweepUntil(async () => (await poll(key, first.executionId)).status === 'FAILED');
    await ahead.sweep();
    await terminate(second.executionId);
    await sweepUntil(async () => (await poll(key, second.executionId)).status === 'FAILED');
  });
});

describe('the sweeper, for an execution that waits,', () => {
  const path = (executionId: string, action: string) =>
    `/api/v1/workflows/executions/${executionId}/${action}`;
  async function waiting() {
    const { key } = await api.createAccount();
    const { executionId } = await execute(key);
    await pauseImage(api.dependencies, executionId);
    return { key, executionId };
  }

  it('tells its run once of a resume whose process died before it could', async () => {
    const { key, executionId } = await waiting();
    const resumed = await whileAway(() => api.call('POST', path(executionId, 'resume'), { key }));
    expect([resumed.status, await signalsOf(executionId)]).toEqual([202, []]);
    expect(await poll(key, executionId)).toMatchObject({ status: 'RUNNING', attempt: 1 });
    // However long the machine has stood still since, it was asked for just now.
    await age(executionId, -60);
    await sweeper.sweep();
    expect(await signalsOf(executionId)).toEqual([]);
    await age(executionId, 64);
    await sweeper.sweep();
    await sweeper.sweep();
    expect(await signalsOf(executionId)).toEqual(['resume']);
  });

  it('shows it as FAILED when its run was terminated before the resume could be told', async () => {
    const { key, executionId } = await waiting();
    await whileAway(() => api.call('POST', path(executionId, 'resume'), { key }));
    await terminate(executionId);
    await age(executionId, 4);
    await sweeper.sweep();
    expect(await poll(key, executionId)).toMatchObject({
      status: 'FAILED',
      failure: { code: 'run_terminated' },
      credits: { held: 0 },
    });
  });

  it('starts the run that takes its place after an edit, once the one that waits has ended', async () => {
    const { key, executionId } = await waiting();
    const before = await api.dependencies.temporal.describeLatest(executionId);
    const body = { triggerData: { prompt: 'Another prompt' } };
    const resumed = await whileAway(() => api.call('POST', path(executionId, 'resume'), { key, body }));
    expect(resumed.status).toBe(202);
    await age(executionId, 4);
    await sweeper.sweep();
    expect(await signalsOf(executionId)).toEqual(['supersede']);
    await terminate(executionId);
    await sweeper.sweep();
    const after = await api.dependencies.temporal.describeLatest(executionId);
    expect(after).toMatchObject({ status: 'RUNNING', attempt: 2 });
    expect(after?.runId).not.toBe(before?.runId);
  });

  it('ends the run that waited when the one in its place is cancelled before its start', async () => {
    const { key, executionId } = await waiting();
    await whileAway(async () => {
      const body = { triggerData: { prompt: 'Another prompt' } };
      await api.call('POST', path(executionId, 'resume'), { key, body });
      await api.call('POST', path(executionId, 'cancel'), { key });
    });
    await age(executionId, 11);
    await sweeper.sweep();
    expect(await signalsOf(executionId)).toEqual(['supersede']);
    expect(await poll(key, executionId)).toMatchObject({ status: 'CANCELLED', credits: { held: 0 } });
  });
});

describe('the sweeper, for jobs that nobody looks after,', () => {
  it('starts one settling of a terminated execution, and none for one that runs', async () => {
    const { key } = await api.createAccount();
    const [ended, running] = [await execute(key), await execute(key)];
    for (const { executionId } of [ended, running]) {
      await writeAsRun(api.dependencies, executionId, async (writer) => {
        const { job } = await writer.openJob({
          ...{ step: 'image', nodeId: 'image', nodeType: 'generate:flux_2_pro', provider: 'fal' },
          ...{ model: 'fal-ai/flux-2-pro', requestHash: 'ab', request: {}, priceCredits: 1 },
        });
        await writer.claimJob(job.id, { leaseMs: 60_000 });
        await writer.adoptJob(job.id, { providerJobId: 'p1' });
      });
    }
    await terminate(ended.executionId);
    await sweepUntil(async () => (await poll(key, ended.executionId)).status === 'FAILED');
    await Promise.all([sweeper.sweep(), sweeper.sweep()]);
    await sweeper.sweep();
    expect(await settlings(ended.executionId)).toBe(1);
    expect(await settlings(running.executionId)).toBe(0);
  });

  it('looks again soon when the settling before is about to end, and may not see what has come up', async () => {
    const { database, temporal } = api.dependencies;
    const { key } = await api.createAccount();
    const { executionId } = await execute(key);
    await writeAsRun(api.dependencies, executionId, async (writer) => {
      const { job } = await writer.openJob({
        ...{ step: 'image', nodeId: 'image', nodeType: 'generate:flux_2_pro', provider: 'fal' },
        ...{ model: 'fal-ai/flux-2-pro', requestHash: 'ab', request: {}, priceCredits: 1 },
      });
      await writer.claimJob(job.id, { leaseMs: 60_000 });
      await writer.adoptJob(job.id, { providerJobId: 'p1' });
      await writer.finish({ status: 'CANCELLED', nodes: [] });
    });
    const { accountId } = await executionScope(executionId);
    expect(await temporal.startSettling({ executionId, accountId, mode: 'test' }, 1)).toBe(true);
    await sweeper.sweep();
    const isOwed = async () =>
      (await executions.unsettled(database, 1_000)).some((each) => each.executionId === executionId);
    expect(await isOwed()).toBe(false);
    await sql`update executions set settle_started_at = settle_started_at - interval '11 seconds'
      where id = ${executionId}`.execute(database.queries);
    expect(await isOwed()).toBe(true);
    expect(await executions.endSettling(database, executionId)).toBe(false);
  });
});

/** The first run of an execution, started with a time limit that it reaches. */
async function runOutOfTime(executionId: string): Promise<void> {
  const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  try {
    const handle = await new Client({ connection }).workflow.start(EXECUTION_WORKFLOW_TYPE, {
      workflowId: executionWorkflowId(executionId),
      // Nobody works on it.
      taskQueue: `nobody-${executionId}`,
      workflowRunTimeout: '1 s',
      memo: { attempt: 1 },
    });
    await handle.result().catch(() => undefined);
  } finally {
    await connection.close();
  }
}

async function executionScope(executionId: string): Promise<{ readonly accountId: string }> {
  const { queries } = api.dependencies.database;
  return queries
    .selectFrom('executions')
    .select('account_id as accountId')
    .where('id', '=', executionId)
    .executeTakeFirstOrThrow();
}

/** Runs that settle an execution's first attempt. */
async function settlings(executionId: string): Promise<number> {
  const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  try {
    const { workflow } = new Client({ connection });
    const { status } = await workflow.getHandle(settleWorkflowId(executionId, 1)).describe();
    return status.name === 'RUNNING' ? 1 : 0;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 0;
    throw error;
  } finally {
    await connection.close();
  }
}

/** Visibility lists a closed run a moment after it closed. */
async function sweepUntil(isDone: () => Promise<boolean>, by = sweeper): Promise<void> {
  await until(async () => {
    await by.sweep();
    return isDone();
  });
}

describe('temp files of uploads', () => {
  it('go an hour later at most once a killed process can own them no more', async () => {
    const { assetStore, clock } = api.dependencies;
    const [stale, young] = [await assetStore.createTemp('acc_1'), await assetStore.createTemp('acc_1')];
    for (const { path } of [stale, young]) await writeFile(path, 'half of an upload');
    const yesterday = new Date(clock() - 25 * 3_600_000);
    await utimes(stale.path, yesterday, yesterday);
    let nowMs = clock();
    const own = sweeperWith(
      () => ({}),
      () => nowMs,
    );
    await own.sweep();
    expect([existsSync(stale.path), existsSync(young.path)]).toEqual([false, true]);
    await utimes(young.path, yesterday, yesterday);
    await own.sweep();
    expect(existsSync(young.path)).toBe(true);
    nowMs += 3_600_000;
    await own.sweep();
    expect(existsSync(young.path)).toBe(false);
  });
});
