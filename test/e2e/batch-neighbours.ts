import { expect } from '@jest/globals';
import { createEverframeClient, type EverframeClient } from '../../client/everframe-client';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';

export interface NeighbourSize {
  readonly items: number;
  /** Of the second account, before the batch and during it. */
  readonly runs: number;
  /** How long the provider takes for each picture. */
  readonly providerMs: number;
}

/**
 * One account's batch, started in one call, beside single runs of another account: how long those take at the same time, in
 * multiples of the time that they take alone (medians).
 */
export async function proveNeighbours(
  size: NeighbourSize,
): Promise<{ readonly ratio: number; readonly figures: string }> {
  const test = await TestSystem.start({ EVERFRAME_SANDBOX_LATENCY_SCALE: '0' });
  try {
    return await compare(test, size);
  } finally {
    await test.stop();
  }
}

async function compare(test: TestSystem, { items, runs, providerMs }: NeighbourSize) {
  await test.setFaults([{ contains: 'neighbour', action: 'slow_job', delayMs: providerMs }]);
  const neighbour = await secondAccount(test);
  const quietMs = await medianMs(neighbour, runs);
  const graph = aGraph('unused').node('photo', 'generate:flux_2_klein', { prompt: 'x' }).build();
  const values = Array.from({ length: items }, (_value, index) => `neighbour product ${index};`);
  const iteratorConfigs = [{ nodeId: 'photo', path: 'prompt', values }];
  const { executionId } = await test.client.execute({ ...graph, iteratorConfigs });
  while (((await test.client.poll(executionId)).items?.completed ?? 0) === 0) await pause();
  const busyMs = await medianMs(neighbour, runs);
  const view = await test.client.poll(executionId);
  // Else there was nothing beside it.
  expect(view.status).toBe('RUNNING');
  const ratio = busyMs / quietMs;
  const figures = `a single run beside a batch of ${items}: ${busyMs.toFixed(0)} ms against ${quietMs.toFixed(0)} ms alone (${ratio.toFixed(2)} ×, medians of ${runs}; ${view.items?.completed} items were done by then)`;
  const { status } = await test.client.wait(executionId);
  expect(status).toBe('COMPLETED');
  return { ratio, figures };
}

async function secondAccount({ client, system }: TestSystem): Promise<EverframeClient> {
  const { account, key } = await client.createAccount({ name: 'Neighbour', plan: 'self_hosted' });
  const grant = { credits: 100_000, grantKey: 'neighbour', accountId: account.accountId };
  await client.grantCredits(grant);
  return createEverframeClient({ baseUrl: system.urls.api, apiKey: key ?? '' });
}

/** One after the other, as a person would. */
async function medianMs(client: EverframeClient, runs: number): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const graph = aGraph(`neighbour alone ${run}`)
      .node('photo', 'generate:flux_2_klein')
      .edge('prompt', 'photo')
      .build();
    const beganMs = performance.now();
    const { executionId } = await client.execute(graph);
    expect((await client.wait(executionId)).status).toBe('COMPLETED');
    times.push(performance.now() - beganMs);
  }
  return times.toSorted((left, right) => left - right)[Math.floor(runs / 2)] ?? Number.NaN;
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 100));
}
