import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planResume } from '../../pipeline/resume/plan-resume';
import { compileGraph } from '../../pipeline/compile-graph';
import { allNodes } from '../../pipeline/pure/all-nodes';
import { textOf } from '../../pipeline/pure/values';
import type { RunState } from '../../pipeline/pure/run/run-state';
import type { NodeRow } from '../../store/database/executions/execution';
import { nodeIdOfStep, type Plan } from '../../workflows/contract';
import { driveRun } from '../pipeline/run/drive-run';
import { randomFrom, randomGraph, subWorkflowsOf, type PostedGraph } from '../pipeline/run/random-graph';
import { interpret } from '../pipeline/run/reference-interpreter';

/** Random graphs may be large with all that is inside of them. */
const limits = { nodesMax: 1_000, edgesMax: 5_000 };

function compile(graph: PostedGraph) {
  const compiled = compileGraph({ graph, workflows: subWorkflowsOf(graph), limits });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled;
}

/** The rows that a run leaves behind: one for each node of the plan, and one for each step in a group. */
function rowsOf(plan: Plan, { steps }: RunState): NodeRow[] {
  const nodes = new Map(allNodes(plan.nodes).map((node) => [node.id, node]));
  const ids = new Set([...nodes.keys(), ...steps.keys()]);
  return [...ids].map((step) => {
    const nodeId = nodeIdOfStep(step);
    const { status = 'PENDING', outputs } = steps.get(step) ?? {};
    const node = nodes.get(nodeId);
    return {
      ...{ step, nodeId, nodeType: node?.nodeType ?? '', label: '', status, nodeKey: node?.nodeKey ?? '' },
      ...{ isOutput: false, outputs: outputs ?? null, provider: null, model: null, attempts: 1 },
      ...{ fallbackFrom: [], cached: false, credits: 0, possibleDuplicate: false, error: null },
      ...{ startedAt: null, completedAt: null },
    };
  });
}

/** Nodes whose work a change of some nodes may change, by the posted edges alone. */
function behind(posted: PostedGraph, origins: readonly string[]): ReadonlySet<string> {
  const graph = flatten(posted);
  const parentOf = new Map(graph.nodes.map(({ id, parentId }) => [id, parentId]));
  const typeOf = new Map(graph.nodes.map(({ id, data }) => [id, data.nodeType]));
  /** A group is in it as itself, and as `id>` once what it gives may change. */
  const changed = new Set(origins);
  const isInside = (id: string, group: string): boolean => {
    const parent = parentOf.get(id);
    return parent !== undefined && (parent === group || isInside(parent, group));
  };
  for (let size = 0; size !== changed.size;) {
    size = changed.size;
    for (const id of [...changed]) {
      const parent = parentOf.get(id);
      if (parent) changed.add(parent);
    }
    for (const { source, target } of graph.edges) {
      const isGift = isInside(target, source);
      if (!changed.has(isGift ? `${source}>` : source)) continue;
      changed.add(target);
      const isTaken = parentOf.get(source) === target;
      if (!isTaken || typeOf.get(target) === 'control:refine') changed.add(`${target}>`);
    }
  }
  return changed;
}

/** Workflows as groups of the same graph, whose inputs take straight from outside. */
function flatten({ nodes, edges, workflows }: PostedGraph): PostedGraph {
  const whole = { nodes: [...nodes], edges: [...edges], workflows: {} };
  for (const { id, data } of nodes) {
    const workflow = workflows[textOf(data.config['workflow'] ?? '')];
    if (!workflow) continue;
    const inner = flatten(workflow);
    const inside = (each: string): string => `${id}/${each}`;
    whole.nodes.push(
      ...inner.nodes.map((node) => ({
        ...node,
        id: inside(node.id),
        parentId: node.parentId === undefined ? id : inside(node.parentId),
      })),
    );
    whole.edges.push(
      ...inner.edges.map((edge) => ({ ...edge, source: inside(edge.source), target: inside(edge.target) })),
      ...inner.nodes.flatMap((node) =>
        node.data.output === undefined
          ? []
          : [{ source: inside(node.id), target: id, sourceHandle: 'text', targetHandle: node.data.output }],
      ),
    );
    whole.edges = whole.edges.map((edge) =>
      edge.target === id && !edge.source.startsWith(inside(''))
        ? { ...edge, target: inside(edge.targetHandle) }
        : edge,
    );
  }
  return whole;
}

const editable = ({ nodes }: PostedGraph) =>
  nodes.filter(({ data }) => data.nodeType === 'utility:text_join');

function edit(graph: PostedGraph, id: string): PostedGraph {
  const nodes = graph.nodes.map((node) =>
    node.id === id && id !== 'prompt'
      ? { ...node, data: { ...node.data, config: { separator: ' and ' } } }
      : node,
  );
  return { ...graph, nodes };
}

describe('any graph with groups that is edited and resumed', () => {
  it('runs what the edit may change, and what was not done, and comes to what a fresh run comes to', () => {
    const cases = fc.record({ graph: fc.nat(), world: fc.nat(1_000), order: fc.nat(), place: fc.nat() });
    fc.assert(
      fc.property(cases, ({ graph: seed, world, order, place }) => {
        const graph = randomGraph(seed);
        const nodes = editable(graph);
        const edited = nodes[place % Math.max(nodes.length, 1)]?.id ?? 'prompt';
        const changed = edit(graph, edited);
        const before = compile(graph);
        const first = driveRun(before.plan, world, { random: randomFrom(order) });
        const after = compile(changed);
        const work = { nodes: rowsOf(before.plan, first.state), jobs: [] };
        const { carried } = planResume(after.plan, after.quote, work);
        const second = driveRun(after.plan, world, { random: randomFrom(order), carried });
        const expected = interpret(changed, world);
        for (const [step, outputs] of expected.outputs) {
          const shown = second.state.steps.get(step)?.outputs;
          // Inside of a group that is kept as a whole nothing is looked at again.
          if (shown !== undefined) expect([step, shown]).toEqual([step, outputs]);
        }
        // What failed and was put up with may succeed now.
        const failed = [...first.state.steps].filter(([, { status }]) => status === 'FAILED');
        const affected = behind(graph, [edited, ...failed.map(([step]) => nodeIdOfStep(step))]);
        const needless = second.executed.filter(
          (step) => !affected.has(nodeIdOfStep(step)) && first.state.steps.get(step)?.status === 'COMPLETED',
        );
        expect(needless).toEqual([]);
        const missing = [...expected.executed].filter((step) => nodeIdOfStep(step) === edited);
        expect(second.executed).toEqual(expect.arrayContaining(missing));
      }),
      { numRuns: 200 },
    );
  });
});
