import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aGraph } from '../support/graph-builder';
import { recordHistory } from '../support/record-history';
import { TestSystem } from '../support/test-system';

let test: TestSystem;
beforeAll(async () => {
  test = await TestSystem.start();
});
afterAll(() => test.stop());

describe('a node with a seed and cache "workspace"', () => {
  it('is paid once over two executions: the second shows the same picture as cached, free', async () => {
    const graph = aGraph('cached kingfisher')
      .node('image', 'generate:flux_2_pro', { seed: 7 }, { cache: 'workspace' })
      .edge('prompt', 'image')
      .build();
    const run = async () => {
      const { executionId } = await test.client.execute(graph);
      return test.client.wait(executionId);
    };
    const first = await run();
    const second = await run();
    expect([first.status, second.status]).toEqual(['COMPLETED', 'COMPLETED']);
    expect(first.nodes['image']).toMatchObject({ cached: false, credits: 30 });
    const { sha256 } = first.nodes['image']?.output['image'] as { sha256: string };
    expect(second.nodes['image']).toMatchObject({
      ...{ cached: true, credits: 0, attempts: 0, provider: 'fal' },
      output: { image: { sha256 } },
    });
    expect(second.credits).toEqual({ held: 0, charged: 0, released: 30 });
    const detail = await test.client.getExecution(second.executionId);
    expect(detail).toMatchObject({ jobs: [], execution: { nodes: { image: { cached: true } } } });
    expect(await test.accepted({ prompt: 'cached kingfisher' })).toHaveLength(1);
    await recordHistory(second.executionId, 'cached');
  });
});
