import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { executionViewSchema } from '../../../pipeline/execution-view';
import type { Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import { InvalidCursorError } from '../../../store/database/executions/cursor';
import type { NodeChange } from '../../../store/database/executions/execution-writer';
import type { NodeStatus } from '../../../store/database/tables';
import { openTestStore } from '../../support/test-database';
import { aFailure, anAcceptRequest, anAccount, anExecution, aPlan } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 20 });
});
afterAll(() => database.close());

const heights: Record<NodeStatus, number> = {
  PENDING: 0,
  RUNNING: 1,
  WAITING: 2,
  FAILED: 3,
  SKIPPED: 3,
  CANCELLED: 3,
  COMPLETED: 4,
};

describe('node rows', () => {
  it('never go backwards within an attempt, whatever order writes come in', async () => {
    const change = fc.record({
      nodeId: fc.constantFrom('n1', 'n2', 'n3'),
      status: fc.constantFrom<NodeStatus>(...(Object.keys(heights) as NodeStatus[])),
    });
    const write = fc.uniqueArray(change, { minLength: 1, maxLength: 3, selector: ({ nodeId }) => nodeId });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 2, maxLength: 8 }), async (writes) => {
        const execution = await anExecution(database);
        const seen = new Map<string, number>();
        for (const changes of writes) {
          await execution.write((writer) => writer.updateNodes(changes));
          const view = await execution.view();
          executionViewSchema.parse(view);
          for (const [id, node] of Object.entries(view.nodes)) {
            expect(heights[node.status]).toBeGreaterThanOrEqual(seen.get(id) ?? 0);
            seen.set(id, heights[node.status]);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keep a result against a stale whole-state vector', async () => {
    const execution = await anExecution(database);
    await execution.settledJob(30);
    await execution.write((writer) =>
      writer.updateNodes([
        { nodeId: 'n1', status: 'RUNNING' },
        { nodeId: 'n1', status: 'FAILED', error: aFailure },
        { nodeId: 'n2', status: 'RUNNING' },
      ]),
    );
    expect(await execution.view()).toMatchObject({
      progress: { total: 3, completed: 1, running: 1, failed: 0, skipped: 0 },
      nodes: { n1: { status: 'COMPLETED', output: { image: 'made' } }, n2: { status: 'RUNNING' } },
    });
  });

  it('show a running node’s provider and times, and outputs as soon as it is done', async () => {
    const execution = await anExecution(database);
    const set = (change: NodeChange) => execution.write((writer) => writer.updateNodes([change]));
    await set({ nodeId: 'n3', status: 'RUNNING', provider: 'fal', model: 'flux' });
    const running = await execution.node('n3');
    expect(running).toMatchObject({ status: 'RUNNING', provider: 'fal', model: 'flux', completedAt: null });
    expect(Date.parse(running.startedAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
    await set({ nodeId: 'n3', status: 'COMPLETED', outputs: { text: 'hi' }, attempts: 1, cached: true });
    const done = await execution.view();
    expect(done.nodes['n3']).toMatchObject({ startedAt: running.startedAt, attempts: 1, cached: true });
    expect(done.output).toEqual({ n3: { text: 'hi' } });
    expect(done.status).toBe('RUNNING');
  });

  it('get a place of their own for a step inside a loop', async () => {
    const execution = await anExecution(database);
    await execution.write((writer) =>
      writer.updateNodes([{ nodeId: 'n2', step: 'n2.0', status: 'COMPLETED', outputs: { text: 'round 0' } }]),
    );
    const view = await execution.view();
    expect(Object.keys(view.nodes)).toEqual(['n1', 'n2', 'n2.0', 'n3']);
    expect(view.nodes['n2.0']).toMatchObject({ status: 'COMPLETED', output: { text: 'round 0' } });
  });
});

describe('events', () => {
  it('number every visible write without gaps, also under concurrency, and say what changed', async () => {
    const execution = await anExecution(database);
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        execution.write((writer) =>
          writer.updateNodes([{ nodeId: 'n1', step: `n1.${index}`, status: 'RUNNING' }]),
        ),
      ),
    );
    await execution.write((writer) =>
      writer.finish({ status: 'COMPLETED', nodes: [{ nodeId: 'n1', status: 'COMPLETED', outputs: {} }] }),
    );
    const events = await executions.eventsAfter(database, execution.id, 0);
    expect(events.map((event) => event.revision)).toEqual(Array.from({ length: 22 }, (_, n) => n + 1));
    expect((await execution.row()).revision).toBe(22);
    expect(events[0]).toMatchObject({ type: 'accepted', data: { status: 'RUNNING' } });
    expect(events[21]).toMatchObject({
      type: 'finished',
      data: { status: 'COMPLETED', nodes: { n1: 'COMPLETED' } },
    });
    expect(await executions.eventsAfter(database, execution.id, 20, 1)).toEqual([events[20]]);
  });

  it('are not made by a write that changes nothing visible', async () => {
    const execution = await anExecution(database);
    const { jobId } = await execution.claimedJob();
    const running = [{ nodeId: 'n1', status: 'RUNNING', provider: 'fal' }] as const;
    await execution.write((writer) => writer.updateNodes(running));
    const { revision } = await execution.row();
    await execution.write((writer) => writer.updateNodes(running));
    await execution.write((writer) => writer.job(jobId));
    expect((await execution.row()).revision).toBe(revision);
  });

  it('and everything else of a write vanish when its work throws', async () => {
    const execution = await anExecution(database);
    const before = await execution.row();
    const failing = execution.write(async (writer) => {
      await writer.updateNodes([{ nodeId: 'n1', status: 'RUNNING' }]);
      throw new Error('crash');
    });
    await expect(failing).rejects.toThrow('crash');
    expect(await execution.row()).toEqual(before);
    expect((await execution.node('n1')).status).toBe('PENDING');
  });
});

describe('ending', () => {
  it('happens once per attempt: a second call of the same run changes nothing', async () => {
    const execution = await anExecution(database);
    await execution.settledJob(30);
    const finish = () =>
      execution.write((writer) =>
        writer.finish({ status: 'COMPLETED', nodes: [{ nodeId: 'n2', status: 'SKIPPED' }] }),
      );
    expect(await finish()).toEqual({ status: 'COMPLETED', creditsCharged: 30, isFirst: true });
    const ended = await execution.view();
    expect(await finish()).toEqual({ status: 'COMPLETED', creditsCharged: 30, isFirst: false });
    const late = await execution.write((writer) => writer.finish({ status: 'FAILED', nodes: [] }));
    expect(late).toEqual({ status: 'COMPLETED', creditsCharged: 30, isFirst: false });
    await execution.write((writer) => writer.updateNodes([{ nodeId: 'n2', status: 'RUNNING' }]));
    expect(await execution.view()).toEqual(ended);
    expect(ended.credits).toEqual({ held: 0, charged: 30, released: 90 });
  });

  it('by a run that Temporal closed shows so, stops its nodes and names the jobs that may still run', async () => {
    const execution = await anExecution(database);
    const jobId = await execution.acceptedJob();
    await execution.write((writer) => writer.updateNodes([{ nodeId: 'n1', status: 'RUNNING' }]));
    const close = (runId: string) =>
      executions.closeFromTemporal(database, {
        executionId: execution.id,
        runId,
        status: 'FAILED',
        failure: { ...aFailure, code: 'internal', nodeId: '', resumable: true },
      });
    expect(await close('another-run')).toEqual({ closed: false, openJobs: [] });
    expect(await close('run-1')).toMatchObject({ closed: true, openJobs: [{ id: jobId }] });
    expect(await close('run-1')).toEqual({ closed: false, openJobs: [] });
    const view = await execution.view();
    executionViewSchema.parse(view);
    expect(view).toMatchObject({
      status: 'FAILED',
      failure: { code: 'internal' },
      nodes: { n1: { status: 'CANCELLED' }, n2: { status: 'PENDING' } },
      credits: { held: 0 },
    });
  });

  it('by cancel is asked for once and keeps finished outputs', async () => {
    const execution = await anExecution(database);
    await execution.settledJob(30);
    const cancel = () => executions.requestCancel(database, execution.accountId, execution.id);
    expect(await cancel()).toEqual({ kind: 'requested', status: 'RUNNING', temporalRunId: 'run-1' });
    const { revision } = await execution.row();
    await cancel();
    expect((await execution.row()).revision).toBe(revision);
    expect((await execution.view()).cancelRequested).toBe(true);
    await execution.write(async (writer) => {
      expect(writer.execution.isCancelRequested).toBe(true);
      await writer.finish({ status: 'CANCELLED', nodes: [] });
    });
    expect(await cancel()).toEqual({ kind: 'ended', status: 'CANCELLED' });
    expect((await execution.view()).nodes).toMatchObject({
      n1: { status: 'COMPLETED' },
      n2: { status: 'CANCELLED' },
    });
  });
});

describe('executions.list', () => {
  it('pages newest first through all executions of the account, each once', async () => {
    const accountId = await anAccount(database);
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) {
      const request = anAcceptRequest(accountId, {
        hold: { minCredits: 0, maxCredits: 0 },
        workflowId: index % 2 ? 'wf_odd' : 'wf_even',
        tags: index === 3 ? ['blue', 'x'] : ['x'],
        plan: aPlan(['n1']),
      });
      await executions.accept(database, request);
      ids.unshift(request.execution.id);
    }
    const list = async (filters = {}, page = {}) => executions.list(database, accountId, filters, page);
    const first = await list({}, { limit: 2 });
    const second = await list({}, { limit: 2, cursor: first.nextCursor ?? '' });
    const third = await list({}, { limit: 2, cursor: second.nextCursor ?? '' });
    expect([first, second, third].flatMap((page) => page.executions.map(({ id }) => id))).toEqual(ids);
    expect(third.nextCursor).toBeNull();
    const idsOf = async (filters: object) => (await list(filters)).executions.map(({ id }) => id);
    expect(await idsOf({ workflowId: 'wf_odd' })).toEqual([ids[1], ids[3]]);
    expect(await idsOf({ tag: 'blue' })).toEqual([ids[1]]);
    expect(await idsOf({ status: 'FAILED' })).toEqual([]);
    expect(await idsOf({ mode: 'live' })).toEqual([]);
    expect(await idsOf({ createdBefore: new Date(0) })).toEqual([]);
    expect(await idsOf({ createdFrom: new Date(0), status: 'RUNNING' })).toEqual(ids);
  });

  it('refuses a cursor that is not its own', async () => {
    for (const cursor of ['x', "' or 1=1 --", Buffer.from('exe_1; drop').toString('base64url')]) {
      await expect(executions.list(database, 'acc', {}, { cursor })).rejects.toThrow(InvalidCursorError);
    }
  });
});
