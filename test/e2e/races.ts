import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { executionWorkflowId } from '../../workflows/contract';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';
import { until } from '../support/until';

const POSTS = 50;
const RESUMES = 20;

/**
 * Each round: fifty posts at once with one `Idempotency-Key`, then, since that run fails, twenty resumes at once. One run
 * each, by our rows, by the provider's ledger and by Temporal's own list.
 */
export async function proveRaces(rounds: number): Promise<void> {
  const test = await TestSystem.start({ EVERFRAME_SANDBOX_LATENCY_SCALE: '0' });
  try {
    for (let round = 1; round <= rounds; round += 1) await proveRound(test, round);
  } finally {
    await test.stop();
  }
}

async function proveRound(test: TestSystem, round: number): Promise<void> {
  await test.setFaults([{ contains: 'doomed', action: 'refuse' }]);
  const graph = aGraph(`doomed race ${round}.`).node('text', 'text:llm').edge('prompt', 'text').build();
  const idempotencyKey = randomUUID();
  const receipts = await together(POSTS, () => test.client.execute(graph, { idempotencyKey }));
  const [executionId, ...others] = [...new Set(receipts.flatMap((each) => each?.executionId ?? []))];
  expect([others, receipts.filter((each) => each !== undefined).length > 0]).toEqual([[], true]);
  if (executionId === undefined) return;
  expect(await test.client.wait(executionId)).toMatchObject({ status: 'FAILED', attempt: 1 });

  // Healed, or the resumed run might fail before the last of the twenty is read, which would then rightly resume it.
  await test.setFaults([]);
  const resumes = await together(RESUMES, () => test.client.resume(executionId));
  expect(resumes.filter((each) => each !== undefined)).toHaveLength(1);
  expect(await test.client.wait(executionId)).toMatchObject({ status: 'COMPLETED', attempt: 2 });
  expect(await test.accepted({ prompt: `doomed race ${round}.` })).toHaveLength(2);
  expect(await closedRuns(test, executionId)).toBe(2);
}

/** Temporal runs of the execution, once both that must be there are listed. */
async function closedRuns({ temporal }: TestSystem, executionId: string): Promise<number> {
  const query = `WorkflowId = '${executionWorkflowId(executionId)}'`;
  let count = 0;
  await until(async () => {
    ({ count } = await temporal.workflow.count(query));
    return count >= 2;
  });
  return count;
}

/** All at once; undefined for those that were turned away because another one was first. */
async function together<T>(count: number, act: () => Promise<T>): Promise<(T | undefined)[]> {
  const answers = await Promise.allSettled(Array.from({ length: count }, act));
  return answers.map((answer) => {
    if (answer.status === 'fulfilled') return answer.value;
    expect(answer.reason).toMatchObject({ status: 409 });
    return undefined;
  });
}
