import { isJsonObject, textOf } from '../../../pipeline/pure/values';
import type { JsonValue, NodeInputs, NodeOutputs, PortValue } from '../../../workflows/contract';
import { failsIn, fakeWork } from './fake-work';
import type { PostedEdge, PostedGraph, PostedNode } from './random-graph';

export type Outcome = 'COMPLETED' | 'FAILED' | 'SKIPPED' | 'BLOCKED';

export interface ReferenceResult {
  /** Steps whose work was done or tried. */
  readonly executed: ReadonlySet<string>;
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly outputs: ReadonlyMap<string, NodeOutputs>;
}

/**
 * What a graph means, said plainly: by recursion over the posted graph, one node after another, without queue, plan, keys
 * or time. Slow and simple on purpose.
 */
export function interpret(graph: PostedGraph, world: number): ReferenceResult {
  const reference = new Reference(graph, world);
  reference.runLevel(undefined, '', undefined);
  return reference;
}

/** What one iteration sees: its own nodes by id, its group's gifts, and the level around it. */
interface Level {
  readonly outputs: Map<string, NodeOutputs>;
  readonly outcomes: Map<string, Outcome>;
  readonly suffix: string;
  readonly groupId: string | undefined;
  readonly given: NodeOutputs;
  readonly around: Level | undefined;
}

interface Iteration {
  readonly isFailed: boolean;
  readonly taken: (port: string) => readonly PortValue[];
}

class Reference implements ReferenceResult {
  readonly executed: Set<string>;
  readonly outcomes: Map<string, Outcome>;
  readonly outputs: Map<string, NodeOutputs>;

  constructor(
    private readonly graph: PostedGraph,
    private readonly world: number,
    /** Of a workflow that is a node: the step that it is, and what came to its inputs; all it does counts there. */
    private readonly inside?: {
      readonly step: string;
      readonly came: ReadonlyMap<string, PortValue | undefined>;
      readonly whole: Reference;
    },
  ) {
    this.executed = inside?.whole.executed ?? new Set();
    this.outcomes = inside?.whole.outcomes ?? new Map();
    this.outputs = inside?.whole.outputs ?? new Map();
  }

  private stepOf(id: string, suffix: string): string {
    return `${this.inside ? `${this.inside.step}/` : ''}${id}${suffix}`;
  }

  runLevel(
    groupId: string | undefined,
    suffix: string,
    around: Level | undefined,
    given: NodeOutputs = {},
  ): Level {
    const level: Level = { outputs: new Map(), outcomes: new Map(), suffix, groupId, given, around };
    const nodes = this.graph.nodes.filter(({ parentId }) => parentId === groupId);
    const run = (node: PostedNode): void => {
      if (level.outcomes.has(node.id)) return;
      const before = this.edgesFrom(node).map(({ source }) => source);
      for (const sibling of nodes) if (before.includes(sibling.id)) run(sibling);
      const blocks = (id: string): boolean => {
        const outcome = level.outcomes.get(id);
        const mayFail = nodes.find((each) => each.id === id)?.data.onError === 'continue';
        return outcome === 'BLOCKED' || (outcome === 'FAILED' && !mayFail);
      };
      const [outcome, outputs] = before.some(blocks) ? (['BLOCKED', {}] as const) : this.runNode(node, level);
      level.outcomes.set(node.id, outcome);
      this.outcomes.set(this.stepOf(node.id, suffix), outcome);
      if (outcome !== 'COMPLETED') return;
      level.outputs.set(node.id, outputs);
      this.outputs.set(this.stepOf(node.id, suffix), outputs);
    };
    nodes.forEach(run);
    return level;
  }

  /** Edges from outside of the node: into it, and into what is inside of it. */
  private edgesFrom(node: PostedNode): readonly PostedEdge[] {
    const inside = new Set([node.id]);
    for (const { id, parentId } of this.graph.nodes) if (parentId && inside.has(parentId)) inside.add(id);
    return this.graph.edges.filter(({ source, target }) => inside.has(target) && !inside.has(source));
  }

  private runNode(node: PostedNode, level: Level): readonly [Outcome, NodeOutputs] {
    const { nodeType, config } = node.data;
    const step = this.stepOf(node.id, level.suffix);
    if (nodeType === 'input:text') return this.runInput(node, step);
    const edges = this.edgesFrom(node);
    const values = edges.map((edge) => see(level, edge));
    if (edges.length > 0 && values.every((value) => value === undefined)) return ['SKIPPED', {}];
    const own = edges.flatMap((edge, index) =>
      edge.target === node.id ? [[edge, values[index]] as const] : [],
    );
    if (nodeType === 'control:map')
      return this.runMap(
        node,
        own.map(([, value]) => value),
        level,
      );
    if (nodeType === 'control:refine') return this.runRefine(node, level);
    if (nodeType === 'control:workflow')
      return this.runWorkflow(
        textOf(config['workflow'] ?? ''),
        step,
        new Map(own.map(([edge, value]) => [edge.targetHandle, value])),
      );
    if (own.every(([, value]) => value === undefined)) return ['SKIPPED', {}];
    this.executed.add(step);
    if (failsIn(this.world, nodeType, step)) return ['FAILED', {}];
    return ['COMPLETED', fakeWork(nodeType, step, configOf(nodeType, config), this.inputsOf(nodeType, own))];
  }

  /** What comes from outside counts more than its own value. */
  private runInput({ id, data }: PostedNode, step: string): readonly [Outcome, NodeOutputs] {
    const came = this.inside?.came;
    if (!came?.has(id)) return ['COMPLETED', { text: data.config['value'] ?? '' }];
    const text = came.get(id) ?? data.config['value'];
    if (text === undefined) return ['SKIPPED', {}];
    this.executed.add(step);
    return ['COMPLETED', { text }];
  }

  /** As a run of its own, under the step's path. */
  private runWorkflow(
    id: string,
    step: string,
    came: ReadonlyMap<string, PortValue | undefined>,
  ): readonly [Outcome, NodeOutputs] {
    if (came.get('given') === undefined) return ['SKIPPED', {}];
    const graph = this.graph.workflows[id];
    if (!graph) throw new Error(`There is no workflow ${id}.`);
    const inner = new Reference(graph, this.world, { step, came, whole: this });
    const level = inner.runLevel(undefined, '', undefined);
    const isFailed = graph.nodes.some(
      (node) => level.outcomes.get(node.id) === 'FAILED' && node.data.onError !== 'continue',
    );
    if (isFailed) return ['FAILED', {}];
    const end = graph.nodes.find(({ data }) => data.output !== undefined);
    const made = level.outputs.get(end?.id ?? '')?.['text'];
    return ['COMPLETED', made === undefined ? {} : { made }];
  }

  private inputsOf(
    nodeType: string,
    own: readonly (readonly [PostedEdge, PortValue | undefined])[],
  ): NodeInputs {
    const [first] = own;
    const handle = first?.[0].targetHandle ?? '';
    if (nodeType === 'control:router' || nodeType === 'utility:text_length')
      return { [handle]: first?.[1] ?? null };
    const keepsPlaces = nodeType === 'control:pick_best';
    const list = own.flatMap(([edge, value]): readonly PortValue[] => {
      if (edge.sourceHandle === 'results' && Array.isArray(value))
        return value.filter((each) => each !== null);
      return value === undefined ? (keepsPlaces ? [null] : []) : [value];
    });
    return list.length === 0 ? {} : { [handle]: list as readonly JsonValue[] };
  }

  private runMap(
    node: PostedNode,
    values: readonly (PortValue | undefined)[],
    level: Level,
  ): readonly [Outcome, NodeOutputs] {
    const items = values.filter((value) => value !== undefined);
    if (items.length === 0) return ['SKIPPED', {}];
    const iterations = items.map((item, index) =>
      this.iterate(node, level, { item, number: index + 1 }, index + 1),
    );
    const failedCount = iterations.filter(({ isFailed }) => isFailed).length;
    const isHopeless =
      failedCount > 0 && (node.data.config['allowPartial'] !== true || failedCount === items.length);
    if (isHopeless) return ['FAILED', {}];
    const results = iterations.map(({ taken }) => taken('result')[0] ?? null) as readonly JsonValue[];
    return ['COMPLETED', { results, count: items.length, failedCount }];
  }

  private runRefine(node: PostedNode, level: Level): readonly [Outcome, NodeOutputs] {
    const { rounds, threshold, allowPartial } = node.data.config;
    let best: { readonly result: PortValue; readonly score: number; readonly round: number } | undefined;
    let feedback = '';
    let hasFailed = false;
    let round = 0;
    while (round < Number(rounds) && !(best && best.score >= Number(threshold))) {
      round += 1;
      const gift = {
        ...{ seed: Math.min(round, 3), round, feedback },
        ...(best ? { best: best.result, bestScore: best.score } : {}),
      };
      const { isFailed, taken } = this.iterate(node, level, gift, round);
      if (isFailed && allowPartial !== true) return ['FAILED', {}];
      hasFailed ||= isFailed;
      feedback = taken('feedback').map(textOf).join('\n');
      const [result] = taken('result');
      const [score] = taken('score');
      if (isFailed || result === undefined || typeof score !== 'number') continue;
      if (!best || score > best.score) best = { result, score, round };
    }
    if (!best) return ['FAILED', {}];
    return ['COMPLETED', { ...best, rounds: round, reached: best.score >= Number(threshold) }];
  }

  private iterate(node: PostedNode, level: Level, given: NodeOutputs, number: number): Iteration {
    const inner = this.runLevel(node.id, `${level.suffix}.${number}`, level, given);
    const members = this.graph.nodes.filter(({ parentId }) => parentId === node.id);
    const isFailed = members.some(
      ({ id, data }) => inner.outcomes.get(id) === 'FAILED' && data.onError !== 'continue',
    );
    const ids = new Set(members.map(({ id }) => id));
    const taken = (port: string): readonly PortValue[] =>
      this.graph.edges
        .filter(
          ({ target, source, targetHandle }) =>
            target === node.id && ids.has(source) && targetHandle === port,
        )
        .flatMap(({ source, sourceHandle }) => inner.outputs.get(source)?.[sourceHandle] ?? []);
    return { isFailed, taken };
  }
}

function see(level: Level, { source, sourceHandle }: PostedEdge): PortValue | undefined {
  if (level.groupId === source) return level.given[sourceHandle];
  const own = level.outputs.get(source);
  if (own || level.outcomes.has(source) || !level.around) return own?.[sourceHandle];
  return see(level.around, { source, sourceHandle, target: '', targetHandle: '' });
}

/** Defaults as the node types fill them in. */
function configOf(nodeType: string, config: Readonly<Record<string, JsonValue>>): Record<string, JsonValue> {
  const defaults: Readonly<Record<string, Record<string, JsonValue>>> = {
    'utility:text_join': { separator: '\n' },
    'control:pick_best': { prefer: 'highest' },
  };
  const merged = { ...defaults[nodeType], ...config };
  return isJsonObject(merged) ? merged : {};
}
