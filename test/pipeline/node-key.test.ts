import { describe, expect, it } from '@jest/globals';
import type { AssetReference } from '../../workflows/contract';
import { canonicalJson } from '../../pipeline/node-key';
import { aGraph, type BuiltGraph } from '../support/graph-builder';
import { planOf } from './support/compile-body';

/** prompt → shout → image → upscale, with a side branch from prompt. */
const graph = (
  parts: { prompt?: string; suffix?: string; ratio?: string; sideText?: string } = {},
): BuiltGraph =>
  aGraph(parts.prompt ?? 'a lighthouse')
    .node('shout', 'utility:prompt_concat', { suffix: parts.suffix ?? '!' })
    .edge('prompt', 'shout')
    .node('image', 'generate:flux_2_pro', { aspectRatio: parts.ratio ?? '1:1' })
    .edge('shout', 'image')
    .node('upscale', 'image:crystal_upscaler')
    .edge('image', 'upscale')
    .node('side', 'utility:text_replace', { find: 'a', replaceWith: parts.sideText ?? 'b' })
    .edge('prompt', 'side')
    .build();

const keysOf = (body: unknown, more: Parameters<typeof planOf>[1] = {}): Record<string, string> =>
  Object.fromEntries(planOf(body, more).nodes.map((node) => [node.id, node.nodeKey]));

function changed(before: Record<string, string>, after: Record<string, string>): string[] {
  return Object.keys(before).filter((id) => before[id] !== after[id]);
}

describe('node keys', () => {
  const original = keysOf(graph());

  it('are SHA-256 in hex and differ between nodes', () => {
    expect(new Set(Object.values(original)).size).toBe(5);
    expect(Object.values(original).every((key) => /^[0-9a-f]{64}$/.test(key))).toBe(true);
  });

  it.each([
    ['the config of a node', { ratio: '16:9' }, ['image', 'upscale']],
    ['the config of one in the middle', { suffix: '?' }, ['shout', 'image', 'upscale']],
    ['a leaf', { sideText: 'c' }, ['side']],
    ['a trigger value', { prompt: 'a boat' }, ['prompt', 'shout', 'image', 'upscale', 'side']],
  ])('change for %s and what follows it, and for nothing else', (_, parts, expected) => {
    expect(changed(original, keysOf(graph(parts)))).toEqual(expected);
  });

  it('do not change with label, position, limits, order of keys, or the ids of nodes and edges', () => {
    const { nodes, edges, triggerData } = graph();
    const renamed = {
      nodes: nodes.map((node, index) => ({
        id: `renamed${index}`,
        position: { x: index, y: 5 },
        data: {
          label: `Label ${index}`,
          retry: { maximumAttempts: 7 },
          timeoutSeconds: 100,
          onError: 'continue',
          config: Object.fromEntries(Object.entries(node.data.config).reverse()),
          nodeType: node.data.nodeType,
        },
      })),
      edges: edges.map((edge) => ({
        source: `renamed${nodes.findIndex((node) => node.id === edge.source)}`,
        target: `renamed${nodes.findIndex((node) => node.id === edge.target)}`,
      })),
      triggerData,
    };
    expect(Object.values(keysOf(renamed))).toEqual(Object.values(original));
  });

  it('do not change with the name under which an input finds its value', () => {
    const { nodes, ...rest } = graph();
    const named = nodes.map((node) =>
      node.id === 'prompt' ? { ...node, data: { ...node.data, config: { name: 'topic' } } } : node,
    );
    expect(
      changed(original, keysOf({ ...rest, nodes: named, triggerData: { topic: 'a lighthouse' } })),
    ).toEqual([]);
  });

  it('change with the providers that the user asks for, not with those that happen to be available', () => {
    const { nodes, ...rest } = graph();
    const narrowed = nodes.map((node) =>
      node.id === 'image' ? { ...node, data: { ...node.data, providers: ['replicate'] } } : node,
    );
    expect(changed(original, keysOf({ ...rest, nodes: narrowed }))).toEqual(['image', 'upscale']);
    expect(changed(original, keysOf(graph(), { availableProviders: new Set(['fal']) }))).toEqual([]);
  });

  it('change with the order of edges at a many port only', () => {
    const join = (first: string, second: string) =>
      aGraph('x')
        .node('other', 'input:text', { value: 'y' })
        .node('all', 'utility:prompt_concat')
        .edge(first, 'all')
        .edge(second, 'all')
        .build();
    expect(changed(keysOf(join('prompt', 'other')), keysOf(join('other', 'prompt')))).toEqual(['all']);
    const sum = (first: 'a' | 'b') =>
      aGraph('x')
        .node('n', 'input:number', { value: 1 })
        .node('sum', 'utility:math_add')
        .edge('n', 'sum', { targetHandle: first })
        .edge('n', 'sum', { targetHandle: first === 'a' ? 'b' : 'a' })
        .build();
    expect(changed(keysOf(sum('a')), keysOf(sum('b')))).toEqual([]);
  });

  it('follow a template to the node that it names', () => {
    const body = (value: string) =>
      aGraph('x')
        .node('tone', 'input:text', { value })
        .node('image', 'generate:flux_2_pro', { prompt: 'in ${nodes.tone.text}' })
        .build();
    expect(changed(keysOf(body('blue')), keysOf(body('red')))).toEqual(['tone', 'image']);
  });

  it('count stored bytes by their digest, not by the upload', () => {
    const asset = (assetId: string, digest: string): AssetReference => ({
      type: 'image',
      assetId,
      mimeType: 'image/png',
      bytes: 1,
      sha256: digest.repeat(64),
    });
    const body = {
      nodes: [{ id: 'photo', data: { nodeType: 'input:image', config: { value: { assetId: 'ast_1' } } } }],
      edges: [],
    };
    const keys = (reference: AssetReference) => keysOf(body, { assets: new Map([['ast_1', reference]]) });
    expect(keys(asset('ast_1', 'a'))).toEqual(keys(asset('ast_2', 'a')));
    expect(keys(asset('ast_1', 'a'))).not.toEqual(keys(asset('ast_1', 'b')));
  });
});

describe('canonicalJson', () => {
  it('gives one text for one value, whatever the order of keys', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: true })).toBe(
      '{"a":true,"b":[1,{"c":"x","d":null}]}',
    );
  });
});
