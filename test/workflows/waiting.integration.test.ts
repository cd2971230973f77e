import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  EXECUTION_WORKFLOW_TYPE,
  DRAIN_SIGNAL,
  RESUME_SIGNAL,
  SUPERSEDE_SIGNAL,
  type DrainExecutionInput,
  type ExecutionInput,
  type FinishExecutionInput,
  type PauseExecutionInput,
  type PlanNode,
  type ResumeSignal,
  type StepInput,
} from '../../workflows/contract';
import { until } from '../support/until';

let native: NativeConnection;
let connection: Connection;
let client: Client;
let workflowBundle: WorkflowBundleWithSourceMap;
let running: Running | undefined;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const address = process.env['TEMPORAL_ADDRESS'] ?? '';
  native = await NativeConnection.connect({ address });
  connection = await Connection.connect({ address });
  client = new Client({ connection });
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows'),
    logger: new DefaultLogger('ERROR'),
  });
}, 60_000);

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

afterAll(async () => {
  await connection.close();
  await native.close();
});

interface Running {
  readonly pauses: readonly PauseExecutionInput[];
  readonly finishes: readonly FinishExecutionInput[];
  readonly drains: readonly DrainExecutionInput[];
  readonly steps: readonly StepInput[];
  /** Keeps the next run of a node open until the call of what it gives. */
  hold(nodeId: string): { readonly begun: Promise<void>; readonly release: () => void };
  /** Makes the next run of a node fail so. */
  fail(nodeId: string, type: string): void;
  start(input: Partial<ExecutionInput>): Promise<WorkflowHandle>;
  /** Waits until the run has waited so many times. */
  untilPaused(times: number): Promise<void>;
  stop(): Promise<void>;
}

/** The workflow on the real Temporal, with activities that note what they are asked; imports take the place of jobs. */
async function aWorker(): Promise<Running> {
  const taskQueue = `waiting-${randomUUID()}`;
  const [pauses, finishes, steps]: [PauseExecutionInput[], FinishExecutionInput[], StepInput[]] = [
    [],
    [],
    [],
  ];
  const drains: DrainExecutionInput[] = [];
  const failures = new Map<string, string>();
  const holds = new Map<string, { begin: () => void; released: Promise<void> }>();
  let notePause: () => void = () => undefined;
  const activities = {
    importAsset: async (input: StepInput) => {
      steps.push(input);
      const held = holds.get(input.nodeId);
      holds.delete(input.nodeId);
      held?.begin();
      await held?.released;
      const type = failures.get(input.nodeId);
      failures.delete(input.nodeId);
      if (type) throw ApplicationFailure.nonRetryable(`${type} at ${input.nodeId}.`, type);
      return { outputs: { image: 'made' }, credits: 0, attempts: 1, cached: false };
    },
    recordProgress: async () => undefined,
    cancelJobs: async () => undefined,
    pauseExecution: async (input: PauseExecutionInput) => {
      pauses.push(input);
      notePause();
    },
    drainExecution: async (input: DrainExecutionInput) => void drains.push(input),
    finishExecution: async (input: FinishExecutionInput) => {
      finishes.push(input);
      return { creditsCharged: 0 };
    },
  };
  const worker = await Worker.create({ connection: native, taskQueue, workflowBundle, activities });
  const ended = worker.run();
  return {
    ...{ pauses, finishes, steps, drains },
    hold: (nodeId) => {
      const [begun, released] = [aSignal(), aSignal()];
      holds.set(nodeId, { begin: begun.give, released: released.given });
      return { begun: begun.given, release: released.give };
    },
    fail: (nodeId, type) => void failures.set(nodeId, type),
    start: (input) =>
      client.workflow.start(EXECUTION_WORKFLOW_TYPE, {
        taskQueue,
        workflowId: `execution-${randomUUID()}`,
        args: [anInput(input)],
      }),
    untilPaused: async (times) => {
      while (pauses.length < times) await new Promise<void>((resolve) => (notePause = resolve));
    },
    stop: async () => {
      worker.shutdown();
      await ended;
    },
  };
}

function aSignal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give };
}

function anInput(changes: Partial<ExecutionInput>): ExecutionInput {
  return {
    ...{ executionId: 'exe_1', accountId: 'acc_1', mode: 'test', workflowName: 'Tests' },
    plan: { interpreter: 3, nodes: [aNode('a'), aNode('b', ['a'])] },
    carried: [],
    failFast: false,
    ...changes,
  };
}

function aNode(
  id: string,
  dependsOn: readonly string[] = [],
  onError: PlanNode['onError'] = 'fail',
): PlanNode {
  return {
    ...{ id, label: id, nodeType: 'input:image', nodeTypeVersion: 1, inputs: [], config: {}, templates: [] },
    work: { kind: 'import', port: 'image', mediaType: 'image', url: 'https://example.com/a.png' },
    ...{ dependsOn, nodeKey: id, onError, timeoutSeconds: 60, attemptsMax: 1 },
  };
}

const aResume = (resumeNumber: number, resubmitUnknown = false): ResumeSignal => ({
  resumeNumber,
  resumedAtMs: 1_000 + resumeNumber,
  resubmitUnknown,
});

/** As Temporal knows it. */
async function failedSteps(handle: WorkflowHandle): Promise<number> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).filter((event) => event.activityTaskFailedEventAttributes).length;
}

const names = (steps: readonly StepInput[]) => steps.map(({ nodeId }) => nodeId);

describe('a run that waits', () => {
  it('takes each resume once, whatever number comes again', async () => {
    const run = (running = await aWorker());
    run.fail('a', 'BudgetReached');
    const handle = await run.start({});
    await run.untilPaused(1);
    run.fail('a', 'BudgetReached');
    await handle.signal(RESUME_SIGNAL, aResume(1));
    await run.untilPaused(2);
    await handle.signal(RESUME_SIGNAL, aResume(1));
    await handle.signal(RESUME_SIGNAL, aResume(2));
    await handle.result();
    expect(names(run.steps)).toEqual(['a', 'a', 'a', 'b']);
    expect(run.pauses).toMatchObject([
      { resumesTaken: 0, failure: { nodeId: 'a', code: 'budget_reached' } },
      { resumesTaken: 1 },
    ]);
  });

  it('gives the word of the last resume to its steps, and none of an earlier one', async () => {
    const run = (running = await aWorker());
    run.fail('a', 'SubmissionUnknown');
    const handle = await run.start({ resubmitUnknown: true });
    await run.untilPaused(1);
    run.fail('a', 'SubmissionUnknown');
    await handle.signal(RESUME_SIGNAL, aResume(1, true));
    await run.untilPaused(2);
    await handle.signal(RESUME_SIGNAL, aResume(2));
    await handle.result();
    const words = run.steps.map(({ resubmitUnknown, resumedAtMs }) => [resubmitUnknown, resumedAtMs]);
    expect(words).toEqual([
      [true, undefined],
      [true, 1_001],
      [undefined, 1_002],
      [undefined, 1_002],
    ]);
  });

  it('runs again what has failed beside it, as the receipt says', async () => {
    const run = (running = await aWorker());
    run.fail('a', 'SubmissionUnknown');
    run.fail('c', 'MediaFailed');
    const handle = await run.start({
      plan: { interpreter: 3, nodes: [aNode('a'), aNode('c'), aNode('d', ['c'])] },
    });
    await run.untilPaused(1);
    expect(run.pauses[0]?.nodes).toMatchObject([
      { nodeId: 'a', status: 'WAITING' },
      { nodeId: 'c', status: 'FAILED' },
    ]);
    await handle.signal(RESUME_SIGNAL, aResume(1));
    await handle.result();
    // Two that start at once come in any order.
    expect(names(run.steps).sort()).toEqual(['a', 'a', 'c', 'c', 'd']);
  });

  it('tries for credits again once others have ended, and asks the user only when that was in vain', async () => {
    const run = (running = await aWorker());
    run.fail('a', 'BudgetReached');
    run.fail('b', 'BudgetReached');
    const plan = { interpreter: 3, nodes: [aNode('a'), aNode('b'), aNode('c')] } as const;
    const last = run.hold('c');
    const handle = await run.start({ plan });
    await last.begun;
    await until(async () => (await failedSteps(handle)) === 2);
    last.release();
    await handle.result();
    expect(run.pauses).toEqual([]);
    expect(names(run.steps).sort()).toEqual(['a', 'a', 'b', 'b', 'c']);
  });

  it('asks the user when several lack credits and nothing else runs', async () => {
    const run = (running = await aWorker());
    run.fail('a', 'BudgetReached');
    run.fail('b', 'BudgetReached');
    const handle = await run.start({ plan: { interpreter: 3, nodes: [aNode('a'), aNode('b')] } });
    await run.untilPaused(1);
    expect(run.steps).toHaveLength(2);
    await handle.signal(RESUME_SIGNAL, aResume(1));
    await handle.result();
  });

  it('fails at once with failFast when something has failed beside it', async () => {
    const run = (running = await aWorker());
    run.fail('a', 'BudgetReached');
    run.fail('c', 'MediaFailed');
    const plan = { interpreter: 3, nodes: [aNode('a'), aNode('c')] } as const;
    const handle = await run.start({ plan, failFast: true });
    await expect(handle.result()).rejects.toThrow();
    expect(run.pauses).toEqual([]);
    expect(run.finishes).toMatchObject([
      {
        status: 'FAILED',
        failure: { nodeId: 'c', code: 'media_failed' },
        nodes: [{ status: 'FAILED' }, { status: 'FAILED' }],
      },
    ]);
  });

  it('does not wait for a node that holds when the run was replaced', async () => {
    const run = (running = await aWorker());
    run.fail('a', 'StaleRun');
    const handle = await run.start({ plan: { interpreter: 3, nodes: [aNode('a', [], 'hold')] } });
    await expect(handle.result()).rejects.toThrow();
    expect(run.pauses).toEqual([]);
  });

  it('still waits after it was continued as new, and counts resumes on', async () => {
    const run = (running = await aWorker());
    const error = { code: 'budget_reached', message: 'Raise it.', retryable: true } as const;
    const handle = await run.start({
      carried: [{ nodeId: 'a', status: 'WAITING', outputs: {}, error }],
      resumesTaken: 3,
      resumedAtMs: 1_003,
    });
    await run.untilPaused(1);
    expect(run.steps).toEqual([]);
    expect(run.pauses).toMatchObject([
      { resumesTaken: 3, failure: { nodeId: 'a' }, nodes: [{ nodeId: 'a', status: 'WAITING', error }] },
    ]);
    await handle.signal(RESUME_SIGNAL, aResume(3));
    await handle.signal(RESUME_SIGNAL, aResume(4));
    await handle.result();
    expect(names(run.steps)).toEqual(['a', 'b']);
  });

  it('ends CANCELLED when it is cancelled', async () => {
    const run = (running = await aWorker());
    run.fail('a', 'BudgetReached');
    const handle = await run.start({});
    await run.untilPaused(1);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(run.finishes).toMatchObject([{ status: 'CANCELLED' }]);
  });

  it('ends without a word to the database when another run takes its place', async () => {
    const run = (running = await aWorker());
    run.fail('a', 'BudgetReached');
    const handle = await run.start({});
    await run.untilPaused(1);
    await handle.signal(SUPERSEDE_SIGNAL);
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'Superseded' } });
    expect(run.finishes).toEqual([]);
  });
});

describe('a run that is told to drain', () => {
  /** b follows a; c stands alone. */
  const plan = { interpreter: 3, nodes: [aNode('a'), aNode('b', ['a']), aNode('c')] } as const;

  async function drainDuring(nodeId: string, changes: Partial<ExecutionInput> = { plan }) {
    const run = (running = await aWorker());
    const held = run.hold(nodeId);
    const handle = await run.start(changes);
    await held.begun;
    return { run, handle, drain: () => handle.signal(DRAIN_SIGNAL), release: held.release };
  }

  it('starts nothing more, waits for what is in flight, writes how far it has come, and makes place', async () => {
    const { run, handle, drain, release } = await drainDuring('a');
    await drain();
    await drain();
    release();
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'Superseded' } });
    expect(names(run.steps).sort()).toEqual(['a', 'c']);
    expect(run.drains).toHaveLength(1);
    expect([...run.pauses, ...run.finishes]).toEqual([]);
  });

  it('ends as ever when it has nothing left to do', async () => {
    const { run, handle, drain, release } = await drainDuring('a', {
      plan: { interpreter: 3, nodes: [aNode('a')] },
    });
    await drain();
    release();
    await handle.result();
    expect(run.finishes).toMatchObject([{ status: 'COMPLETED' }]);
    expect(run.drains).toEqual([]);
  });

  it('fails as ever, with its other branches finished, when a step fails meanwhile', async () => {
    const nodes = [aNode('a'), aNode('b', ['c']), aNode('c')];
    const { run, handle, drain, release } = await drainDuring('a', { plan: { interpreter: 3, nodes } });
    run.fail('a', 'MediaFailed');
    await drain();
    release();
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'ExecutionFailed' } });
    expect(names(run.steps).sort()).toEqual(['a', 'b', 'c']);
    expect(run.finishes).toMatchObject([{ status: 'FAILED', failure: { nodeId: 'a' } }]);
  });

  it('waits for its user as ever, where another run can take its place', async () => {
    const { run, handle, drain, release } = await drainDuring('a');
    run.fail('a', 'SubmissionUnknown');
    await drain();
    release();
    await run.untilPaused(1);
    await handle.signal(SUPERSEDE_SIGNAL);
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'Superseded' } });
    expect(run.drains).toEqual([]);
  });
});
