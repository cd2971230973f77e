import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { PinnedWorkflow, SubWorkflows } from '../../pipeline/sub-workflows';
import type { JsonObject } from '../../workflows/contract';
import { allNodes } from '../../pipeline/pure/all-nodes';
import { graphSchema } from '../../pipeline/graph';
import { compileBody, nodeOf, planOf } from './support/compile-body';

const folder = path.join(__dirname, '../../examples');
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (name: string): JsonObject =>
  JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as JsonObject;

/** The workflows that come with an example, under the names that its nodes give them. */
function workflowsOf(name: string): SubWorkflows {
  const { workflows = {} } = read(name) as { workflows?: Record<string, JsonObject> };
  const pinned = Object.entries(workflows).map(([workflowId, graph]): [string, PinnedWorkflow] => [
    idOf(workflowId),
    { workflowId, version: 1, tag: '1.0.0', name: workflowId, graph },
  ]);
  return new Map(pinned);
}

const idOf = (name: string): string => `wf_${Buffer.from(name).toString('hex').padEnd(32, '0')}`;

/** As the demo sends it. */
function bodyOf(name: string): JsonObject {
  const { workflows = {}, ...body } = read(name);
  let text = JSON.stringify(body);
  for (const each of Object.keys(workflows as object))
    text = text.replaceAll(`"workflow":"${each}"`, `"workflow":"${idOf(each)}"`);
  return JSON.parse(text) as JsonObject;
}

describe('examples', () => {
  it('are those that the README and docs/graphs.md name', () => {
    expect(names).toEqual(
      expect.arrayContaining([
        'blog-post.json',
        'content-production.json',
        'pick-the-best.json',
        'picture-of-the-day.json',
        'product-photos.json',
        'posters-by-a-workflow.json',
        'refine-until-good.json',
        'review-in-the-middle.json',
        'route-by-language.json',
        'script-to-video.json',
        'text-to-image-upscale.json',
      ]),
    );
  });

  it.each(names)('%s compiles without a warning and has a price', (name) => {
    const result = compileBody(bodyOf(name), { workflows: workflowsOf(name) });
    expect(result).toMatchObject({ ok: true, warnings: [] });
    expect(result.ok && result.quote.minCredits).toBeGreaterThan(0);
    expect(graphSchema.safeParse(read(name)).success).toBe(true);
  });

  it.each(names)('%s has two providers behind every node that needs one', (name) => {
    for (const node of allNodes(planOf(bodyOf(name), { workflows: workflowsOf(name) }).nodes)) {
      if (node.work.kind === 'provider') expect(node.work.candidates.length).toBeGreaterThanOrEqual(2);
    }
  });

  it('run the branches of the blog post beside each other', () => {
    const plan = planOf(read('blog-post.json'));
    for (const id of ['title', 'hero', 'script']) expect(nodeOf(plan, id).dependsOn).toEqual(['topic']);
  });
});
