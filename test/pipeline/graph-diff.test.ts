import { describe, expect, it } from '@jest/globals';
import { diffGraphs } from '../../pipeline/graph-diff';
import type { JsonObject } from '../../workflows/contract';

const node = (id: string, config: JsonObject = {}, further: JsonObject = {}): JsonObject => ({
  id,
  data: { nodeType: 'input:text', config },
  ...further,
});
const graph = (nodes: readonly JsonObject[], edges: readonly JsonObject[] = []): JsonObject => ({
  nodes,
  edges,
});

describe('diffGraphs', () => {
  it('finds nothing where only places, sizes, selection and edge ids differ', () => {
    const from = graph(
      [node('a', {}, { position: { x: 0, y: 0 } })],
      [{ id: 'e1', source: 'a', target: 'b' }],
    );
    const to = graph(
      [node('a', {}, { position: { x: 9, y: 9 }, width: 10, selected: true })],
      [{ id: 'e2', source: 'a', target: 'b', sourceHandle: null }],
    );
    expect(diffGraphs(from, to).isEqual).toBe(true);
  });

  it('names every place of a node that differs, with both sides', () => {
    const from = graph([node('a', { value: 'x', list: [1, 2], gone: true })]);
    const to = graph([node('a', { value: 'y', list: [1, 3], made: null })]);
    expect(diffGraphs(from, to).nodes.changed).toEqual([
      {
        id: 'a',
        changes: [
          { path: 'data.config.value', from: 'x', to: 'y' },
          { path: 'data.config.list[1]', from: 2, to: 3 },
          { path: 'data.config.gone', from: true },
          { path: 'data.config.made', to: null },
        ],
      },
    ]);
  });

  it('tells added and removed nodes, edges and variables', () => {
    const from = { ...graph([node('a')], [{ source: 'a', target: 'b' }]), variables: { tone: 'calm' } };
    const to = {
      ...graph([node('b')], [{ source: 'a', target: 'b', targetHandle: 'prompt' }]),
      variables: {},
    };
    expect(diffGraphs(from, to)).toEqual({
      isEqual: false,
      nodes: {
        added: [{ id: 'b', nodeType: 'input:text' }],
        removed: [{ id: 'a', nodeType: 'input:text' }],
        changed: [],
      },
      edges: {
        added: [{ source: 'a', sourceHandle: null, target: 'b', targetHandle: 'prompt' }],
        removed: [{ source: 'a', sourceHandle: null, target: 'b', targetHandle: null }],
      },
      variables: [{ path: 'variables.tone', from: 'calm' }],
      variants: [],
    });
  });

  it('reads what can be read of a faulty graph', () => {
    const faulty = { nodes: [1, null, { noId: true }], edges: 'none', variables: [] };
    expect(diffGraphs(faulty, faulty).isEqual).toBe(true);
  });
});
