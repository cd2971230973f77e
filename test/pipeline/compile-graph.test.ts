import { describe, expect, it } from '@jest/globals';
import { collectAssetIds } from '../../pipeline/compile-graph';
import type { AssetReference } from '../../workflows/contract';
import { malformedGraphs } from '../fixtures/malformed-graphs';
import { aGraph, mainJob } from '../support/graph-builder';
import { codesOf, compileBody, nodeOf, planOf, warningsOf } from './support/compile-body';

const photo: AssetReference = {
  type: 'image',
  assetId: 'ast_photo',
  mimeType: 'image/png',
  bytes: 10,
  sha256: 'a'.repeat(64),
  width: 640,
  height: 480,
};
const assets = new Map([[photo.assetId, photo]]);

describe('compileGraph on malformed graphs', () => {
  it.each(malformedGraphs.map((graph) => [graph.title, graph] as const))(
    'names every fault of %s',
    (_, graph) => {
      const result = compileBody(graph.body);
      const issues = result.ok ? [] : result.issues;
      expect(issues.map((issue) => issue.code).sort()).toEqual([...graph.expectCodes].sort());
      const paths = issues.map((issue) => issue.path);
      expect(graph.expectPaths.filter((path) => !paths.includes(path))).toEqual([]);
      expect(issues.every((issue) => issue.message.length > 5 && issue.fix.length > 3)).toBe(true);
      expect(issues.map((issue) => issue.fix).join('\n')).toContain(graph.expectFix ?? '');
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  it('says which nodes wait for each other', () => {
    const body = aGraph('x')
      .node('a', 'utility:text_trim')
      .node('b', 'utility:text_upper')
      .node('c', 'utility:text_lower', { text: '${nodes.b.text}' })
      .edge('a', 'b')
      .edge('c', 'a')
      .build();
    const result = compileBody(body);
    expect(result).toMatchObject({
      ok: false,
      issues: [
        {
          path: 'nodes[1]',
          code: 'cycle',
          message: 'These nodes wait for each other: "a" → "b" → "c" → "a".',
        },
      ],
    });
  });

  it('names the variables to set when no provider of a node has a credential', () => {
    const result = compileBody(mainJob('x'), { availableProviders: new Set(['openai']) });
    const issues = result.ok ? [] : result.issues;
    expect(issues.map((issue) => [issue.path, issue.code])).toEqual([
      ['nodes[1]', 'no_provider_configured'],
      ['nodes[2]', 'no_provider_configured'],
    ]);
    expect(issues[0]?.fix).toContain('FAL_KEY or REPLICATE_API_TOKEN');
  });

  it('chooses no model after its last day, and says what to do when none is left', () => {
    const body = aGraph('x').node('a', 'audio:text_to_speech', { text: 'Hello.' }).build();
    const servedOn = (today: string): readonly string[] => {
      const { work } = nodeOf(planOf(body, { today }), 'a');
      return work.kind === 'provider' ? work.candidates.map(({ provider }) => provider) : [];
    };
    expect([servedOn('2027-01-05'), servedOn('2027-01-06')]).toEqual([
      ['openai', 'fal', 'google'],
      ['fal', 'google'],
    ]);
    const only = aGraph('x').node('a', 'audio:text_to_speech', { text: 'Hello.' }, { providers: ['openai'] });
    expect(compileBody(only.build(), { today: '2027-01-06' })).toMatchObject({
      ok: false,
      issues: [{ path: 'nodes[1]', code: 'model_retired', message: expect.stringContaining('2027-01-05') }],
    });
  });

  it('obeys the limits of the settings', () => {
    expect(codesOf(mainJob('x'), { limits: { nodesMax: 2, edgesMax: 1 } })).toEqual([
      'too_many_nodes',
      'too_many_edges',
    ]);
  });
});

describe('compileGraph on edges', () => {
  it('infers a missing handle: same type before convertible, required before optional', () => {
    const plan = planOf(
      aGraph('a boat')
        .node('frame', 'generate:nano_banana_lite')
        .node('clip', 'video:kling_video_2_5_i2v')
        .edge('prompt', 'frame')
        .edge('frame', 'clip')
        .edge('prompt', 'clip')
        .build(),
    );
    expect(nodeOf(plan, 'clip').inputs).toEqual([
      { port: 'image', many: false, sourceNodeId: 'frame', sourcePort: 'image' },
      { port: 'prompt', many: false, sourceNodeId: 'prompt', sourcePort: 'text' },
    ]);
  });

  it('lets a number or a boolean into a text port, and text into no number port', () => {
    const numbered = aGraph('x').node('n', 'input:number', { value: 7 });
    expect(codesOf(numbered.node('say', 'audio:text_to_speech').edge('n', 'say').build())).toEqual([]);
    expect(codesOf(numbered.node('r', 'utility:math_round').edge('prompt', 'r').build())).toEqual([
      'port_type_mismatch',
    ]);
  });

  it('collects a many port in edge order', () => {
    const plan = planOf(
      aGraph('one')
        .node('two', 'input:text', { value: '2' })
        .node('all', 'utility:prompt_concat')
        .edge('two', 'all')
        .edge('prompt', 'all')
        .build(),
    );
    expect(nodeOf(plan, 'all').inputs.map((input) => input.sourceNodeId)).toEqual(['two', 'prompt']);
  });

  it('reads what React Flow exports: null handles, extra fields, the type on the node itself, notes', () => {
    const body = {
      nodes: [
        { id: 'note', type: 'stickyNote', data: { text: 'hello' }, position: { x: 0, y: 0 } },
        { id: 'p', type: 'input:text', position: { x: 0, y: 0 }, data: {}, width: 150, selected: true },
        {
          id: 'i',
          type: 'custom',
          nodeType: 'generate:flux_2_pro',
          position: { x: 1, y: 2 },
          dragging: false,
        },
      ],
      edges: [{ id: 'e', source: 'p', target: 'i', sourceHandle: null, targetHandle: null, animated: true }],
      viewport: { x: 0, y: 0, zoom: 1 },
      triggerData: { prompt: 'x' },
    };
    expect(planOf(body).nodes.map((node) => node.id)).toEqual(['p', 'i']);
  });

  it('leaves out a config field that an edge replaces, and says so', () => {
    const body = aGraph('from the edge')
      .node('i', 'generate:flux_2_pro', { prompt: 'from config' })
      .edge('prompt', 'i')
      .build();
    expect(nodeOf(planOf(body), 'i').config).not.toHaveProperty('prompt');
    expect(warningsOf(body)).toEqual([
      expect.objectContaining({ code: 'config_ignored', path: 'nodes[1].data.config.prompt' }),
    ]);
  });
});

describe('compileGraph on templates', () => {
  const withPrompt = (prompt: string, triggerData: Record<string, unknown>) => ({
    ...aGraph('x').node('i', 'generate:flux_2_pro', { prompt }).build(),
    triggerData: { prompt: 'x', ...triggerData },
  });

  it('fills what is known at once and never reads it again', () => {
    const body = withPrompt('A ${style} of ${subject.names.0}, not $${style}', {
      style: 'photo with ${secret}',
      subject: { names: ['Ada'] },
      secret: 'leaked',
    });
    expect(nodeOf(planOf(body), 'i').config['prompt']).toBe('A photo with ${secret} of Ada, not ${style}');
  });

  it('keeps the type of a lone name', () => {
    const body = aGraph('x').node('i', 'generate:flux_2_pro', { prompt: 'x', seed: '${seed}' }).build();
    const plan = planOf({ ...body, triggerData: { prompt: 'x', seed: 7 } });
    expect(nodeOf(plan, 'i').config['seed']).toBe(7);
    expect(codesOf({ ...body, triggerData: { prompt: 'x', seed: 'seven' } })).toEqual(['config_invalid']);
  });

  it('reads variables of the workflow where triggerData has no such name', () => {
    const variables = { style: 'variable', only: 'kept' };
    const plan = planOf(withPrompt('${style} ${only}', { style: 'trigger' }), { variables });
    expect(nodeOf(plan, 'i').config['prompt']).toBe('trigger kept');
  });

  it('leaves what depends on other nodes to the workflow, and waits for them', () => {
    const plan = planOf(withPrompt('${adjective} ${nodes.prompt.text}', { adjective: 'red' }));
    const { config, templates, dependsOn } = nodeOf(plan, 'i');
    expect(config['prompt']).toBe('');
    expect(dependsOn).toEqual(['prompt']);
    expect(templates).toEqual([
      {
        path: ['prompt'],
        parts: [
          { kind: 'text', text: 'red ' },
          { kind: 'reference', nodeId: 'prompt', port: 'text', path: [] },
        ],
      },
    ]);
  });

  it('takes a template of a node in a field that is no text, and still checks and fills the rest', () => {
    const count = aGraph('x').node('n', 'input:number', { value: 3 });
    const good = count
      .node('s', 'utility:list_slice', { items: [1, 2, 3], end: '${nodes.n.number}' })
      .build();
    expect(nodeOf(planOf(good), 's').config).toEqual({ items: [1, 2, 3], start: 0, end: '' });
    const bad = count.node('s', 'utility:list_slice', { items: 'no', end: '${nodes.n.number}' }).build();
    expect(codesOf(bad)).toEqual(['config_invalid']);
  });
});

describe('compileGraph on input nodes', () => {
  const input = (type: string, config: Record<string, unknown>, triggerData: Record<string, unknown>) => ({
    nodes: [{ id: 'in', data: { nodeType: `input:${type}`, config } }],
    edges: [],
    triggerData,
  });
  const workOf = (body: unknown) => nodeOf(planOf(body, { assets }), 'in').work;

  it('takes triggerData by name, by id, then the prompt of an only text input, then the default', () => {
    const value = (text: string) => ({ kind: 'value', outputs: { text } });
    const all = { topic: 'named', in: 'by id', prompt: 'prompt' };
    expect(workOf(input('text', { name: 'topic', value: 'default' }, all))).toEqual(value('named'));
    expect(workOf(input('text', { value: 'default' }, all))).toEqual(value('by id'));
    expect(workOf(input('text', { value: 'default' }, { prompt: 'prompt' }))).toEqual(value('prompt'));
    expect(workOf(input('text', { value: 'default' }, {}))).toEqual(value('default'));
  });

  it('gives triggerData.prompt to no text input when there are two', () => {
    const body = aGraph('mine').node('other', 'input:text', { value: 'other' }).build();
    expect(nodeOf(planOf(body), 'other').work).toEqual({ kind: 'value', outputs: { text: 'other' } });
  });

  it.each([
    ['number', 5],
    ['boolean', false],
    ['json', { a: [1, null] }],
  ])('takes a value of type %s', (type, value) => {
    expect(workOf(input(type, {}, { in: value }))).toEqual({ kind: 'value', outputs: { [type]: value } });
  });

  it('imports a URL and looks an asset up', () => {
    const url = 'https://example.com/a.png';
    const imported = { kind: 'import', port: 'image', mediaType: 'image', url };
    expect(workOf(input('image', {}, { in: url }))).toEqual(imported);
    expect(workOf(input('image', { value: { url } }, {}))).toEqual(imported);
    expect(workOf(input('image', {}, { in: { assetId: 'ast_photo' } }))).toEqual({
      kind: 'value',
      outputs: { image: photo },
    });
  });

  it('refuses an asset of another type, a URL with a password, and a data URI', () => {
    const codes = (type: string, value: unknown) => codesOf(input(type, {}, { in: value }), { assets });
    expect(codes('video', { assetId: 'ast_photo' })).toEqual(['asset_type_mismatch']);
    expect(codes('image', 'https://user:secret@example.com/a.png')).toEqual(['input_value_invalid']);
    expect(codes('image', 'data:image/png;base64,AAAA')).toEqual(['input_value_invalid']);
  });

  it('collects the assets that input nodes name, and only those', () => {
    const body = {
      nodes: [
        { id: 'a', data: { nodeType: 'input:image', config: { value: { assetId: 'ast_1' } } } },
        { id: 'b', data: { nodeType: 'input:file' } },
        { id: 'c', data: { nodeType: 'input:json', config: { value: { assetId: 'a field', other: 1 } } } },
      ],
      edges: [],
    };
    expect(collectAssetIds(body, { b: { assetId: 'ast_2' }, unread: { assetId: 'ast_3' } })).toEqual([
      'ast_1',
      'ast_2',
    ]);
    expect(collectAssetIds(null, 5)).toEqual([]);
  });

  it('warns of triggerData that nothing reads', () => {
    expect(warningsOf({ ...mainJob('x'), triggerData: { prompt: 'x', promt: 'y' } })).toEqual([
      expect.objectContaining({ code: 'trigger_data_unused', message: expect.stringContaining('promt') }),
    ]);
  });
});

describe('compileGraph on providers, targets and prices', () => {
  const candidatesOf = (
    data: Record<string, unknown>,
    config: Record<string, unknown> = {},
    nodeType = 'generate:flux_2_pro',
  ) => {
    const plan = planOf(aGraph('x').node('i', nodeType, config, data).edge('prompt', 'i').build());
    const { work } = nodeOf(plan, 'i');
    return work.kind === 'provider' ? work.candidates.map((candidate) => candidate.provider) : [];
  };

  it('narrows and orders candidates by data.providers', () => {
    expect(candidatesOf({})).toEqual(['fal', 'replicate']);
    expect(candidatesOf({ providers: ['replicate', 'fal'] })).toEqual(['replicate', 'fal']);
    expect(candidatesOf({ providers: ['replicate:black-forest-labs/flux-2-pro'] })).toEqual(['replicate']);
  });

  it('leaves out a candidate that cannot serve the config, with a warning', () => {
    const body = aGraph('x').node('i', 'generate:nano_banana_pro', { seed: 7 }).edge('prompt', 'i').build();
    expect(candidatesOf({}, { seed: 7 }, 'generate:nano_banana_pro')).toEqual(['fal']);
    expect(warningsOf(body)).toEqual([
      expect.objectContaining({ code: 'candidate_skipped', message: expect.stringContaining('Replicate') }),
      expect.objectContaining({ code: 'candidate_skipped', message: expect.stringContaining('Google') }),
    ]);
  });

  it('uses only the providers that are available', () => {
    const plan = planOf(mainJob('x'), { availableProviders: new Set(['replicate']) });
    expect(nodeOf(plan, 'image').work).toMatchObject({ candidates: [{ provider: 'replicate' }] });
  });

  it('quotes first candidates as the least and the dearest ones as the most', () => {
    const result = compileBody(aGraph('x').node('say', 'audio:text_to_speech').edge('prompt', 'say').build());
    expect(result).toMatchObject({ ok: true, quote: { minCredits: 1, maxCredits: 1 } });
    const big = compileBody(
      aGraph('x').node('i', 'generate:flux_2_pro', { width: 2048, height: 2048 }).edge('prompt', 'i').build(),
    );
    expect(big).toMatchObject({
      quote: {
        minCredits: 75,
        maxCredits: 75,
        nodes: [
          { nodeId: 'prompt', minCredits: 0 },
          { nodeId: 'i', nodeType: 'generate:flux_2_pro', minCredits: 75 },
        ],
      },
    });
  });

  it('compiles only the targets and what they need, by edges and by templates', () => {
    const body = aGraph('x')
      .node('i', 'generate:flux_2_pro', { prompt: '${nodes.prompt.text}' })
      .node('broken', 'image:crystal_upscaler')
      .node('unknown', 'no:such_type')
      .edge('i', 'unknown')
      .build();
    expect(codesOf(body)).toEqual(['node_type_unknown', 'input_missing']);
    expect(planOf({ ...body, targetNodeIds: ['i'] }).nodes.map((node) => node.id)).toEqual(['prompt', 'i']);
  });

  it('keeps retry, time-out, onError and label, with their defaults', () => {
    const data = { retry: { maximumAttempts: 5 }, timeoutSeconds: 42, onError: 'continue', label: ' Hero ' };
    const plan = planOf(
      aGraph('x')
        .node('a', 'generate:flux_2_pro', {}, data)
        .node('b', 'video:kling_video_2_5_i2v')
        .edge('prompt', 'a')
        .edge('a', 'b')
        .edge('prompt', 'b')
        .build(),
    );
    expect(nodeOf(plan, 'a')).toMatchObject({
      attemptsMax: 5,
      timeoutSeconds: 42,
      onError: 'continue',
      label: 'Hero',
    });
    expect(nodeOf(plan, 'b')).toMatchObject({ attemptsMax: 3, timeoutSeconds: 900, onError: 'fail' });
  });
});

describe('data.cache', () => {
  const withCache = (nodeType: string, config: Record<string, unknown> = {}) =>
    aGraph('x').node('a', nodeType, config, { cache: 'workspace' }).edge('prompt', 'a').build();

  it('is kept where a seed fixes the result, and changes neither the key nor the price', () => {
    const graph = withCache('generate:flux_2_pro', { seed: 7 });
    const plain = aGraph('x').node('a', 'generate:flux_2_pro', { seed: 7 }).edge('prompt', 'a').build();
    const { cache, ...rest } = nodeOf(planOf(graph), 'a');
    expect(cache).toBe('workspace');
    expect(rest).toEqual(nodeOf(planOf(plain), 'a'));
  });

  it('is refused where each run gives another result', () => {
    expect(codesOf(withCache('generate:flux_2_pro'))).toEqual(['cache_not_deterministic']);
    expect(codesOf(withCache('text:llm'))).toEqual(['cache_not_deterministic']);
    expect(codesOf(withCache('generate:nano_banana_pro', { seed: 7 }))).toEqual(['cache_not_deterministic']);
  });

  it('is ignored with a warning where nothing is paid', () => {
    const graph = withCache('utility:text_upper');
    expect(warningsOf(graph)).toEqual([expect.objectContaining({ code: 'cache_ignored' })]);
  });
});

describe('compileGraph at its caps', () => {
  it('compiles 100 nodes with 500 edges, a lattice of 2^50 paths, within 50 ms of CPU', () => {
    const nodes = Array.from({ length: 100 }, (_, index) => ({
      id: `n${index}`,
      data:
        index < 10
          ? { nodeType: 'utility:json_build', config: { json: index } }
          : { nodeType: 'utility:list_collect' },
    }));
    const edges = Array.from({ length: 500 }, (_, index) => {
      const target = 10 + (index % 90);
      const source = Math.max(0, target - 1 - Math.floor(index / 90));
      return source < 10
        ? { source: `n${source}`, target: `n${target}` }
        : { source: `n${source}`, target: `n${target}`, sourceHandle: 'items' };
    });
    const millisecondsOf = (): number => {
      const before = process.cpuUsage();
      expect(planOf({ nodes, edges }).nodes).toHaveLength(100);
      return process.cpuUsage(before).user / 1_000;
    };
    expect(Math.min(millisecondsOf(), millisecondsOf(), millisecondsOf())).toBeLessThan(50);
  });

  it('refuses a plan over 1 MB and names its largest nodes', () => {
    const long = 'x'.repeat(32_000);
    const nodes = Array.from({ length: 40 }, (_, index) => ({
      id: `n${index}`,
      data: { nodeType: 'input:text', config: { value: '${long}' } },
    }));
    expect(codesOf({ nodes, edges: [], triggerData: { long } })).toEqual(['plan_too_large']);
  });
});
