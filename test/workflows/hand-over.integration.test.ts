import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import sharp from 'sharp';
import { createActivities } from '../../activities';
import { compileGraph } from '../../pipeline/compile-graph';
import type { Database } from '../../store/database/database';
import { executions } from '../../store/database/executions';
import { reviews } from '../../store/database/reviews';
import {
  EXECUTION_WORKFLOW_TYPE,
  executionWorkflowId,
  providerTaskQueue,
  REVIEW_SIGNAL,
  type ExecutionInput,
  type Plan,
} from '../../workflows/contract';
import { fakeDependencies, FakeProvider } from '../activities/fake-provider';
import { ScriptedServer } from '../activities/providers/scripted-server';
import { anExecution } from '../store/database/builders';
import { aGraph } from '../support/graph-builder';
import { openTestStore } from '../support/test-database';
import { timersOf } from '../support/timers-of';
import { until } from '../support/until';

const taskQueue = `hand-over-${randomUUID()}`;

let database: Database;
let files: ScriptedServer;
let connection: Connection;
let nativeConnection: NativeConnection;
let workers: readonly Worker[];
let running: Promise<unknown>;
const fake = new FakeProvider();

beforeAll(async () => {
  database = await openTestStore();
  files = await new ScriptedServer().listen();
  const body = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();
  files.answer({ headers: { 'content-type': 'image/png' }, body });
  fake.fileOrigin = files.url;
  fake.succeed();
  const address = process.env['TEMPORAL_ADDRESS'] ?? '';
  connection = await Connection.connect({ address });
  nativeConnection = await NativeConnection.connect({ address });
  workers = await startWorkers();
  running = Promise.all(workers.map((worker) => worker.run()));
}, 60_000);

afterAll(async () => {
  for (const worker of workers) worker.shutdown();
  await running;
  await nativeConnection.close();
  await connection.close();
  await files.close();
  await database.close();
});

function startWorkers(): Promise<readonly Worker[]> {
  const { workflow } = new Client({ connection });
  const activities = {
    ...createActivities(
      fakeDependencies(database, fake, {
        latestRunId: async (executionId) =>
          (await workflow.getHandle(executionWorkflowId(executionId)).describe()).runId,
      }),
    ),
    // The rows of nodes without an activity are then written by the end alone.
    recordProgress: () => Promise.reject(new Error('The database is slow.')),
  };
  const common = { connection: nativeConnection, activities };
  return Promise.all([
    Worker.create({ ...common, taskQueue, workflowsPath: require.resolve('../../workflows') }),
    Worker.create({ ...common, taskQueue: providerTaskQueue(taskQueue, 'fal') }),
  ]);
}

function compile(built = chain()): Plan {
  const { triggerData, ...graph } = built;
  const compiled = compileGraph({ graph, triggerData });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.plan;
}

function chain() {
  return aGraph('a harbour')
    .node('title', 'utility:prompt_concat', { prefix: 'Photograph of ' })
    .edge('prompt', 'title')
    .node('lost', 'utility:json_get', { json: { a: 1 }, path: 'b' }, { onError: 'continue' })
    .node('image', 'generate:flux_2_pro', {}, { providers: ['fal'] })
    .edge('title', 'image')
    .node('large', 'image:crystal_upscaler', {}, { providers: ['fal'] })
    .edge('image', 'large')
    .build();
}

async function begin(plan: Plan, more: Partial<ExecutionInput> = {}) {
  const execution = await anExecution(database, { plan, hold: { minCredits: 0, maxCredits: 500 } });
  const { id: executionId, accountId } = execution;
  const { workflow } = new Client({ connection });
  const input: ExecutionInput = {
    ...{ executionId, accountId, mode: 'test', workflowName: 'Tests', plan, carried: [], failFast: false },
    ...more,
  };
  const workflowId = executionWorkflowId(executionId);
  const handle = await workflow.start(EXECUTION_WORKFLOW_TYPE, { workflowId, taskQueue, args: [input] });
  return { execution, handle, latest: workflow.getHandle(workflowId) };
}

describe('a run whose history is long', () => {
  it('goes on in a new Temporal run of the same attempt, and loses nothing on the way', async () => {
    const { execution, handle, latest } = await begin(compile(), { handOverAfterEvents: 8 });
    const { id: executionId, accountId } = execution;
    await handle.result();
    const last = await latest.describe();
    expect(last.runId).not.toBe(handle.firstExecutionRunId);
    const view = await execution.view();
    expect(view).toMatchObject({ status: 'COMPLETED', attempt: 1, credits: { held: 0 } });
    expect(view.nodes).toMatchObject({
      title: { status: 'COMPLETED', output: { text: 'Photograph of a harbour' } },
      lost: { status: 'FAILED', error: { code: 'input_invalid' } },
      image: { status: 'COMPLETED', attempts: 1 },
      large: { status: 'COMPLETED', attempts: 1 },
    });
    expect(fake.sends).toHaveLength(2);
    expect(last.searchAttributes).toMatchObject({
      Providers: ['fal'],
      CreditsCharged: [view.credits.charged],
    });
    const detail = await executions.detail(database, accountId, executionId);
    expect(detail?.jobs.map((job) => job.state)).toEqual(['SETTLED', 'SETTLED']);
  });

  it('is handed over while a delay and a review wait: nobody is asked twice, and the delay is no longer', async () => {
    const graph = aGraph('a quay')
      .node('image', 'generate:flux_2_pro', {}, { providers: ['fal'] })
      .edge('prompt', 'image')
      .node('pause', 'control:delay', { seconds: 2 })
      .edge('prompt', 'pause')
      .node('ask', 'control:review', { title: 'Is it a quay?' })
      .edge('prompt', 'ask')
      .build();
    const beganAtMs = performance.now();
    const { execution, handle, latest } = await begin(compile(graph), { handOverAfterEvents: 8 });
    const { id: executionId, accountId } = execution;
    await until(async () => (await latest.describe()).runId !== handle.firstExecutionRunId);
    const { reviews: open } = await reviews.list(database, accountId, { executionId });
    expect(open).toHaveLength(1);
    const said = { decision: 'approve', comment: 'It is.', decidedBy: 'a person' } as const;
    await reviews.decide(database, accountId, open[0]?.id ?? '', said);
    await latest.signal(REVIEW_SIGNAL, { step: 'ask' });
    await latest.result();
    expect(performance.now() - beganAtMs).toBeGreaterThan(2_000);
    // It sleeps for the rest, if there is any.
    for (const seconds of await timersOf(latest)) expect(seconds).toBeLessThan(2);
    expect((await execution.view()).nodes).toMatchObject({
      pause: { status: 'COMPLETED', output: { value: 'a quay', done: true } },
      ask: { status: 'COMPLETED', output: { approved: 'a quay', comment: 'It is.' } },
      image: { status: 'COMPLETED', attempts: 1 },
    });
  });
});

describe('a delay that an earlier run has begun', () => {
  it('counts from then in the run that goes on', async () => {
    const graph = aGraph('a pier')
      .node('pause', 'control:delay', { seconds: 3_600 })
      .edge('prompt', 'pause')
      .build();
    const anHourAgo = Date.now() - 3_600_000;
    const carried = [{ nodeId: 'pause', status: 'WAITING', outputs: {}, beganAtMs: anHourAgo } as const];
    const { execution, latest } = await begin(compile(graph), { carried });
    await latest.result();
    expect((await execution.view()).output).toEqual({ pause: { value: 'a pier', done: true } });
  });
});
