import { expect } from '@jest/globals';
import fc from 'fast-check';
import { editedGraphs } from '../support/edited-graphs';
import type { BuiltGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';

/** A step that the provider takes and refuses until the fault plan is healed, so that the run can be resumed. */
const DOOM = { id: 'doom', data: { nodeType: 'text:llm', config: { prompt: 'doomed step' } } };

/** Random runs that fail at one step, are edited and resumed: the sandbox's ledger counts what was paid again. */
export async function proveEditAndResume(runs: number): Promise<void> {
  const test = await TestSystem.start({ EVERFRAME_SANDBOX_LATENCY_SCALE: '0' });
  try {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(editedGraphs('salt', 6), async ({ before, after, changed }) => {
        round += 1;
        await proveOne(test, salted(before, round), salted(after, round), changed);
      }),
      { numRuns: runs, endOnFailure: true },
    );
  } finally {
    await test.stop();
  }
}

async function proveOne(
  test: TestSystem,
  before: BuiltGraph,
  after: BuiltGraph,
  changed: ReadonlySet<string>,
): Promise<void> {
  await test.setFaults([{ contains: 'doomed step', action: 'refuse' }]);
  const paidBefore = (await test.accepted()).length;
  const { executionId } = await test.client.execute(before);
  expect(await test.client.wait(executionId)).toMatchObject({
    status: 'FAILED',
    failure: { nodeId: 'doom' },
  });
  const paidFirst = (await test.accepted()).length;
  expect(paidFirst - paidBefore).toBe(before.nodes.length);

  await test.setFaults([]);
  const receipt = await test.client.resume(executionId, { nodes: after.nodes, edges: after.edges });
  expect(new Set(receipt.rerun)).toEqual(new Set([...changed, 'doom']));
  const resumed = await test.client.wait(executionId);
  expect(resumed).toMatchObject({ status: 'COMPLETED', attempt: 2, credits: { held: 0 } });
  expect((await test.accepted()).length - paidFirst).toBe(changed.size + 1);
}

/** Each round asks for something else, and has the step that fails. */
function salted(graph: BuiltGraph, round: number): BuiltGraph {
  const text = JSON.stringify(graph.nodes).replaceAll('salt', `salt ${round}`);
  return { ...graph, nodes: [...(JSON.parse(text) as BuiltGraph['nodes']), DOOM] };
}
