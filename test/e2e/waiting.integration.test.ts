import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkflowFailedError } from '@temporalio/client';
import { executionWorkflowId } from '../../workflows/contract';
import { aGraph, mainJob } from '../support/graph-builder';
import { recordHistory } from '../support/record-history';
import { TestSystem } from '../support/test-system';
import { until } from '../support/until';

/** Rules of the failpoints; empty but for one test. */
let failpoints: string;
let test: TestSystem;

beforeAll(async () => {
  failpoints = mkdtempSync(join(tmpdir(), 'everframe-failpoints-'));
  test = await TestSystem.start({
    EVERFRAME_RESUBMIT_BELOW_CREDITS: '0',
    EVERFRAME_FAILPOINTS: failpoints,
  });
});

afterEach(() => test.setFaults([]));

afterAll(async () => {
  await test.stop();
  rmSync(failpoints, { recursive: true });
});

/** A run of the main job that can pay for its picture and not for the upscale. */
async function outOfBudget(prompt: string) {
  const graph = mainJob(prompt);
  const quote = await test.client.quote(graph);
  const imagePrice = quote.nodes.find(({ nodeId }) => nodeId === 'image')?.minCredits ?? 0;
  const { executionId } = await test.client.execute({ ...graph, budgetCredits: imagePrice });
  const view = await test.client.wait(executionId);
  expect(view).toMatchObject({ status: 'WAITING', nodes: { upscale: { status: 'WAITING' } } });
  return { executionId, graph, quote, view, imagePrice };
}

/** The row is written a moment before Temporal has the rest of the same step. */
async function untilOperatorsSee(executionId: string, status: string): Promise<void> {
  const handle = test.temporal.workflow.getHandle(executionWorkflowId(executionId));
  const shown = async () => (await handle.describe()).searchAttributes['EverframeStatus']?.[0];
  await until(async () => (await shown()) === status);
}

describe('an execution whose budget is reached', () => {
  it('waits with what was paid, and completes within a raised budget, each job accepted once', async () => {
    const { executionId, quote, view, imagePrice } = await outOfBudget('frugal badger');
    expect(view).toMatchObject({
      failure: { nodeId: 'upscale', code: 'budget_reached', resumable: true },
      credits: { held: 0, charged: imagePrice },
    });
    expect(view.error).toMatch(/the budget has 0 left\. Resume the execution with a higher budgetCredits/);
    await untilOperatorsSee(executionId, 'WAITING');

    const preview = await test.client.previewResume(executionId);
    const receipt = await test.client.resume(executionId, { budgetCredits: quote.maxCredits });
    expect(receipt).toEqual(preview);
    expect(receipt).toMatchObject({ rerun: ['upscale'], creditsNotSpentAgain: imagePrice });
    const resumed = await test.client.wait(executionId);
    expect(resumed).toMatchObject({ status: 'COMPLETED', attempt: 1, error: null, failure: null });
    const { held, charged } = resumed.credits;
    expect([held, charged]).toEqual([0, imagePrice + (resumed.nodes['upscale']?.credits ?? 0)]);
    expect(await test.accepted({ prompt: 'frugal badger' })).toHaveLength(1);
    await untilOperatorsSee(executionId, 'COMPLETED');
    await recordHistory(executionId, 'waited-for-budget');
  });

  it('waits again when the new budget is too small as well', async () => {
    const { executionId, imagePrice } = await outOfBudget('stubborn badger');
    await test.client.resume(executionId, { budgetCredits: imagePrice + 1 });
    const again = await test.client.wait(executionId);
    expect(again).toMatchObject({ status: 'WAITING', credits: { held: 0 } });
    await test.client.resume(executionId, { budgetCredits: 10_000 });
    expect((await test.client.wait(executionId)).status).toBe('COMPLETED');
  });

  it('goes on after its worker and the API were killed meanwhile', async () => {
    const { executionId } = await outOfBudget('patient badger');
    await test.kill('worker');
    await test.kill('api');
    await test.untilApiAnswers();
    await test.client.resume(executionId, { budgetCredits: 10_000 });
    expect((await test.client.wait(executionId)).status).toBe('COMPLETED');
    expect(await test.accepted({ prompt: 'patient badger' })).toHaveLength(1);
  });

  it('goes on when it is resumed before the worker, killed just then, has told Temporal that it waits', async () => {
    const graph = aGraph('hasty badger').node('image', 'generate:flux_2_pro').edge('prompt', 'image').build();
    // The first activity that returns is the one that has written WAITING.
    writeFileSync(join(failpoints, 'activity.before_return'), 'kill');
    const { executionId } = await test.client.execute({ ...graph, budgetCredits: 1 });
    expect(await test.client.wait(executionId)).toMatchObject({ status: 'WAITING' });
    await test.client.resume(executionId, { budgetCredits: 100 });
    // The write comes once more, after the resume.
    expect(await test.client.wait(executionId)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
    expect(await test.accepted({ prompt: 'hasty badger' })).toHaveLength(1);
  });

  it('waits again in the run that an operator resets it to, and pays nothing twice', async () => {
    const { executionId, imagePrice } = await outOfBudget('reset badger');
    await test.resetToStart(executionId);
    await until(async () => (await test.client.poll(executionId)).attempt === 2);
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'WAITING', attempt: 2, credits: { held: 0, charged: imagePrice } });
    await test.client.resume(executionId, { budgetCredits: 10_000 });
    expect(await test.client.wait(executionId)).toMatchObject({ status: 'COMPLETED', attempt: 2 });
    expect(await test.accepted({ prompt: 'reset badger' })).toHaveLength(1);
  });

  it('is resumed once by twenty resumes at a time', async () => {
    const { executionId } = await outOfBudget('crowded badger');
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, () => test.client.resume(executionId, { budgetCredits: 10_000 })),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ status: 409 });
    }
    const resumed = await test.client.wait(executionId);
    expect(resumed).toMatchObject({ status: 'COMPLETED', attempt: 1 });
    expect(await test.accepted({ prompt: 'crowded badger' })).toHaveLength(1);
  });

  it('is cancelled at once, and nothing is held after it', async () => {
    const { executionId, imagePrice } = await outOfBudget('tired badger');
    expect((await test.client.cancel(executionId)).cancelRequested).toBe(true);
    await until(async () => (await test.client.poll(executionId)).status !== 'WAITING');
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({
      status: 'CANCELLED',
      nodes: { image: { status: 'COMPLETED' }, upscale: { status: 'CANCELLED' } },
      credits: { held: 0, charged: imagePrice },
    });
    await recordHistory(executionId, 'cancelled-while-waiting');
  });

  it('goes on in another run with an edited graph, and the one that waited ends as superseded', async () => {
    const { executionId, graph } = await outOfBudget('edited badger');
    const { runId } = await test.temporal.workflow.getHandle(executionWorkflowId(executionId)).describe();
    const nodes = graph.nodes.map((node) =>
      node.id === 'upscale' ? { ...node, data: { nodeType: 'image:resize', config: { width: 64 } } } : node,
    );
    const receipt = await test.client.resume(executionId, { nodes, edges: graph.edges });
    expect(receipt.rerun).toEqual(['upscale']);
    const resumed = await test.client.wait(executionId);
    expect(resumed).toMatchObject({ status: 'COMPLETED', attempt: 2 });
    expect(resumed.nodes['upscale']?.nodeType).toBe('image:resize');
    expect(await test.accepted({ prompt: 'edited badger' })).toHaveLength(1);
    const waited = test.temporal.workflow.getHandle(executionWorkflowId(executionId), runId);
    await expect(waited.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect((await waited.describe()).status.name).toBe('FAILED');
    await recordHistory(executionId, 'superseded-while-waiting', runId);
  });
});

describe('an execution whose account runs out of credits', () => {
  it('waits for a top-up, and completes after it and a resume', async () => {
    const poor = await TestSystem.start({ EVERFRAME_INITIAL_TEST_CREDITS: '20' });
    try {
      await poor.setFaults([{ provider: 'openai', action: 'unauthorized' }]);
      // The first candidate costs 13 credits, the second one 42.
      const graph = aGraph('poor magpie')
        .node('image', 'generate:nano_banana_lite', {}, { providers: ['openai', 'fal'] })
        .edge('prompt', 'image')
        .build();
      const { executionId } = await poor.client.execute(graph);
      const waiting = await poor.client.wait(executionId);
      expect(waiting).toMatchObject({
        status: 'WAITING',
        failure: { nodeId: 'image', code: 'budget_reached' },
        credits: { held: 0, charged: 0, released: 20 },
      });
      expect(waiting.error).toMatch(/the balance has 0 left\. Top up, then resume/);
      expect(await poor.accepted()).toHaveLength(0);

      await poor.client.grantCredits({ credits: 30, grantKey: 'payment-1' });
      await poor.client.grantCredits({ credits: 30, grantKey: 'payment-1' });
      await poor.client.resume(executionId);
      const resumed = await poor.client.wait(executionId);
      expect(resumed).toMatchObject({ status: 'COMPLETED', credits: { held: 0, charged: 42 } });
      expect(await poor.accepted()).toHaveLength(1);
      expect(await poor.client.getCredits()).toEqual({
        mode: 'test',
        ...{ availableCredits: 8, heldCredits: 0, chargedCredits: 42, grantedCredits: 50 },
      });
    } finally {
      await poor.stop();
    }
  });
});

describe('a dear send whose answer was lost', () => {
  it('waits for the user’s word, and is sent again by it, flagged as a possible duplicate', async () => {
    await test.setFaults([
      { provider: 'openai', contains: 'lost answer', nth: 1, action: 'accept_then_drop' },
    ]);
    const graph = aGraph('The lost answer of a raven')
      .node('text', 'text:llm', { system: 'Tell a story.' }, { providers: ['openai'] })
      .edge('prompt', 'text')
      .build();
    const { executionId } = await test.client.execute(graph);
    const waiting = await test.client.wait(executionId);
    expect(waiting).toMatchObject({
      status: 'WAITING',
      failure: { nodeId: 'text', code: 'submission_unknown' },
    });
    expect(waiting.credits.held).toBeGreaterThan(0);
    expect(await test.accepted({ prompt: 'lost answer' })).toHaveLength(1);

    await test.client.resume(executionId);
    expect(await test.client.wait(executionId)).toMatchObject({ status: 'WAITING' });
    expect(await test.accepted({ prompt: 'lost answer' })).toHaveLength(1);

    await test.client.resume(executionId, { resubmitUnknown: true });
    const resumed = await test.client.wait(executionId);
    expect(resumed).toMatchObject({
      status: 'COMPLETED',
      nodes: { text: { possibleDuplicate: true } },
      credits: { held: 0 },
    });
    expect(await test.accepted({ prompt: 'lost answer' })).toHaveLength(2);
    await recordHistory(executionId, 'waited-for-a-word');
  });
});

describe('a node with onError hold', () => {
  it('waits with its failure while other branches finish, and goes on with its candidates from the start', async () => {
    const crystal = ['clarityai/crystal-upscaler', 'philz1337x/crystal-upscaler'];
    await test.setFaults(crystal.map((model) => ({ model, action: 'fail_job' })));
    const graph = aGraph('held otter')
      .node('image', 'generate:flux_2_pro')
      .edge('prompt', 'image')
      .node('upscale', 'image:crystal_upscaler', {}, { onError: 'hold' })
      .edge('image', 'upscale')
      .node('small', 'image:resize', { width: 64 })
      .edge('image', 'small')
      .node('last', 'image:resize', { width: 32 })
      .edge('upscale', 'last')
      .build();
    const { executionId } = await test.client.execute(graph);
    const waiting = await test.client.wait(executionId);
    expect(waiting).toMatchObject({
      status: 'WAITING',
      failure: { nodeId: 'upscale', code: 'all_providers_failed' },
      nodes: { small: { status: 'COMPLETED' }, upscale: { status: 'WAITING' }, last: { status: 'PENDING' } },
    });
    expect(waiting.error).toMatch(/resume the execution once this is mended/);

    await test.setFaults([]);
    await test.client.resume(executionId);
    const resumed = await test.client.wait(executionId);
    expect(resumed).toMatchObject({
      status: 'COMPLETED',
      nodes: { upscale: { provider: 'fal', attempts: 3, fallbackFrom: [] }, last: { status: 'COMPLETED' } },
      credits: { held: 0 },
    });
    await recordHistory(executionId, 'held');
  });
});
