import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { aGraph } from '../support/graph-builder';
import { recordHistory } from '../support/record-history';
import { TestSystem } from '../support/test-system';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start();
});

afterEach(() => test.setFaults([]));

afterAll(() => test.stop());

const graph = (prompt: string, ...changes: unknown[]) =>
  aGraph(prompt)
    .node('image', 'generate:flux_2_pro', {}, { retry: { changes } })
    .edge('prompt', 'image')
    .build();

describe('a node with changes for its failures', () => {
  it('is tried again with the change after a refusal; both tries are on record with their prices', async () => {
    await test.setFaults([{ contains: 'wild swan', action: 'refuse' }]);
    const { executionId, quote } = await test.client.execute(
      graph('wild swan', { on: ['content_refused'], set: { prompt: 'a tame swan' } }),
    );
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', credits: { held: 0 } });
    expect(view.nodes['image']).toMatchObject({ status: 'COMPLETED', provider: 'fal', attempts: 2 });
    const { jobs } = await test.client.getExecution(executionId);
    expect(jobs).toMatchObject([
      { changeNumber: 0, generationReason: 'first', state: 'FAILED', creditsCharged: 0 },
      {
        changeNumber: 1,
        generationReason: 'changed',
        state: 'SETTLED',
        creditsCharged: view.credits.charged,
      },
    ]);
    expect(view.credits.charged).toBeLessThanOrEqual(quote.maxCredits);
    expect(await test.accepted({ prompt: 'a tame swan' })).toHaveLength(1);
    await recordHistory(executionId, 'changed');
  });

  it('uses each change once and in order, and fails by the last failure', async () => {
    await test.setFaults([{ contains: 'goose', action: 'refuse' }]);
    const { executionId } = await test.client.execute(
      graph(
        'wild goose',
        { on: ['content_refused'], set: { prompt: 'a calm goose' } },
        { on: ['model_gone'], set: { prompt: 'a goose that is not asked for' } },
        { on: ['content_refused'], set: { prompt: 'a silent goose' }, model: 'replicate' },
      ),
    );
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({
      status: 'FAILED',
      failure: { code: 'content_refused', provider: 'replicate' },
    });
    const { jobs } = await test.client.getExecution(executionId);
    expect(jobs.map((job) => job.changeNumber)).toEqual([0, 1, 3]);
    expect(view.credits).toMatchObject({ held: 0, charged: 0 });
  });
});
