import type { ExecutionView } from '../../pipeline/execution-view';
import { aGraph } from '../support/graph-builder';
import type { TestSystem } from '../support/test-system';
import { until } from '../support/until';

/** A backdrop that is made once, and a photo of each product in front of it. */
export function productBatch(name: string, count: number) {
  const graph = aGraph(`${name} backdrop`)
    .node('backdrop', 'generate:flux_2_pro')
    .edge('prompt', 'backdrop')
    .node('product', 'input:text')
    .node('photo', 'edit:flux_2_edit')
    .edge('product', 'photo', { targetHandle: 'prompt' })
    .edge('backdrop', 'photo', { targetHandle: 'images' })
    .build();
  const values = Array.from({ length: count }, (_value, index) => `${name} item-${index};`);
  return { ...graph, iteratorConfigs: [{ nodeId: 'product', values }] };
}

/** How often a provider took what the items share, and each item. */
export async function acceptedOf(test: TestSystem, name: string, count: number): Promise<readonly number[]> {
  const prompts = Array.from({ length: count }, (_value, index) => `${name} item-${index};`);
  const counts = [`${name} backdrop`, ...prompts].map(
    async (prompt) => (await test.accepted({ prompt })).length,
  );
  return Promise.all(counts);
}

export async function untilStatus(
  { client }: TestSystem,
  executionId: string,
  status: ExecutionView['status'],
): Promise<void> {
  await until(async () => (await client.poll(executionId)).status === status);
}

export const ones = (count: number): readonly number[] => Array.from({ length: count }, () => 1);
