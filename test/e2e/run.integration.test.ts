import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { executionViewSchema } from '../../pipeline/execution-view';
import { executionWorkflowId } from '../../workflows/contract';
import { aGraph, mainJob } from '../support/graph-builder';
import { recordHistory } from '../support/record-history';
import { TestSystem } from '../support/test-system';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start();
});

afterAll(() => test.stop());

/** Starts a graph and waits for its end. */
async function run(graph: object) {
  const { executionId } = await test.client.execute(graph);
  return test.client.wait(executionId);
}

describe('an execution', () => {
  it('turns a prompt into a 4K picture that is what its record says', async () => {
    const view = await run(mainJob('A sunset over mountains'));
    expect(executionViewSchema.parse(view).status).toBe('COMPLETED');
    const image = view.nodes['upscale']?.output['image'] as {
      url: string;
      width: number;
      height: number;
      sha256: string;
    };
    expect(Math.max(image.width, image.height)).toBeGreaterThanOrEqual(3_840);
    const bytes = Buffer.from(await (await fetch(image.url)).arrayBuffer());
    const { width, height, format } = await sharp(bytes).metadata();
    expect({ width, height, format }).toEqual({ width: image.width, height: image.height, format: 'png' });
    await recordHistory(view.executionId, 'completed');
  });

  it('charges what the quote said, releases the rest and holds nothing after its end', async () => {
    const { executionId, quote } = await test.client.execute(mainJob('A harbour at night'));
    const { credits, nodes } = await test.client.wait(executionId);
    expect(credits.held).toBe(0);
    expect(credits.charged).toBe((nodes['image']?.credits ?? 0) + (nodes['upscale']?.credits ?? 0));
    expect(credits.charged).toBeGreaterThan(0);
    expect(credits.charged).toBeLessThanOrEqual(quote.maxCredits);
  });

  it('shows one activity per provider step to operators, with names that can be read', async () => {
    const { executionId } = await run(mainJob('A forest in fog'));
    const handle = test.temporal.workflow.getHandle(executionWorkflowId(executionId));
    // Our row says that it is done a moment before Temporal has the rest of that step.
    await handle.result();
    const { events } = await handle.fetchHistory();
    const ids = (events ?? []).flatMap(
      (event) => event.activityTaskScheduledEventAttributes?.activityId ?? [],
    );
    // A callback ends the waiting by id and has it scheduled once more.
    expect([...new Set(ids)]).toEqual([
      'image/fal:fal-ai/flux-2-pro/submit',
      'image/fal:fal-ai/flux-2-pro/await',
      'upscale/fal:clarityai/crystal-upscaler/submit',
      'upscale/fal:clarityai/crystal-upscaler/await',
    ]);
    expect((await handle.describe()).searchAttributes).toMatchObject({
      EverframeStatus: ['COMPLETED'],
      Providers: ['fal'],
    });
  });

  it('runs branches at once and utilities without any activity', async () => {
    const graph = aGraph('Tea ceremonies')
      .node('title', 'text:llm', { system: 'Write a blog title.' })
      .edge('prompt', 'title')
      .node('scene', 'utility:prompt_concat', { prefix: 'Photograph of ' })
      .edge('prompt', 'scene')
      .node('hero', 'generate:nano_banana_pro')
      .edge('scene', 'hero')
      .node('voice', 'audio:text_to_speech')
      .edge('title', 'voice')
      .build();
    const view = await run(graph);
    expect(view.status).toBe('COMPLETED');
    expect(view.nodes['scene']?.output['text']).toBe('Photograph of Tea ceremonies');
    expect(view.nodes['voice']?.output['audio']).toMatchObject({ type: 'audio' });
  });

  it('shows a utility as done while the step behind it runs, without a call of its own', async () => {
    await test.setFaults([{ provider: 'fal', action: 'hold_job' }]);
    const graph = aGraph('Moss gardens')
      .node('title', 'text:llm', { system: 'Write a blog title.' })
      .edge('prompt', 'title')
      .node('scene', 'utility:prompt_concat', { prefix: 'Moss: ' })
      .edge('title', 'scene')
      .node('hero', 'generate:flux_2_pro')
      .edge('scene', 'hero')
      .build();
    const { executionId } = await test.client.execute(graph);
    await test.untilAccepted({ prompt: 'Moss: ' });
    const { nodes } = await test.client.poll(executionId);
    expect(nodes).toMatchObject({ scene: { status: 'COMPLETED' }, hero: { status: 'RUNNING' } });
    const handle = test.temporal.workflow.getHandle(executionWorkflowId(executionId));
    const { events } = await handle.fetchHistory();
    expect(events?.filter((event) => event.markerRecordedEventAttributes)).toEqual([]);
    await test.setFaults([]);
    await test.client.cancel(executionId);
    await test.client.wait(executionId);
  });

  it('fills a template from an upstream node and refuses nothing that is known only then', async () => {
    const graph = aGraph('lighthouse')
      .node('description', 'text:llm', { prompt: 'Describe an image of a ${prompt}' })
      .node('image', 'generate:nano_banana_lite', { prompt: 'Oil painting. ${nodes.description.text}' })
      .build();
    const view = await run(graph);
    expect(view.status).toBe('COMPLETED');
    expect(await test.accepted({ prompt: 'Oil painting.' })).toHaveLength(1);
  });

  it('makes a clip from a generated picture and a thumbnail from the clip', async () => {
    const graph = aGraph('A kite over the sea')
      .node('image', 'generate:flux_2_pro')
      .edge('prompt', 'image')
      .node('clip', 'video:kling_video_2_5_i2v', { prompt: 'slow pan' })
      .edge('image', 'clip')
      .node('thumbnail', 'video:thumbnail', { width: 320 })
      .edge('clip', 'thumbnail')
      .build();
    const view = await run(graph);
    expect(view).toMatchObject({ status: 'COMPLETED', error: null });
    expect(view.nodes['clip']?.output['video']).toMatchObject({ mimeType: 'video/mp4' });
    expect(view.nodes['thumbnail']?.output['image']).toMatchObject({ width: 320 });
  });
});
