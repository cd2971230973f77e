import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { pickVariant } from '../../pipeline/variants';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const base = '/api/v1/workflows';
const graph = {
  nodes: [{ id: 't', data: { nodeType: 'input:text', config: { value: '${tone}' } } }],
  edges: [],
  variables: { tone: 'plain' },
};
const variants = [
  { name: 'calm', weight: 3, variables: { tone: 'calm' } },
  { name: 'loud', weight: 1, nodes: { t: { value: 'LOUD' } } },
];

async function aWorkflow(body: object = { ...graph, variants }): Promise<string> {
  const { workflowId } = (await api.call('POST', base, { body })).body;
  const published = await api.call('POST', `${base}/${workflowId}/publish`, { body: {} });
  expect([published.status, published.body.issues]).toEqual([201, undefined]);
  return workflowId;
}
const execute = (id: string, body: object = {}) => api.call('POST', `${base}/${id}/execute`, { body });
const detail = async (executionId: string) =>
  (await api.call('GET', `${base}/executions/${executionId}`)).body;

describe('variants', () => {
  it('share the executions by their weights', () => {
    const counts: Record<string, number> = {};
    for (let index = 0; index < 400; index += 1) {
      const name = pickVariant(variants, index / 400)?.name ?? '';
      counts[name] = (counts[name] ?? 0) + 1;
    }
    expect(counts).toEqual({ calm: 300, loud: 100 });
  });

  it('are recorded with the execution, whose graph is that of the variant', async () => {
    const id = await aWorkflow();
    const { body } = await execute(id);
    expect(['calm', 'loud']).toContain(body.variant);
    const loud = await execute(id, { variant: 'loud' });
    const found = await detail(loud.body.executionId);
    expect([found.variant, found.graph.nodes[0].data.config.value, found.graph.variants]).toEqual([
      'loud',
      'LOUD',
      undefined,
    ]);
    const calm = await detail((await execute(id, { variant: 'calm' })).body.executionId);
    expect(calm.graph.variables).toEqual({ tone: 'calm' });
    expect((await execute(id, { variant: 'none' })).body.code).toBe('variant_not_found');
  });

  it('that cannot run keep the draft from being published', async () => {
    for (const faulty of [
      [{ name: 'a', weight: 0 }],
      [
        { name: 'a', weight: 1 },
        { name: 'a', weight: 1 },
      ],
      [{ name: 'a', weight: 1, nodes: { nowhere: {} } }],
      [{ name: 'a', weight: 1, nodes: { t: { value: 7 } } }],
    ]) {
      const { workflowId } = (await api.call('POST', base, { body: { ...graph, variants: faulty } })).body;
      const published = await api.call('POST', `${base}/${workflowId}/publish`, { body: {} });
      expect([published.status, published.body.issues[0].path]).toEqual([
        422,
        expect.stringMatching(/^variants/),
      ]);
    }
  });

  it('are compared by feedback, cost and latency', async () => {
    const id = await aWorkflow();
    const made = { calm: [0.2, 0.4], loud: [0.9] } as const;
    for (const [variant, values] of Object.entries(made)) {
      for (const [index, value] of values.entries()) {
        const { executionId } = (await execute(id, { variant })).body;
        await api.call('POST', `${base}/executions/${executionId}/feedback`, {
          body: { metric: 'click_rate', value: 0 },
        });
        await api.call('POST', `${base}/executions/${executionId}/feedback`, {
          body: { metric: 'click_rate', value },
        });
        await sql`update executions set status = 'COMPLETED', credits_charged = ${(index + 1) * 10}, credits_held = 100,
          completed_at = created_at + ${index + 1} * interval '1 second' where id = ${executionId}`.execute(
          api.dependencies.database.queries,
        );
      }
    }
    const { data } = (await api.call('GET', `${base}/${id}/variants?version=1`)).body;
    expect(data).toEqual([
      {
        ...{ variant: 'calm', weight: 3, executions: 2, completed: 2, failed: 0, creditsMean: 15 },
        latencyMs: { p50: 1_500, p95: 1_950, p99: 1_990 },
        feedback: { click_rate: { count: 2, mean: expect.closeTo(0.3) } },
      },
      {
        ...{ variant: 'loud', weight: 1, executions: 1, completed: 1, failed: 0, creditsMean: 10 },
        latencyMs: { p50: 1_000, p95: 1_000, p99: 1_000 },
        feedback: { click_rate: { count: 1, mean: 0.9 } },
      },
    ]);
    expect((await api.call('GET', `${base}/${id}/variants?version=2`)).body.data[0].executions).toBe(0);
  });

  it('end when one is promoted: a new version runs it for all', async () => {
    const id = await aWorkflow();
    const headers = { 'Idempotency-Key': `promote-${id}` };
    const promoted = await api.call('POST', `${base}/${id}/variants/loud/promote`, { headers });
    const repeat = await api.call('POST', `${base}/${id}/variants/loud/promote`, { headers });
    expect([repeat.body, repeat.headers.get('idempotency-replayed')]).toEqual([promoted.body, 'true']);
    expect([promoted.status, promoted.body.version, promoted.body.tag]).toEqual([201, 2, '1.1.0']);
    const { body } = await execute(id);
    expect([body.version, body.variant]).toEqual([2, undefined]);
    expect((await detail(body.executionId)).graph.nodes[0].data.config.value).toBe('LOUD');
    expect((await api.call('GET', `${base}/${id}/diff`)).body.isEqual).toBe(true);
    expect((await api.call('POST', `${base}/${id}/variants/loud/promote`)).body.code).toBe(
      'variant_not_found',
    );
  });

  it('leave a draft alone that somebody works on', async () => {
    const id = await aWorkflow();
    await api.call('PUT', `${base}/${id}`, { body: { ...graph, variants, variables: { tone: 'new' } } });
    await api.call('POST', `${base}/${id}/variants/calm/promote`);
    expect((await api.call('GET', `${base}/${id}`)).body.variables).toEqual({ tone: 'new' });
    expect((await detail((await execute(id)).body.executionId)).graph.variables).toEqual({ tone: 'calm' });
  });

  it('take no feedback on what is foreign, nor a metric that is none', async () => {
    const { executionId } = (await execute(await aWorkflow())).body;
    const { key } = await api.createAccount();
    const path = `${base}/executions/${executionId}/feedback`;
    expect((await api.call('POST', path, { key, body: { metric: 'a', value: 1 } })).status).toBe(404);
    for (const body of [{ metric: 'A b', value: 1 }, { metric: 'a', value: '1' }, { metric: 'a' }]) {
      expect((await api.call('POST', path, { body })).status).toBe(422);
    }
  });
});
