import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';
import { reservePort } from '../support/reserve-port';
import { until } from '../support/until';

let test: TestSystem;
let ports: readonly number[];

beforeAll(async () => {
  ports = [await reservePort(), await reservePort(), await reservePort()];
  const [api, worker, temporal] = ports;
  test = await TestSystem.start({
    EVERFRAME_API_METRICS_PORT: String(api),
    EVERFRAME_WORKER_METRICS_PORT: String(worker),
    EVERFRAME_TEMPORAL_METRICS_ADDRESS: `127.0.0.1:${temporal}`,
    EVERFRAME_BREAKER_VOLUME_THRESHOLD: '1',
    EVERFRAME_BREAKER_RESET_MS: '600000',
  });
});

afterAll(() => test.stop());

async function scrape(nth: number): Promise<readonly string[]> {
  const response = await fetch(`http://127.0.0.1:${ports[nth]}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/plain');
  return (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** The value of the only series with this name and these labels. */
function valueOf(lines: readonly string[], name: string, labels: Readonly<Record<string, string>>): number {
  const fitting = lines.filter(
    (line) =>
      line.startsWith(`${name}{`) &&
      Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)),
  );
  expect(fitting).toHaveLength(1);
  return Number(fitting[0]?.split(' ').at(-1));
}

describe('/metrics, after a real run', () => {
  it('tells latency and cost per model, success per node type, breakers, queues and requests, and names nobody', async () => {
    const { client } = test;
    // The first candidate's circuit opens at its first failure; the second one serves.
    await test.setFaults([{ provider: 'fal', action: 'server_error', status: 503 }]);
    const graph = aGraph('a measured kite')
      .node('image', 'generate:flux_2_pro')
      .edge('prompt', 'image')
      .build();
    const { executionId } = await client.execute(graph);
    const view = await client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', nodes: { image: { provider: 'replicate' } } });
    await expect(client.poll('exe_unknown')).rejects.toMatchObject({ status: 404 });

    // What does not answer within its second counts as away; the figures are read anew every five.
    await until(async () => {
      const up = (await scrape(0)).filter((line) => line.startsWith('everframe_dependency_up{'));
      return up.length === 2 && up.every((line) => line.endsWith(' 1'));
    });
    const [api, worker, temporal] = await Promise.all([scrape(0), scrape(1), scrape(2)]);
    const model = { provider: 'replicate', model: view.nodes['image']?.model ?? '', mode: 'test' };
    expect(valueOf(worker, 'everframe_job_duration_seconds_count', model)).toBe(1);
    expect(valueOf(worker, 'everframe_job_duration_seconds_sum', model)).toBeGreaterThan(0);
    expect(valueOf(worker, 'everframe_credits_charged_total', { ...model, retry: '0' })).toBe(
      view.credits.charged,
    );
    const step = { node_type: 'generate:flux_2_pro', mode: 'test' };
    expect(valueOf(worker, 'everframe_steps_total', { ...step, outcome: 'completed' })).toBe(1);
    expect(worker.some((line) => line.startsWith('everframe_step_failures_total{provider="fal"'))).toBe(true);
    expect(valueOf(api, 'everframe_circuits_open', { provider: 'fal', mode: 'test' })).toBe(1);
    expect(valueOf(api, 'everframe_executions_open', { status: 'RUNNING', mode: 'test' })).toBe(0);
    expect(valueOf(api, 'everframe_task_queue_backlog', { queue: 'core', type: 'workflow' })).toBe(0);
    expect(valueOf(api, 'everframe_dependency_up', { dependency: 'database' })).toBe(1);
    expect(valueOf(api, 'everframe_dependency_up', { dependency: 'temporal' })).toBe(1);
    const executed = { route: '/api/v1/workflows/:id/execute', method: 'POST', status: '201' };
    expect(valueOf(api, 'everframe_http_request_duration_seconds_count', executed)).toBe(1);
    expect(temporal.some((line) => line.startsWith('temporal_'))).toBe(true);

    const all = [...api, ...worker].join('\n');
    for (const name of [executionId, 'acc_local', 'exe_unknown', test.system.credentials.keys.test])
      expect(all).not.toContain(name);
    expect(api.length + worker.length).toBeLessThan(2_000);
  });

  it('is all that is there', async () => {
    expect((await fetch(`http://127.0.0.1:${ports[0]}/api/v1/nodes`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${ports[1]}/metrics`, { method: 'POST' })).status).toBe(404);
  });
});
