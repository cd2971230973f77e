import { describe, expect, it } from '@jest/globals';
import { BatchCompiler, type CompiledBatch } from '../../../pipeline/batch/compile-batch';
import type { Iterator } from '../../../pipeline/batch/iterators';
import { patchPlan } from '../../../pipeline/batch/plan-patch';
import { compileGraph } from '../../../pipeline/compile-graph';
import { ITEMS_NODE_ID, type JsonObject } from '../../../workflows/contract';

/** A backdrop made once; of each product a photo in front of it, which is upscaled. */
const nodes: readonly JsonObject[] = [
  { id: 'scene', data: { nodeType: 'input:text', config: { value: 'a marble table' } } },
  { id: 'backdrop', data: { nodeType: 'generate:flux_2_pro' } },
  { id: 'product', data: { nodeType: 'input:text' } },
  { id: 'photo', data: { nodeType: 'edit:flux_2_edit' } },
  { id: 'large', data: { nodeType: 'image:crystal_upscaler' } },
  { id: 'poster', data: { nodeType: 'image:crystal_upscaler' } },
];
const edges: readonly JsonObject[] = [
  { source: 'scene', target: 'backdrop' },
  { source: 'backdrop', target: 'photo', targetHandle: 'images' },
  { source: 'product', target: 'photo', targetHandle: 'prompt' },
  { source: 'photo', target: 'large' },
  { source: 'backdrop', target: 'poster' },
];
const graph: JsonObject = { nodes, edges };

const products: Iterator = { nodeId: 'product', values: ['a mug', 'a vase', 'a mug'], mode: 'zip' };

function compile(
  iterators: readonly Iterator[],
  given: {
    readonly graph?: JsonObject;
    readonly triggerData?: JsonObject;
    readonly targetNodeIds?: string[];
  } = {},
) {
  const compiler = new BatchCompiler({ graph, triggerData: {}, ...given, iterators });
  for (let item = 0; item < compiler.itemCount; item += 1) compiler.compileItem(item, new Map());
  return compiler.finish();
}

function batchOf(...given: Parameters<typeof compile>): CompiledBatch {
  const result = compile(...given);
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.batch;
}

function issuesOf(...given: Parameters<typeof compile>) {
  const result = compile(...given);
  return result.ok ? [] : result.issues.map(({ path, code }) => [path, code]);
}

describe('a compiled batch', () => {
  it('runs once what no iterated node comes before, and the rest per item', () => {
    const { plan, itemPlan } = batchOf([products]);
    expect(plan.nodes.map(({ id }) => id)).toEqual(['scene', 'backdrop', 'poster', ITEMS_NODE_ID]);
    expect(plan.nodes.at(-1)?.dependsOn).toEqual(['scene', 'backdrop']);
    expect(itemPlan.nodes.map(({ id }) => id)).toEqual(['scene', 'backdrop', 'product', 'photo', 'large']);
  });

  it('gives each item the plan that a run of its own would have', () => {
    const { itemPlan, items } = batchOf([products]);
    for (const { values, patch } of items) {
      const alone = compileGraph({ graph, triggerData: { product: values[0] ?? null } });
      const own = alone.ok ? alone.plan.nodes.filter(({ id }) => id !== 'poster') : [];
      expect(patchPlan(itemPlan, patch).nodes).toEqual(own);
    }
  });

  it('counts what runs once once, and the rest per item, in the quote', () => {
    const { quote, items } = batchOf([products]);
    const price = (nodeId: string) => quote.nodes.find((node) => node.nodeId === nodeId)?.minCredits;
    const alone = compileGraph({ graph, triggerData: { product: 'a mug' } });
    const single = (nodeId: string) =>
      alone.ok ? alone.quote.nodes.find((node) => node.nodeId === nodeId)?.minCredits : undefined;
    expect(price('backdrop')).toBe(single('backdrop'));
    expect(price('photo')).toBe(3 * (single('photo') ?? Number.NaN));
    expect(items[0]?.quote.nodes.map(({ nodeId }) => nodeId)).toEqual(['product', 'photo', 'large']);
  });

  it('runs per item what reads an iterated name of triggerData in its texts', () => {
    const named = {
      ...graph,
      nodes: [
        ...nodes.filter(({ id }) => id !== 'scene'),
        { id: 'scene', data: { nodeType: 'input:text', config: { value: 'a table for ${product}' } } },
      ],
    };
    const { plan } = batchOf([products], { graph: named });
    expect(plan.nodes.map(({ id }) => id)).toEqual([ITEMS_NODE_ID]);
  });

  it('takes a value as text, whatever it looks like', () => {
    const styled = {
      nodes: [{ id: 'image', data: { nodeType: 'generate:flux_2_pro', config: { prompt: 'x' } } }],
      edges: [],
    };
    const values = ['costs ${price}', '$${twice}', 'plain'];
    const { itemPlan, items } = batchOf([{ nodeId: 'image', path: ['prompt'], values, mode: 'zip' }], {
      graph: styled,
    });
    const prompts = items.map(({ patch }) => patchPlan(itemPlan, patch).nodes[0]?.config['prompt']);
    expect(prompts).toEqual(values);
  });
});

describe('a faulty batch', () => {
  it('is told of all its faults at once, at the value that is at fault', () => {
    const numbers: JsonObject = {
      nodes: [
        { id: 'count', data: { nodeType: 'input:number' } },
        { id: 'image', data: { nodeType: 'generate:flux_2_pro', config: { prompt: 'x', seed: 1 } } },
      ],
      edges: [],
    };
    expect(
      issuesOf(
        [
          { nodeId: 'count', values: [1, 'two', 3], mode: 'zip' },
          { nodeId: 'image', path: ['seed'], values: [1, 2, -3], mode: 'zip' },
        ],
        { graph: numbers },
      ),
    ).toEqual([
      ['iteratorConfigs[0].values[1]', 'input_value_invalid'],
      ['iteratorConfigs[1].values[2]', 'config_invalid'],
    ]);
  });

  it('names unknown nodes, fields that a config lacks, places taken twice and unequal lengths together', () => {
    expect(
      issuesOf([
        products,
        { ...products, values: ['a'] },
        { nodeId: 'nobody', values: [1], mode: 'product' },
        { nodeId: 'backdrop', path: ['colour'], values: [1], mode: 'product' },
        { nodeId: 'backdrop', values: [1], mode: 'product' },
      ]),
    ).toEqual([
      ['iteratorConfigs[1]', 'iterator_place_taken'],
      ['iteratorConfigs[2].nodeId', 'iterator_node_unknown'],
      ['iteratorConfigs[3].path', 'iterator_path_unknown'],
      ['iteratorConfigs[4].path', 'iterator_path_unknown'],
      ['iteratorConfigs[1]', 'iterator_lengths_differ'],
    ]);
  });

  it('is told when a field has no effect since an edge brings it, or its node does not run', () => {
    const prompt: Iterator = { nodeId: 'photo', path: ['prompt'], values: ['x'], mode: 'zip' };
    expect(issuesOf([prompt], { triggerData: { product: 'a mug' } })).toEqual([
      ['iteratorConfigs[0].path', 'iterator_path_unknown'],
    ]);
    expect(issuesOf([products], { targetNodeIds: ['poster'] })).toEqual([
      ['iteratorConfigs[0].nodeId', 'iterator_node_unknown'],
    ]);
  });

  it('is told of a fault of the graph once, not once per item', () => {
    const broken = { ...graph, edges: edges.filter(({ target }) => target !== 'backdrop') };
    expect(issuesOf([products], { graph: broken })).toEqual([['nodes[1]', 'input_missing']]);
  });
});
