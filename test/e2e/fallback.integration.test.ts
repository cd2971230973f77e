import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mainJob, aGraph } from '../support/graph-builder';
import { recordHistory } from '../support/record-history';
import { TestSystem } from '../support/test-system';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start({
    EVERFRAME_BREAKER_VOLUME_THRESHOLD: '5',
    EVERFRAME_BREAKER_RESET_MS: '60000',
  });
});

afterEach(() => test.setFaults([]));

afterAll(() => test.stop());

async function run(graph: object) {
  const { executionId } = await test.client.execute(graph);
  return test.client.wait(executionId);
}

describe('a provider that does not take the job', () => {
  it('is left for the next candidate, and the poll says who served', async () => {
    await test.setFaults([{ provider: 'fal', model: 'fal-ai/flux-2-pro', action: 'unauthorized' }]);
    const view = await run(mainJob('fallback owl'));
    expect(view.status).toBe('COMPLETED');
    expect(view.nodes['image']).toMatchObject({
      provider: 'replicate',
      fallbackFrom: ['fal:fal-ai/flux-2-pro'],
      attempts: 2,
    });
    await recordHistory(view.executionId, 'fallback');
  });

  it('is tried three times before that when it is only busy', async () => {
    await test.setFaults([
      { provider: 'fal', model: 'fal-ai/nano-banana-pro', action: 'rate_limit', retryAfterSeconds: 0 },
    ]);
    const view = await run(
      aGraph('busy fox').node('image', 'generate:nano_banana_pro').edge('prompt', 'image').build(),
    );
    expect(view.nodes['image']).toMatchObject({ status: 'COMPLETED', provider: 'replicate', attempts: 4 });
  });

  it('is not called any more once its circuit is open', async () => {
    await test.setFaults([{ provider: 'fal', model: 'fal-ai/nano-banana-pro', action: 'server_error' }]);
    const graph = aGraph('dead hare')
      .node('image', 'generate:nano_banana_pro')
      .edge('prompt', 'image')
      .build();
    await run(graph);
    await run(graph);
    const view = await run(graph);
    expect(view.nodes['image']).toMatchObject({ status: 'COMPLETED', provider: 'replicate', attempts: 1 });
  });

  it('is not replaced when it refuses the content: that is the prompt’s fault', async () => {
    await test.setFaults([{ provider: 'fal', contains: 'forbidden newt', action: 'refuse' }]);
    const view = await run(mainJob('forbidden newt'));
    expect(view).toMatchObject({
      status: 'FAILED',
      failure: { nodeId: 'image', code: 'content_refused', retryable: false },
    });
    expect(view.credits).toMatchObject({ held: 0, charged: 0 });
    expect(await test.accepted({ prompt: 'forbidden newt', model: 'black-forest-labs' })).toHaveLength(0);
  });

  it('does not stop branches that have nothing to do with the failed one', async () => {
    await test.setFaults([{ contains: 'forbidden toad', action: 'refuse' }]);
    const graph = aGraph('calm heron')
      .node('bad', 'generate:flux_2_pro', { prompt: 'forbidden toad' })
      .node('good', 'generate:flux_2_pro')
      .edge('prompt', 'good')
      .build();
    const view = await run(graph);
    expect(view).toMatchObject({ status: 'FAILED', failure: { nodeId: 'bad' } });
    expect(view.nodes['good']?.status).toBe('COMPLETED');
  });
});

describe('a cancelled execution', () => {
  it('stops at the provider, gives the credits back and keeps what was finished', async () => {
    await test.setFaults([{ model: 'clarityai/crystal-upscaler', action: 'never_finish' }]);
    const { executionId } = await test.client.execute(mainJob('cancelled crane'));
    for await (const view of test.client.watch(executionId)) {
      if (view.nodes['upscale']?.status === 'RUNNING') break;
    }
    const receipt = await test.client.cancel(executionId);
    expect(receipt.cancelRequested).toBe(true);
    const view = await test.client.wait(executionId);
    expect(view.status).toBe('CANCELLED');
    expect(view.nodes['image']?.status).toBe('COMPLETED');
    expect(view.nodes['upscale']?.status).toBe('CANCELLED');
    expect(view.credits).toMatchObject({ held: 0, charged: view.nodes['image']?.credits });
    await recordHistory(executionId, 'cancelled');
  });
});

describe('the statistics', () => {
  it('tell what these runs came to, by model and by why their jobs were made', async () => {
    const before = await test.client.getStats();
    await test.setFaults([{ provider: 'fal', model: 'fal-ai/flux-2-pro', action: 'unauthorized' }]);
    const view = await run(mainJob('counted wren'));
    const after = await test.client.getStats();
    expect(after.runs.completed).toBe(before.runs.completed + 1);
    expect(after.runs.credits).toBe(before.runs.credits + view.credits.charged);
    expect(after.runs.successRate).toBeCloseTo(
      after.runs.completed / (after.runs.completed + after.runs.failed),
    );
    expect(after.runs.latencyMs?.p50).toBeGreaterThan(0);
    const of = (found: typeof after, provider: string) =>
      found.models.find((each) => each.provider === provider && /flux-2-pro/.test(each.model));
    expect(of(after, 'fal')?.failed).toBe((of(before, 'fal')?.failed ?? 0) + 1);
    expect(of(after, 'replicate')?.completed).toBe((of(before, 'replicate')?.completed ?? 0) + 1);
    expect(of(after, 'replicate')?.latencyMs?.p50).toBeGreaterThan(0);
    const fallbacks = (found: typeof after) =>
      found.reasons.find(({ reason }) => reason === 'fallback')?.jobs ?? 0;
    expect(fallbacks(after)).toBe(fallbacks(before) + 1);
    expect(after.nodeTypes.map(({ nodeType }) => nodeType)).toContain('image:crystal_upscaler');
    const none = await test.client.getStats({ workflowId: 'wf_none' });
    expect(none).toMatchObject({ runs: { count: 0, successRate: null }, models: [] });
  });
});
