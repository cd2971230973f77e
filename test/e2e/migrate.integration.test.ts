import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkflowInput } from '../../client/workflow-types';
import { executionWorkflowId } from '../../workflows/contract';
import { aGraph } from '../support/graph-builder';
import { recordHistory } from '../support/record-history';
import { TestSystem } from '../support/test-system';
import { until } from '../support/until';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start();
});

afterEach(() => test.setFaults([]));

afterAll(() => test.stop());

type Last = readonly [nodeType: string, config: Record<string, unknown>];

/** A description, and beside it an image → last: a failed last step waits for its user. */
function aWorkflow(last: Last, further: { system?: string; image?: Record<string, unknown> } = {}) {
  const { system = 'Describe an image.', image = {} } = further;
  const { nodes, edges } = aGraph('')
    .node('description', 'text:llm', { system })
    .edge('prompt', 'description')
    .node('image', 'generate:flux_2_pro', image)
    .edge('prompt', 'image')
    .node('last', ...last, { onError: 'hold' })
    .edge('image', 'last')
    .build();
  return { name: 'Kites', nodes, edges };
}

const upscale: Last = ['image:crystal_upscaler', {}];
const small: Last = ['image:resize', { width: 64 }];
/** The picture is being made until the next fault plan. */
const pictureIsHeld = (prompt: string) =>
  ({ contains: prompt, model: 'fal-ai/flux-2-pro', action: 'hold_job' }) as const;

async function published(workflow: WorkflowInput & { readonly name: string }): Promise<string> {
  const { workflowId } = await test.client.workflows.create(workflow);
  await test.client.workflows.publish(workflowId);
  return workflowId;
}

const run = async (workflowId: string, prompt: string) =>
  (await test.client.execute({ triggerData: { prompt } }, { workflowId })).executionId;

/** Which models were paid for a prompt. */
const paid = async (prompt: string) => (await test.accepted({ prompt })).map(({ model }) => model).sort();

describe('publishing with inFlight "migrate"', () => {
  it('lets a run that works, and one that waits, go on with the version, and pays nothing again', async () => {
    const { workflows } = test.client;
    const workflowId = await published(aWorkflow(upscale));
    await test.setFaults([
      { model: 'clarityai/crystal-upscaler', action: 'fail_job' },
      { model: 'philz1337x/crystal-upscaler', action: 'fail_job' },
      pictureIsHeld('steady kite'),
    ]);
    const waiting = await run(workflowId, 'broken kite');
    expect((await test.client.wait(waiting)).status).toBe('WAITING');
    const working = await run(workflowId, 'steady kite');
    await untilUnderWay(working);
    await test.untilAccepted({ prompt: 'steady kite', model: 'flux' });
    const before = { waiting: await paid('broken kite'), working: await paid('steady kite') };
    const { runId } = await test.temporal.workflow.getHandle(executionWorkflowId(working)).describe();

    await workflows.save(workflowId, aWorkflow(small));
    const preview = await workflows.previewPublication(workflowId, { inFlight: 'migrate' });
    expect(preview).toMatchObject({ dryRun: true, tag: '1.0.1', unchanged: false, migration: { stays: [] } });
    expect((await workflows.versions(workflowId)).map(({ tag }) => tag)).toEqual(['1.0.0']);

    const { migration } = await workflows.publish(workflowId, { inFlight: 'migrate' });
    expect(migration?.qualifies.map(({ receipt }) => receipt.executionId).sort()).toEqual(
      [waiting, working].sort(),
    );
    await test.setFaults([]);
    const receipts = migration?.qualifies.map(({ receipt }) => receipt) ?? [];
    expect(receipts.map(({ rerun }) => rerun)).toEqual([['last'], ['image', 'last']]);
    expect(receipts[1]?.adoptedJobs).toMatchObject([{ nodeId: 'image' }]);
    for (const executionId of [waiting, working]) {
      // One that waits ends each watch: it is asked until it has moved on.
      await until(async () => (await test.client.poll(executionId)).version === 2);
      const view = await test.client.wait(executionId);
      expect(view).toMatchObject({ status: 'COMPLETED', version: 2, attempt: 2, credits: { held: 0 } });
      expect(view.nodes['last']?.output['image']).toMatchObject({ width: 64 });
      expect((await test.client.getExecution(executionId)).migration).toMatchObject({
        ...{ fromVersion: 1, toVersion: 2, state: 'migrated', reasons: [] },
      });
    }
    expect({ waiting: await paid('broken kite'), working: await paid('steady kite') }).toEqual(before);
    await recordHistory(working, 'drained', runId);
  });

  it('lets a run that has drained go on with its own version when it cannot move any more', async () => {
    const { workflows, prompts } = test.client;
    await prompts.put('tone', { text: 'Be brief.' });
    const system = '${prompts.tone} Describe an image.';
    const workflowId = await published(aWorkflow(upscale, { system }));
    await test.setFaults([pictureIsHeld('torn kite')]);
    const executionId = await run(workflowId, 'torn kite');
    await untilUnderWay(executionId);
    await workflows.save(workflowId, aWorkflow(small, { system }));
    const { migration } = await workflows.publish(workflowId, { inFlight: 'migrate' });
    expect(migration?.qualifies).toHaveLength(1);
    await prompts.put('tone', { text: 'Be kind.' });
    // It drains until its picture is there.
    await test.setFaults([]);
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', version: 1, attempt: 2, credits: { held: 0 } });
    expect((await test.client.getExecution(executionId)).migration).toMatchObject({
      ...{
        fromVersion: 1,
        toVersion: 2,
        state: 'stayed',
        reasons: [{ code: 'finished_step_changed', nodeId: 'description' }],
      },
    });
    expect(await paid('torn kite')).toHaveLength(2);
  });

  it('tells which runs stay and why, and lets them finish on their own version', async () => {
    const { workflows } = test.client;
    const workflowId = await published(aWorkflow(small));
    await test.setFaults([pictureIsHeld('lonely kite')]);
    const executionId = await run(workflowId, 'lonely kite');
    await untilUnderWay(executionId);
    await workflows.save(workflowId, aWorkflow(small, { system: 'Describe a picture.', image: { seed: 7 } }));
    const { migration } = await workflows.publish(workflowId, { inFlight: 'migrate' });
    expect(migration).toMatchObject({ qualifies: [], complete: true });
    expect(migration?.stays).toMatchObject([{ executionId, fromVersion: 1 }]);
    expect(migration?.stays[0]?.reasons).toMatchObject([
      { code: 'finished_step_changed', nodeId: 'description' },
      { code: 'job_under_way_changed', nodeId: 'image' },
    ]);
    await test.setFaults([]);
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', version: 1, attempt: 1 });
    expect(view.nodes['last']?.output['image']).toMatchObject({ width: 64 });
    expect(await paid('lonely kite')).toHaveLength(2);
  });
});

/** The description is there, the picture is being made. */
async function untilUnderWay(executionId: string): Promise<void> {
  for await (const { nodes } of test.client.watch(executionId))
    if (nodes['description']?.status === 'COMPLETED' && nodes['image']?.attempts === 1) return;
}
