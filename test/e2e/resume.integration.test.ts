import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { executionWorkflowId } from '../../workflows/contract';
import { aGraph, mainJob, type BuiltGraph } from '../support/graph-builder';
import { recordHistory } from '../support/record-history';
import { TestSystem } from '../support/test-system';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start();
});

afterEach(() => test.setFaults([]));

afterAll(() => test.stop());

/** A run whose third step fails at every provider. */
async function failedRun(graph: BuiltGraph) {
  await test.setFaults([
    { model: 'clarityai/crystal-upscaler', action: 'fail_job' },
    { model: 'philz1337x/crystal-upscaler', action: 'fail_job' },
  ]);
  const { executionId } = await test.client.execute(graph);
  const view = await test.client.wait(executionId);
  await test.setFaults([]);
  return view;
}

/** text → description → image → upscale: four steps, three of them paid. */
function contentJob(prompt: string): BuiltGraph {
  return aGraph(prompt)
    .node('description', 'text:llm', { system: 'Describe an image.' })
    .edge('prompt', 'description')
    .node('image', 'generate:flux_2_pro')
    .edge('description', 'image')
    .node('upscale', 'image:crystal_upscaler')
    .edge('image', 'upscale')
    .build();
}

describe('a failed execution', () => {
  it('keeps what was paid, and a resume runs the failed step alone', async () => {
    const before = (await test.accepted()).length;
    const failed = await failedRun(contentJob('resume-me teapot'));
    expect(failed.status).toBe('FAILED');
    expect(failed.failure).toMatchObject({
      nodeId: 'upscale',
      code: 'all_providers_failed',
      resumable: true,
    });
    expect(failed.nodes['description']?.output['text']).toEqual(expect.any(String));
    expect(failed.nodes['image']?.output['image']).toMatchObject({ type: 'image' });
    await recordHistory(failed.executionId, 'failed');
    const paidBefore = (await test.accepted()).length;

    const receipt = await test.client.resume(failed.executionId);
    expect(receipt.reused.map((node) => node.nodeId).sort()).toEqual(['description', 'image', 'prompt']);
    expect(receipt.rerun).toEqual(['upscale']);
    expect(receipt.creditsNotSpentAgain).toBe(failed.credits.charged);

    const resumed = await test.client.wait(failed.executionId);
    expect(resumed).toMatchObject({ status: 'COMPLETED', attempt: 2 });
    expect(resumed.nodes['image']?.output).toMatchObject({
      image: { sha256: (failed.nodes['image']?.output['image'] as { sha256: string }).sha256 },
    });
    expect((await test.accepted()).length).toBe(paidBefore + 1);
    expect(paidBefore - before).toBe(4);
    await recordHistory(failed.executionId, 'resumed-after-failure');
  });

  it('runs an edited node again and what depends on it, and nothing else', async () => {
    const graph = contentJob('edit-me violin');
    const failed = await failedRun(graph);
    const edited = graph.nodes.map((node) =>
      node.id === 'image' ? { ...node, data: { ...node.data, config: { seed: 7 } } } : node,
    );
    const receipt = await test.client.resume(failed.executionId, { nodes: edited, edges: graph.edges });
    expect(receipt.rerun.slice().sort()).toEqual(['image', 'upscale']);
    const resumed = await test.client.wait(failed.executionId);
    expect(resumed.status).toBe('COMPLETED');
    expect(await test.accepted({ prompt: 'edit-me violin', model: 'gpt' })).toHaveLength(1);
    const images = (await test.accepted({ model: 'flux-2-pro' })).filter((entry) =>
      entry.prompt?.includes('violin'),
    );
    expect(images).toHaveLength(2);
  });

  it('tells by dryRun what a resume would do, and does nothing', async () => {
    const failed = await failedRun(mainJob('dry-run cello'));
    const paid = (await test.accepted()).length;
    const receipt = await test.client.previewResume(failed.executionId);
    expect(receipt.rerun).toEqual(['upscale']);
    expect((await test.client.poll(failed.executionId)).status).toBe('FAILED');
    expect((await test.accepted()).length).toBe(paid);
  });

  it('is resumed once by many resumes at a time', async () => {
    const failed = await failedRun(mainJob('race harp'));
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () => test.client.resume(failed.executionId)),
    );
    expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
    const resumed = await test.client.wait(failed.executionId);
    expect(resumed).toMatchObject({ status: 'COMPLETED', attempt: 2 });
    expect(await test.accepted({ prompt: 'race harp' })).toHaveLength(1);
  });
});

describe('a completed execution', () => {
  it('pays nothing again when an operator resets it in Temporal', async () => {
    const { executionId } = await test.client.execute(mainJob('reset bell'));
    const completed = await test.client.wait(executionId);
    expect(completed.status).toBe('COMPLETED');
    const paid = (await test.accepted()).length;

    await test.resetToStart(executionId);
    await test.temporal.workflow.getHandle(executionWorkflowId(executionId)).result();

    const again = await test.client.wait(executionId);
    const { charged } = completed.credits;
    expect(again).toMatchObject({ status: 'COMPLETED', attempt: 2, credits: { held: 0, charged } });
    expect((await test.accepted()).length).toBe(paid);
  });
});
