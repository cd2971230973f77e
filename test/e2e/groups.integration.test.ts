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

/** Pictures of a subject, each round with a grade that is known beforehand. */
function refined(subject: string, grades: readonly number[], config: Record<string, unknown> = {}) {
  return aGraph(subject)
    .group('loop', 'control:refine', { rounds: grades.length, vary: { grade: grades }, ...config })
    .member('loop', 'image', 'generate:flux_2_pro', { prompt: `${subject}, try \${nodes.loop.round}` })
    .member('loop', 'judge', 'utility:math_clamp', { min: 0, max: 1 })
    .edge('loop', 'judge', { sourceHandle: 'grade', targetHandle: 'number' })
    .edge('image', 'loop', { targetHandle: 'result' })
    .edge('judge', 'loop', { targetHandle: 'score' })
    .build();
}

describe('a refine group', () => {
  it(
    'keeps the second of scores .4, .7, .6 through a kill during the third try, and pays three pictures',
    async () => {
      const graph = refined('a tidy otter', [0.4, 0.7, 0.6], { threshold: 0.9 });
      const quote = await test.client.quote(graph);
      const { executionId } = await test.client.execute(graph);
      await test.untilAccepted({ prompt: 'a tidy otter, try 3' });
      await test.kill('worker');
      const view = await test.client.wait(executionId);
      expect(view).toMatchObject({ status: 'COMPLETED', attempt: 1 });
      expect(view.nodes['loop']?.output).toMatchObject({ score: 0.7, round: 2, rounds: 3, reached: false });
      expect(view.output['loop']?.['result']).toMatchObject({
        sha256: sha256Of(view.nodes['image.2']?.output),
      });
      expect(await test.accepted({ prompt: 'a tidy otter, try' })).toHaveLength(3);
      const price = view.nodes['image.1']?.credits ?? 0;
      expect(price).toBeGreaterThan(0);
      expect(view.nodes['image']).toMatchObject({ status: 'COMPLETED', credits: 3 * price });
      expect(view.credits).toMatchObject({ held: 0, charged: 3 * price });
      expect(quote.nodes.find(({ nodeId }) => nodeId === 'image')).toMatchObject({ minCredits: price });
      await recordHistory(executionId, 'refined');
    },
    KILLED_IN_A_SEND_MS,
  );

  it('stops at the first score that is good enough', async () => {
    const { executionId } = await test.client.execute(
      refined('a proud otter', [0.5, 0.95, 1], { threshold: 0.9 }),
    );
    const view = await test.client.wait(executionId);
    expect(view.nodes['loop']?.output).toMatchObject({ score: 0.95, round: 2, rounds: 2, reached: true });
    expect(view.nodes['image.3']).toBeUndefined();
    expect(await test.accepted({ prompt: 'a proud otter, try' })).toHaveLength(2);
  });

  it('begins no round that would go over its budget', async () => {
    const price = (await test.client.quote(refined('x', [0]))).minCredits;
    const graph = refined('a thrifty otter', [0.1, 0.2, 0.3], { budgetCredits: 2 * price });
    const { executionId } = await test.client.execute(graph);
    const view = await test.client.wait(executionId);
    expect(view.nodes['loop']?.output).toMatchObject({ score: 0.2, rounds: 2 });
  });

  it('that fails in its second round resumes there', async () => {
    const graph = refined('a stubborn otter', [0.1, 0.2, 0.3]);
    await test.setFaults([{ action: 'refuse', contains: 'a stubborn otter, try 2' }]);
    const { executionId } = await test.client.execute(graph);
    const failed = await test.client.wait(executionId);
    expect(failed).toMatchObject({
      status: 'FAILED',
      failure: { nodeId: 'image.2', code: 'content_refused' },
    });
    await test.setFaults([]);
    const preview = await test.client.previewResume(executionId);
    expect(preview.reused.map(({ nodeId }) => nodeId)).toContain('image.1');
    await test.client.resume(executionId);
    expect(await test.client.wait(executionId)).toMatchObject({ status: 'COMPLETED', attempt: 2 });
    expect(await test.accepted({ prompt: 'a stubborn otter, try 1' })).toHaveLength(1);
  });
});

describe('a map group', () => {
  const elements = (subject: string, config: Record<string, unknown> = {}) =>
    aGraph(subject)
      .group('each', 'control:map', { itemType: 'text', ...config })
      .member('each', 'image', 'generate:flux_2_pro')
      .edge('each', 'image', { sourceHandle: 'item' })
      .edge('image', 'each', { targetHandle: 'result' })
      .node('best', 'control:pick_best', { by: 'pixels' })
      .edge('each', 'best', { sourceHandle: 'results', targetHandle: 'candidates' })
      .build();

  it(
    'makes each element once through a kill, in the order of the list',
    async () => {
      const items = ['heron', 'badger', 'newt', 'stoat'];
      const { executionId } = await test.client.execute(elements('x', { items, concurrency: 2 }));
      await test.untilAccepted({ prompt: 'badger' });
      await test.kill('worker');
      const view = await test.client.wait(executionId);
      expect(view.status).toBe('COMPLETED');
      const results = view.nodes['each']?.output['results'];
      const hashes = [1, 2, 3, 4].map((number) => sha256Of(view.nodes[`image.${number}`]?.output));
      expect(results).toMatchObject(hashes.map((sha256) => ({ sha256 })));
      for (const prompt of items) expect(await test.accepted({ prompt })).toHaveLength(1);
      await recordHistory(executionId, 'mapped');
    },
    KILLED_IN_A_SEND_MS,
  );

  it('with allowPartial goes on without the element that failed', async () => {
    await test.setFaults([{ action: 'refuse', contains: 'a rude walrus' }]);
    const items = ['a kind walrus', 'a rude walrus'];
    const { executionId } = await test.client.execute(elements('x', { items, allowPartial: true }));
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', nodes: { 'image.2': { status: 'FAILED' } } });
    expect(view.nodes['each']?.output).toMatchObject({ count: 2, failedCount: 1 });
  });
});

describe('a router', () => {
  it('skips the branch that is not taken, and the join goes on', async () => {
    const graph = aGraph('Bonjour')
      .node('route', 'control:router', {
        routes: [{ name: 'french', when: { is: 'starts_with', value: 'bon' } }],
      })
      .edge('prompt', 'route', { targetHandle: 'value' })
      .node('greet', 'utility:text_template', { template: 'French: ${nodes.route.french}' })
      .node('shout', 'utility:text_upper')
      .edge('route', 'shout', { sourceHandle: 'otherwise' })
      .node('pause', 'control:delay', { seconds: 0.2 })
      .edge('greet', 'pause')
      .node('end', 'control:join')
      .edge('pause', 'end', { sourceHandle: 'value' })
      .edge('shout', 'end')
      .build();
    const { executionId } = await test.client.execute(graph);
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({
      status: 'COMPLETED',
      output: { end: { value: 'French: Bonjour' } },
      nodes: { shout: { status: 'SKIPPED' }, route: { output: { route: 'french' } } },
      progress: { skipped: 1 },
    });
    await recordHistory(executionId, 'routed');
  });
});

function sha256Of(output: Readonly<Record<string, unknown>> | undefined): unknown {
  const image = output?.['image'];
  return typeof image === 'object' && image !== null && 'sha256' in image ? image.sha256 : undefined;
}
