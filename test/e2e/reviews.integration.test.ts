import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ReviewView } from '../../client/review-types';
import { aGraph } from '../support/graph-builder';
import { recordHistory } from '../support/record-history';
import { TestSystem } from '../support/test-system';
import { until } from '../support/until';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start();
});

afterEach(() => test.setFaults([]));

afterAll(() => test.stop());

/** Pictures until a person approves one; what is said to the one before is in the prompt. */
function untilApproved(subject: string) {
  return aGraph(subject)
    .group('loop', 'control:refine', { rounds: 3, threshold: 1 })
    .member('loop', 'image', 'generate:flux_2_pro', { prompt: `${subject} \${nodes.loop.feedback}` })
    .member('loop', 'review', 'control:review', { title: 'Is it good?' })
    .edge('image', 'review', { targetHandle: 'value' })
    .edge('image', 'loop', { targetHandle: 'result' })
    .edge('review', 'loop', { sourceHandle: 'score', targetHandle: 'score' })
    .edge('review', 'loop', { sourceHandle: 'comment', targetHandle: 'feedback' })
    .build();
}

async function theReview(executionId: string): Promise<ReviewView> {
  const { data } = await test.client.listReviews({ executionId });
  const [review] = data;
  if (!review || data.length > 1) throw new Error(`${data.length} reviews are open.`);
  return review;
}

describe('a review', () => {
  it('inside a loop survives the kill of worker and API, and its comment feeds the next round', async () => {
    const { executionId } = await test.client.execute(untilApproved('a shy ferret'));
    const waiting = await test.client.wait(executionId);
    expect(waiting).toMatchObject({ status: 'WAITING', failure: null, credits: { held: 0 } });
    expect(waiting.nodes['review.1']).toMatchObject({ status: 'WAITING', error: null });
    const first = await theReview(executionId);
    expect(first).toMatchObject({ step: 'review.1', title: 'Is it good?', value: { type: 'image' } });
    await test.kill('worker');
    await test.kill('api');
    await test.untilApiAnswers();
    const comment = 'with a red scarf';
    expect(await test.client.decideReview(first.reviewId, { decision: 'reject', comment })).toMatchObject({
      state: 'decided',
    });
    await test.untilAccepted({ prompt: 'a shy ferret with a red scarf' });
    expect((await test.client.wait(executionId)).status).toBe('WAITING');
    const second = await theReview(executionId);
    expect(second.step).toBe('review.2');
    await test.client.decideReview(second.reviewId, { decision: 'approve' });
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', attempt: 1, credits: { held: 0 } });
    expect(view.nodes['loop']?.output).toMatchObject({ round: 2, rounds: 2, score: 1, reached: true });
    expect(await test.accepted({ prompt: 'a shy ferret' })).toHaveLength(2);
    await recordHistory(executionId, 'reviewed');
  });

  const withRoutes = (config: Record<string, unknown>) =>
    aGraph('Draft')
      .node('ask', 'control:review', config)
      .edge('prompt', 'ask', { targetHandle: 'value' })
      .node('send', 'utility:text_template', { template: 'sent: ${nodes.ask.approved}' })
      .node('drop', 'utility:text_template', { template: 'dropped: ${nodes.ask.rejected}' })
      .node('remind', 'utility:text_template', { template: 'late: ${nodes.ask.timedOut}' })
      .node('aside', 'utility:text_upper')
      .edge('prompt', 'aside')
      .build();

  it('puts a replacement in the place of what it judged, once, while other branches went on', async () => {
    const { executionId } = await test.client.execute(withRoutes({}));
    const waiting = await test.client.wait(executionId);
    expect(waiting.nodes['aside']).toMatchObject({ status: 'COMPLETED', output: { text: 'DRAFT' } });
    const { reviewId } = await theReview(executionId);
    const other = { decision: 'replace', value: 5 } as const;
    await expect(test.client.decideReview(reviewId, other)).rejects.toMatchObject({ status: 422 });
    const decision = { decision: 'replace', value: 'Final' } as const;
    await test.client.decideReview(reviewId, decision);
    await test.client.decideReview(reviewId, decision);
    await expect(test.client.decideReview(reviewId, { decision: 'reject' })).rejects.toMatchObject({
      status: 409,
      code: 'review_not_open',
    });
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({
      status: 'COMPLETED',
      nodes: {
        send: { output: { text: 'sent: Final' } },
        drop: { status: 'SKIPPED' },
        remind: { status: 'SKIPPED' },
      },
    });
  });

  it('takes the way of the time-out when nobody has decided in time', async () => {
    const { executionId } = await test.client.execute(withRoutes({ timeoutSeconds: 1 }));
    await until(async () => (await test.client.wait(executionId)).status !== 'WAITING');
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({
      status: 'COMPLETED',
      nodes: { remind: { output: { text: 'late: Draft' } }, send: { status: 'SKIPPED' } },
    });
    expect((await test.client.listReviews({ executionId, state: 'timed_out' })).data).toHaveLength(1);
  });

  it('is asked again by a resume after the run has failed meanwhile, and what was decided holds', async () => {
    const graph = aGraph('a cross ferret')
      .node('image', 'generate:flux_2_pro')
      .edge('prompt', 'image')
      .node('ask', 'control:review')
      .edge('prompt', 'ask', { targetHandle: 'value' })
      .build();
    await test.setFaults([{ action: 'refuse', contains: 'a cross ferret' }]);
    const { executionId } = await test.client.execute(graph);
    expect((await test.client.wait(executionId)).status).toBe('FAILED');
    expect((await test.client.listReviews({ executionId })).data).toEqual([]);
    await test.setFaults([]);
    await test.client.resume(executionId);
    expect((await test.client.wait(executionId)).status).toBe('WAITING');
    await test.client.decideReview((await theReview(executionId)).reviewId, { decision: 'approve' });
    expect((await test.client.wait(executionId)).status).toBe('COMPLETED');
    expect((await test.client.listReviews({ executionId, state: 'all' })).data).toHaveLength(1);
  });
});

describe('a batch in which one item waits for a person', () => {
  it('waits as soon as the others have ended, however few they were', async () => {
    const name = 'patient pika';
    await test.setFaults([{ contains: `${name} two`, action: 'never_finish' }]);
    const graph = aGraph('unused')
      .node('product', 'input:text')
      .node('photo', 'generate:flux_2_pro')
      .edge('product', 'photo', { targetHandle: 'prompt' })
      .node('review', 'control:review', { title: 'Good?' })
      .edge('photo', 'review', { targetHandle: 'value' })
      .build();
    const iteratorConfigs = [{ nodeId: 'product', values: [`${name} one`, `${name} two`] }];
    const { executionId } = await test.client.execute({ ...graph, iteratorConfigs });
    await until(async () => (await test.client.poll(executionId)).items?.waiting === 1);
    await until(async () => (await test.accepted({ prompt: `${name} two` })).length > 0);
    const { data } = await test.client.listItems(executionId, { status: 'RUNNING' });
    await test.client.cancel(data[0]?.executionId ?? '');
    expect(await test.client.wait(executionId)).toMatchObject({
      status: 'WAITING',
      items: { running: 0, waiting: 1, cancelled: 1 },
    });
  });
});
