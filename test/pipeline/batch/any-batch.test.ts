import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BatchCompiler } from '../../../pipeline/batch/compile-batch';
import type { Iterator } from '../../../pipeline/batch/iterators';
import { patchPlan } from '../../../pipeline/batch/plan-patch';
import { compileGraph } from '../../../pipeline/compile-graph';
import { ITEMS_NODE_ID, type JsonObject, type JsonValue } from '../../../workflows/contract';

/** A graph of inputs and of texts that are put together: who takes from whom is all that counts here. */
interface RandomGraph {
  readonly inputs: number;
  /** Of each further node: the nodes before it that it takes from, one at least, and whether by texts in its config. */
  readonly nodes: readonly { readonly sources: readonly number[]; readonly readsByText: boolean }[];
}

interface RandomIterator {
  readonly input: number;
  readonly values: readonly string[];
  readonly mode: 'zip' | 'product';
}

const randomGraph: fc.Arbitrary<RandomGraph> = fc
  .record({ inputs: fc.integer({ min: 1, max: 4 }), count: fc.integer({ min: 1, max: 8 }) })
  .chain(({ inputs, count }) =>
    fc
      .tuple(
        ...Array.from({ length: count }, (_value, index) =>
          fc.record({
            sources: fc.uniqueArray(fc.nat(inputs + index - 1), { minLength: 1, maxLength: 3 }),
            readsByText: fc.boolean(),
          }),
        ),
      )
      .map((nodes) => ({ inputs, nodes })),
  );

const randomBatch = randomGraph.chain((graph) =>
  fc
    .uniqueArray(fc.nat(graph.inputs - 1), { minLength: 1, maxLength: 3 })
    .chain((inputs) =>
      fc.tuple(
        ...inputs.map((input) =>
          fc.record({
            input: fc.constant(input),
            values: fc.array(fc.constantFrom('a', 'b', 'c ${x}'), { minLength: 1, maxLength: 3 }),
            mode: fc.constantFrom('zip' as const, 'product' as const),
          }),
        ),
      ),
    )
    .map((iterators) => ({ graph, iterators })),
);

const idOf = (place: number): string => `n${place}`;

function postedGraph({ inputs, nodes }: RandomGraph): JsonObject {
  const all: JsonObject[] = Array.from({ length: inputs }, (_value, place) => ({
    id: idOf(place),
    data: { nodeType: 'input:text', config: { value: `default ${place}` } },
  }));
  const edges: JsonObject[] = [];
  for (const [index, { sources, readsByText }] of nodes.entries()) {
    const id = idOf(inputs + index);
    const texts = sources.map((source) => `\${nodes.${idOf(source)}.text}`);
    const config: JsonObject = readsByText ? { template: texts.join(' ') } : {};
    const nodeType = readsByText ? 'utility:text_template' : 'utility:prompt_concat';
    all.push({ id, data: { nodeType, config } });
    if (!readsByText) edges.push(...sources.map((source) => ({ source: idOf(source), target: id })));
  }
  return { nodes: all, edges };
}

/** Plainly: who is iterated, and whoever takes from one that runs per item, in the order of the nodes. */
function runsPerItem({ inputs, nodes }: RandomGraph, iterators: readonly RandomIterator[]): Set<string> {
  const perItem = new Set(iterators.map(({ input }) => idOf(input)));
  for (const [index, { sources }] of nodes.entries())
    if (sources.some((source) => perItem.has(idOf(source)))) perItem.add(idOf(inputs + index));
  return perItem;
}

/** Plainly, by nested loops; undefined where lengths differ. */
function itemsOf(iterators: readonly RandomIterator[]): readonly (readonly string[])[] | undefined {
  let items: (readonly string[])[] = [];
  for (const [index, { values, mode }] of iterators.entries()) {
    if (index === 0) items = values.map((value) => [value]);
    else if (mode === 'product') items = items.flatMap((item) => values.map((value) => [...item, value]));
    else if (values.length !== items.length) return undefined;
    else items = items.map((item, place) => [...item, values[place] ?? '']);
  }
  return items;
}

function compile(graph: JsonObject, iterators: readonly RandomIterator[]) {
  const read = iterators.map(({ input, values, mode }): Iterator => ({ nodeId: idOf(input), values, mode }));
  const compiler = new BatchCompiler({ graph, triggerData: {}, iterators: read });
  for (let item = 0; item < compiler.itemCount; item += 1) compiler.compileItem(item, new Map());
  return compiler.finish();
}

describe('any small graph with any iterators', () => {
  it('is split, ordered and compiled as a plain reading says', () => {
    fc.assert(
      fc.property(randomBatch, ({ graph, iterators }) => {
        const posted = postedGraph(graph);
        const result = compile(posted, iterators);
        const items = itemsOf(iterators);
        if (items === undefined) {
          expect(result.ok ? [] : result.issues.map(({ code }) => code)).toEqual(['iterator_lengths_differ']);
          return;
        }
        if (!result.ok) throw new Error(JSON.stringify(result.issues));
        const { plan, itemPlan, items: compiled } = result.batch;
        expect(compiled.map(({ values }) => values)).toEqual(items);
        const perItem = runsPerItem(graph, iterators);
        const shared = plan.nodes.map(({ id }) => id).filter((id) => id !== ITEMS_NODE_ID);
        const all = [...Array(graph.inputs + graph.nodes.length).keys()].map(idOf);
        expect(shared).toEqual(all.filter((id) => !perItem.has(id)));
        for (const [index, values] of items.entries()) {
          const own = patchPlan(itemPlan, compiled[index]?.patch ?? []);
          expect(own.nodes).toEqual(
            aloneWith(
              posted,
              iterators,
              values,
              own.nodes.map(({ id }) => id),
            ),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** The nodes of a run of its own with these values. */
function aloneWith(
  graph: JsonObject,
  iterators: readonly RandomIterator[],
  values: readonly string[],
  ids: readonly string[],
) {
  const triggerData: Record<string, JsonValue> = {};
  for (const [index, { input }] of iterators.entries()) triggerData[idOf(input)] = values[index] ?? null;
  const alone = compileGraph({ graph, triggerData });
  return alone.ok ? alone.plan.nodes.filter(({ id }) => ids.includes(id)) : alone.issues;
}
