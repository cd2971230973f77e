import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { aGraph } from '../support/graph-builder';
import { recordHistory } from '../support/record-history';
import { KILLED_IN_A_SEND_MS, TestSystem } from '../support/test-system';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start();
});

afterEach(() => test.setFaults([]));

afterAll(() => test.stop());

/** A prompt becomes a picture in two tries, of which the second is better. */
function portrait(style: string) {
  const { nodes, edges } = aGraph('x')
    .node('style', 'input:text', { value: style })
    .group('tries', 'control:refine', { rounds: 2, vary: { grade: [0.2, 0.8] } })
    .member('tries', 'picture', 'generate:flux_2_pro', {
      prompt: '${nodes.prompt.text} in ${nodes.style.text}, try ${nodes.tries.round}',
    })
    .member('tries', 'judge', 'utility:math_clamp', { min: 0, max: 1 })
    .edge('tries', 'judge', { sourceHandle: 'grade', targetHandle: 'number' })
    .edge('picture', 'tries', { targetHandle: 'result' })
    .edge('judge', 'tries', { targetHandle: 'score' })
    .node('made', 'control:join')
    .edge('tries', 'made', { sourceHandle: 'result' })
    .build();
  return { name: `Portrait in ${style}`, nodes, edges };
}

async function publish(style: string): Promise<string> {
  const { workflowId } = await test.client.workflows.create(portrait(style));
  await test.client.workflows.publish(workflowId);
  return workflowId;
}

describe('a workflow as a node', () => {
  it(
    'runs once for each element of a list, in its own loop, and pays each picture once through a kill',
    async () => {
      const workflow = await publish('ink');
      const graph = aGraph('x')
        .group('each', 'control:map', { items: ['a vole', 'a crane'], itemType: 'text', concurrency: 2 })
        .member('each', 'sub', 'control:workflow', { workflow })
        .edge('each', 'sub', { sourceHandle: 'item', targetHandle: 'prompt' })
        .edge('sub', 'each', { sourceHandle: 'made', targetHandle: 'result' })
        .node('sheet', 'control:pick_best', { by: 'order' })
        .edge('each', 'sheet', { sourceHandle: 'results', targetHandle: 'candidates' })
        .build();
      const quote = await test.client.quote(graph);
      const { executionId } = await test.client.execute(graph);
      await test.untilAccepted({ prompt: 'a vole in ink, try 2' });
      await test.kill('worker');
      const view = await test.client.wait(executionId);
      expect(view).toMatchObject({ status: 'COMPLETED', attempt: 1 });
      for (const subject of ['a vole', 'a crane']) {
        for (const round of [1, 2])
          expect(await test.accepted({ prompt: `${subject} in ink, try ${round}` })).toHaveLength(1);
      }
      const price = view.nodes['sub.1/picture.2']?.credits ?? 0;
      expect(price).toBeGreaterThan(0);
      expect(view.nodes['sub/picture']).toMatchObject({ status: 'COMPLETED', credits: 4 * price });
      expect(view.nodes['sub.2/tries']?.output).toMatchObject({ round: 2, score: 0.8 });
      expect(view.credits).toMatchObject({ held: 0, charged: 4 * price });
      expect(quote).toMatchObject({ minCredits: 2 * price });
      await recordHistory(executionId, 'sub-workflow');
    },
    KILLED_IN_A_SEND_MS,
  );

  it('runs in each item of a batch', async () => {
    const workflow = await publish('wax');
    const graph = aGraph('x')
      .node('sub', 'control:workflow', { workflow })
      .edge('prompt', 'sub', { targetHandle: 'prompt' })
      .build();
    const iteratorConfigs = [{ nodeId: 'prompt', values: ['a swift', 'a rook'] }];
    const { executionId } = await test.client.execute({ ...graph, iteratorConfigs });
    expect(await test.client.wait(executionId)).toMatchObject({ status: 'COMPLETED' });
    for (const subject of ['a swift', 'a rook'])
      expect(await test.accepted({ prompt: `${subject} in wax` })).toHaveLength(2);
  });

  it('keeps its version when the run resumes after another one was published, and its steps when it is edited', async () => {
    const workflow = await publish('chalk');
    const graph = aGraph('a marmot')
      .node('sub', 'control:workflow', { workflow })
      .edge('prompt', 'sub', { targetHandle: 'prompt' })
      .node('upscale', 'image:crystal_upscaler')
      .edge('sub', 'upscale', { sourceHandle: 'made' })
      .build();
    await test.setFaults([{ action: 'refuse', contains: 'a marmot in chalk, try 2' }]);
    const { executionId } = await test.client.execute(graph);
    const failed = await test.client.wait(executionId);
    expect(failed).toMatchObject({ status: 'FAILED', failure: { nodeId: 'sub/picture.2' } });
    await test.client.workflows.save(workflow, portrait('oil'));
    await test.client.workflows.publish(workflow);
    await test.setFaults([]);
    await test.client.workflows.delete(workflow);
    const { reused } = await test.client.resume(executionId, {
      nodes: [...graph.nodes, { id: 'more', data: { nodeType: 'utility:text_upper', config: {} } }],
      edges: [...graph.edges, { id: 'e', source: 'prompt', target: 'more' }],
    });
    expect(reused.map(({ nodeId }) => nodeId)).toContain('sub/picture.1');
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', attempt: 2, output: { more: { text: 'A MARMOT' } } });
    expect(await test.accepted({ prompt: 'a marmot in chalk, try 1' })).toHaveLength(1);
    expect(await test.accepted({ prompt: 'a marmot in oil' })).toHaveLength(0);
  });
});
