import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JobDetail } from '../../client/types';
import type { ExecutionView } from '../../pipeline/execution-view';
import { executionWorkflowId, settleWorkflowId } from '../../workflows/contract';
import { aGraph, mainJob } from '../support/graph-builder';
import { recordWorkflow } from '../support/record-history';
import { TestSystem } from '../support/test-system';
import { timersOf } from '../support/timers-of';
import { until } from '../support/until';

/** What the API promises once Temporal says that a run is over. */
const TRUTH_WITHIN_MS = 10_000;
const UPSCALER = 'clarityai/crystal-upscaler';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start();
});

afterEach(() => test.setFaults([]));

afterAll(() => test.stop());

/** A run whose picture is paid and whose upscale is under way at the provider, which our rows say as well. */
async function inFlight(prompt: string): Promise<string> {
  const { executionId } = await test.client.execute(mainJob(prompt));
  const isTaken = (job: JobDetail) => job.model === UPSCALER && job.state === 'ACCEPTED';
  await until(async () => (await jobsOf(executionId)).some(isTaken));
  return executionId;
}

const handleOf = (executionId: string) => test.temporal.workflow.getHandle(executionWorkflowId(executionId));

/** The view once the API says that the execution is over, and how long after Temporal it did. */
async function truthOf(executionId: string): Promise<{ view: ExecutionView; lateMs: number }> {
  await until(async () => (await handleOf(executionId).describe()).status.name !== 'RUNNING');
  const closedAtMs = Date.now();
  const view = await test.client.wait(executionId);
  return { view, lateMs: Date.now() - closedAtMs };
}

const jobsOf = async (executionId: string) => (await test.client.getExecution(executionId)).jobs;

/** What was under way has been stopped by the settling that the sweeper starts. */
async function untilStopped(executionId: string): Promise<void> {
  await until(async () => (await jobsOf(executionId)).every(({ state }) => state !== 'ACCEPTED'));
}

describe('an operator who ends a run in Temporal while a paid job is under way', () => {
  it('by terminating it, finds it FAILED in time, its job stopped and its money settled', async () => {
    await test.setFaults([{ model: UPSCALER, action: 'never_finish' }]);
    const executionId = await inFlight('terminated tern');
    await handleOf(executionId).terminate('a test');
    const { view, lateMs } = await truthOf(executionId);
    expect(view).toMatchObject({ status: 'FAILED', failure: { code: 'run_terminated', resumable: true } });
    expect(lateMs).toBeLessThan(TRUTH_WITHIN_MS);
    expect(view.credits.held).toBe(0);
    await untilStopped(executionId);
    await test.temporal.workflow.getHandle(settleWorkflowId(executionId, 1)).result();
    const settled = await test.client.poll(executionId);
    expect(settled.credits).toMatchObject({ held: 0, charged: view.nodes['image']?.credits });
    await recordWorkflow(settleWorkflowId(executionId, 1), 'settled');
  });

  it('by terminating it, loses nothing: a resume takes what was paid and buys only the stopped step anew', async () => {
    await test.setFaults([{ model: UPSCALER, action: 'never_finish', times: 1 }]);
    const executionId = await inFlight('resumed redstart');
    await handleOf(executionId).terminate('a test');
    await truthOf(executionId);
    await untilStopped(executionId);
    await test.client.resume(executionId);
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', attempt: 2, credits: { held: 0 } });
    const states = (await jobsOf(executionId)).map(({ model, state }) => [model === UPSCALER, state]);
    expect(states).toEqual([
      [false, 'SETTLED'],
      [true, 'CANCELLED'],
      [true, 'SETTLED'],
    ]);
    expect(await test.accepted({ prompt: 'resumed redstart' })).toHaveLength(1);
  });

  it('by cancelling it, finds it CANCELLED in time, its job stopped and its money settled', async () => {
    await test.setFaults([{ model: UPSCALER, action: 'never_finish' }]);
    const executionId = await inFlight('cancelled curlew');
    await handleOf(executionId).cancel();
    const { view, lateMs } = await truthOf(executionId);
    expect(view.status).toBe('CANCELLED');
    expect(lateMs).toBeLessThan(TRUTH_WITHIN_MS);
    expect(view.credits).toMatchObject({ held: 0, charged: view.nodes['image']?.credits });
    expect((await jobsOf(executionId)).map(({ state }) => state).sort()).toEqual(['CANCELLED', 'SETTLED']);
  });

  it('by resetting it, has the new run wait for the same job: nothing is bought twice', async () => {
    await test.setFaults([{ model: UPSCALER, action: 'hold_job' }]);
    const executionId = await inFlight('reset redpoll');
    await test.resetToStart(executionId);
    await until(async () => (await test.client.poll(executionId)).attempt === 2);
    await test.setFaults([]);
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', attempt: 2, credits: { held: 0 } });
    expect(await test.accepted({ prompt: 'reset redpoll' })).toHaveLength(1);
    const jobs = await jobsOf(executionId);
    expect(jobs.map(({ state }) => state)).toEqual(['SETTLED', 'SETTLED']);
    expect(view.credits.charged).toBe(jobs.reduce((sum, job) => sum + job.creditsCharged, 0));
  });
});

describe('a delay of a run that an operator has terminated', () => {
  it('goes on where it was when the run is resumed', async () => {
    const graph = aGraph('patient plover')
      .node('pause', 'control:delay', { seconds: 3 })
      .edge('prompt', 'pause')
      .build();
    const { executionId } = await test.client.execute(graph);
    const startOf = async () => (await test.client.poll(executionId)).nodes['pause']?.startedAt ?? null;
    await until(async () => (await startOf()) !== null);
    const began = await startOf();
    await handleOf(executionId).terminate('a test');
    await truthOf(executionId);
    await test.client.resume(executionId);
    const { status, attempt, nodes } = await test.client.wait(executionId);
    expect([status, attempt, nodes['pause']?.startedAt]).toEqual(['COMPLETED', 2, began]);
    const completedAtMs = Date.parse(nodes['pause']?.completedAt ?? '');
    expect(completedAtMs - Date.parse(began ?? '')).toBeGreaterThan(2_500);
    // It sleeps for the rest, if there is any, and not for three seconds more.
    for (const seconds of await timersOf(handleOf(executionId))) expect(seconds).toBeLessThan(3);
  });
});
