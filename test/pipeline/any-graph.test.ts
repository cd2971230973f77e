import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { collectAssetIds } from '../../pipeline/compile-graph';
import { nodeDefinitions } from '../../pipeline/nodes';
import { createReadyQueue } from '../../pipeline/pure/ready-nodes';
import { compileBody, planOf } from './support/compile-body';

/** Random lists of lists without cycles; posted in any order, edges too. */
const acyclicGraphs = fc
  .array(fc.array(fc.nat(40), { maxLength: 5 }), { minLength: 1, maxLength: 40 })
  .map((rows) => {
    const nodes = rows.map((_, index) => ({ id: `n${index}`, data: { nodeType: 'utility:list_collect' } }));
    const edges = rows.flatMap((row, index) =>
      [...new Set(row)]
        .filter((source) => source < index)
        .map((source) => ({ source: `n${source}`, target: `n${index}` })),
    );
    // list_collect gives `items`, which is JSON, and takes `values`, the only JSON port.
    return { nodes, edges };
  })
  .chain(({ nodes, edges }) =>
    fc.record({
      nodes: fc.shuffledSubarray(nodes, { minLength: nodes.length }),
      edges: fc.shuffledSubarray(edges, { minLength: edges.length }),
    }),
  );

const types = [...nodeDefinitions.map((definition) => definition.type), 'note', 'no:type', '', undefined, 5];
const ids = fc.constantFrom<unknown>('a', 'b', 'c', 'd', 'a b', '', '__proto__', 7, null);
const ports = fc.constantFrom<unknown>(undefined, null, 'text', 'image', 'prompt', 'items', 'toString', 3);
const texts = fc.constantFrom(
  'x',
  '${t}',
  '${nodes.a.text}',
  '${nodes.b.image}',
  '${',
  '$${x}',
  '${t.u.0}',
  '${constructor}',
);
const configs = fc.dictionary(
  fc.constantFrom(
    'prompt',
    'value',
    'name',
    'text',
    'json',
    'items',
    'seed',
    'width',
    'targetResolution',
    'template',
  ),
  fc.oneof(texts, fc.jsonValue({ maxDepth: 2 }), fc.constant({ assetId: 'ast_1' })),
  { maxKeys: 3 },
);
const wildNodes = fc.record({
  id: ids,
  type: fc.constantFrom(...types),
  data: fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.record({
      nodeType: fc.constantFrom(...types),
      config: configs,
      providers: fc.jsonValue({ maxDepth: 1 }),
      onError: fc.constantFrom('fail', 'hold'),
    }),
  ),
});
const wildEdges = fc.record({ source: ids, target: ids, sourceHandle: ports, targetHandle: ports });
const wildBodies = fc.record({
  nodes: fc.oneof(fc.array(wildNodes, { maxLength: 6 }), fc.jsonValue({ maxDepth: 2 })),
  edges: fc.oneof(fc.array(wildEdges, { maxLength: 6 }), fc.jsonValue({ maxDepth: 2 })),
  triggerData: fc.oneof(
    fc.dictionary(fc.constantFrom('prompt', 't', 'a', 'b'), fc.jsonValue({ maxDepth: 2 })),
    fc.jsonValue({ maxDepth: 1 }),
  ),
});

describe('compileGraph on any graph', () => {
  it('compiles every acyclic graph, in posted order, to a plan that runs to its end in dependency order', () => {
    fc.assert(
      fc.property(acyclicGraphs, (body) => {
        const plan = planOf(body);
        expect(plan.nodes.map((node) => node.id)).toEqual(body.nodes.map((node) => node.id));
        const queue = createReadyQueue(plan.nodes);
        const done = new Set<string>();
        for (let ready = queue.takeReady(); ready.length > 0; ready = queue.takeReady()) {
          for (const node of ready) {
            const sources = body.edges.filter((edge) => edge.target === node.id).map((edge) => edge.source);
            expect(node.inputs.map((input) => input.sourceNodeId)).toEqual(sources);
            expect([...node.dependsOn].sort()).toEqual([...new Set(sources)].sort());
            expect(sources.every((source) => done.has(source))).toBe(true);
          }
          for (const node of ready) {
            done.add(node.id);
            queue.settle(node.id, 'done');
          }
        }
        expect(done.size).toBe(body.nodes.length);
      }),
      { numRuns: 100 },
    );
  });

  it('finds a cycle when one edge is turned round, and names nodes that really form one', () => {
    fc.assert(
      fc.property(acyclicGraphs, fc.nat(), (body, pick) => {
        fc.pre(body.edges.length > 0);
        const edge = body.edges[pick % body.edges.length];
        if (!edge) return;
        const edges = [...body.edges, { source: edge.target, target: edge.source }];
        const result = compileBody({ ...body, edges });
        const messages = result.ok
          ? []
          : result.issues.filter((issue) => issue.code === 'cycle').map((issue) => issue.message);
        expect(messages.length).toBeGreaterThan(0);
        for (const message of messages) {
          const walk = [...message.matchAll(/"(n\d+)"/g)].map(([, id]) => id);
          const steps = walk.slice(1).map((target, index) => [walk[index], target]);
          expect(steps.length).toBeGreaterThanOrEqual(2);
          for (const [source, target] of steps) {
            expect(edges.some((each) => each.source === source && each.target === target)).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('never throws: it gives a plan or issues with path, code, message and fix', () => {
    fc.assert(
      fc.property(wildBodies, (body) => {
        const sent: unknown = JSON.parse(JSON.stringify(body));
        const result = compileBody(sent);
        expect(Array.isArray(collectAssetIds(sent, body.triggerData))).toBe(true);
        if (result.ok) expect(JSON.parse(JSON.stringify(result.plan))).toEqual(result.plan);
        else expect(result.issues.length).toBeGreaterThan(0);
        const issues = result.ok ? [] : result.issues;
        expect(
          issues.every(({ code, message, fix }) => [code, message, fix].every((text) => text.length > 3)),
        ).toBe(true);
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      }),
      { numRuns: 600 },
    );
  });
});
