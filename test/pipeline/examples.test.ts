import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '../../workflows/contract';
import { allNodes } from '../../pipeline/pure/all-nodes';
import { graphSchema } from '../../pipeline/graph';
import { compileBody, nodeOf, planOf, warningsOf } from './support/compile-body';

const folder = path.join(__dirname, '../../examples');
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (name: string): JsonValue =>
  JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as JsonValue;

describe('examples', () => {
  it('are those that the README and docs/graphs.md name', () => {
    expect(names).toEqual(
      expect.arrayContaining([
        'blog-post.json',
        'content-production.json',
        'pick-the-best.json',
        'refine-until-good.json',
        'review-in-the-middle.json',
        'route-by-language.json',
        'script-to-video.json',
        'text-to-image-upscale.json',
      ]),
    );
  });

  it.each(names)('%s compiles without a warning and has a price', (name) => {
    const result = compileBody(read(name));
    expect(result).toMatchObject({ ok: true, warnings: [] });
    expect(warningsOf(read(name))).toEqual([]);
    expect(result.ok && result.quote.minCredits).toBeGreaterThan(0);
    expect(graphSchema.safeParse(read(name)).success).toBe(true);
  });

  it.each(names)('%s has two providers behind every node that needs one', (name) => {
    for (const node of allNodes(planOf(read(name)).nodes)) {
      if (node.work.kind === 'provider') expect(node.work.candidates.length).toBeGreaterThanOrEqual(2);
    }
  });

  it('run the branches of the blog post beside each other', () => {
    const plan = planOf(read('blog-post.json'));
    for (const id of ['title', 'hero', 'script']) expect(nodeOf(plan, id).dependsOn).toEqual(['topic']);
  });
});
