import { describe, expect, it } from '@jest/globals';
import { aGraph } from '../support/graph-builder';
import { compileBody, nodeOf, planOf } from './support/compile-body';

const withChanges = (...changes: unknown[]) =>
  aGraph('a prompt')
    .node('image', 'generate:flux_2_pro', {}, { retry: { changes } })
    .edge('prompt', 'image')
    .build();

const issuesOf = (...changes: unknown[]) => {
  const result = compileBody(withChanges(...changes));
  return result.ok ? [] : result.issues.map(({ path, code }) => [path, code]);
};

describe('retry.changes of a node', () => {
  it('become tries with whole configs of their own; what they set takes the place of an edge', () => {
    const plan = planOf(
      withChanges(
        { on: ['content_refused'], set: { prompt: 'a tame prompt' } },
        {
          on: ['provider_job_failed', 'all_providers_failed'],
          set: { aspectRatio: '1:1' },
          model: 'replicate',
        },
      ),
    );
    const { changes, config } = nodeOf(plan, 'image');
    expect(changes).toMatchObject([
      { on: ['content_refused'], config: { prompt: 'a tame prompt' }, replacedInputs: ['prompt'] },
      { config: { aspectRatio: '1:1' }, replacedInputs: [], candidates: [{ provider: 'replicate' }] },
    ]);
    expect(config).not.toHaveProperty('prompt');
    expect(changes?.[0]?.candidates.map(({ provider }) => provider)).toEqual(['fal', 'replicate']);
  });

  it('may use templates, whose nodes are then waited for', () => {
    const graph = aGraph('a prompt')
      .node('calm', 'utility:prompt_concat', { prefix: 'calm ' })
      .edge('prompt', 'calm')
      .node(
        'image',
        'generate:flux_2_pro',
        {},
        {
          retry: { changes: [{ on: ['content_refused'], set: { prompt: '${nodes.calm.text}' } }] },
        },
      )
      .edge('prompt', 'image')
      .build();
    const image = nodeOf(planOf(graph), 'image');
    expect(image.dependsOn).toEqual(['prompt', 'calm']);
    expect(image.changes?.[0]?.templates).toHaveLength(1);
  });

  it('raise the most that a run may cost, not what must be there at its start', () => {
    const quoteOf = (...changes: unknown[]) => {
      const result = compileBody(withChanges(...changes));
      if (!result.ok) throw new Error('It does not compile.');
      return result.quote;
    };
    const without = quoteOf();
    const change = { on: ['content_refused'], set: { prompt: 'tame' } };
    expect(quoteOf(change, change)).toMatchObject({
      minCredits: without.minCredits,
      maxCredits: without.maxCredits * 3,
    });
  });

  it('are part of the node key, and leave the keys of nodes without them as they were', () => {
    const keyOf = (...changes: unknown[]) => nodeOf(planOf(withChanges(...changes)), 'image').nodeKey;
    const bare = aGraph('a prompt').node('image', 'generate:flux_2_pro').edge('prompt', 'image').build();
    expect(keyOf()).toBe(nodeOf(planOf(bare), 'image').nodeKey);
    const set = { prompt: 'tame' };
    const keys = [
      keyOf(),
      keyOf({ on: ['content_refused'], set }),
      keyOf({ on: ['model_gone'], set }),
      keyOf({ on: ['content_refused'], set: { prompt: 'tamer' } }),
      keyOf({ on: ['content_refused'], set, model: 'fal' }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('are checked against the node’s schema, and every fault is named at its place', () => {
    const base = 'nodes[1].data.retry.changes';
    expect(issuesOf({ on: ['content_refused'], set: { aspectRatio: 'wide', colour: 'red' } })).toEqual([
      [`${base}[0].set.aspectRatio`, 'config_invalid'],
      [`${base}[0].set.colour`, 'config_invalid'],
    ]);
    expect(issuesOf({ on: ['content_refused'], model: 'nobody:nothing' })).toContainEqual([
      `${base}[0].model`,
      'provider_unknown',
    ]);
    expect(issuesOf({ on: ['content_refused'], set: { prompt: '${nodes.nowhere.text}' } })).toEqual([
      [`${base}[0].set.prompt`, 'template_reference_invalid'],
    ]);
  });

  it('cannot be for a failure after which something may still be paid', () => {
    const path = 'nodes[1].data.retry.changes[0].on[0]';
    for (const code of ['submission_unknown', 'job_timeout', 'paid_result_unavailable', 'nonsense'])
      expect(issuesOf({ on: [code], set: { prompt: 'x' } })).toEqual([[path, 'setting_invalid']]);
  });

  it('that change nothing, are too many, or stand at a local node are refused', () => {
    const path = 'nodes[1].data.retry.changes';
    const change = { on: ['content_refused'], set: { prompt: 'x' } };
    expect(issuesOf({ on: ['content_refused'] })).toEqual([[`${path}[0]`, 'setting_invalid']]);
    expect(issuesOf(...Array<unknown>(6).fill(change))).toEqual([[path, 'setting_invalid']]);
    const local = aGraph('x')
      .node('n', 'utility:text_upper', {}, { retry: { changes: [change] } })
      .edge('prompt', 'n');
    expect(compileBody(local.build())).toMatchObject({ ok: false, issues: [{ path }] });
  });
});
