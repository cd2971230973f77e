import type { PinnedWorkflow, SubWorkflows } from '../../../pipeline/sub-workflows';
import type { JsonValue } from '../../../workflows/contract';

/** A graph as it is posted, small enough to be thought through, with everything in it that can branch or repeat. */
export interface PostedNode {
  readonly id: string;
  readonly parentId?: string;
  readonly data: {
    readonly nodeType: string;
    readonly config: Readonly<Record<string, JsonValue>>;
    readonly onError?: 'continue';
    readonly output?: string;
  };
}

export interface PostedEdge {
  readonly source: string;
  readonly target: string;
  readonly sourceHandle: string;
  readonly targetHandle: string;
}

export interface PostedGraph {
  readonly nodes: readonly PostedNode[];
  readonly edges: readonly PostedEdge[];
  /** Workflows that its nodes name, by id. */
  readonly workflows: Readonly<Record<string, PostedGraph>>;
}

/** What a workflow in these graphs takes and gives: `given` must come, `wanted` has a value of its own. */
export const WORKFLOW_INPUTS = ['given', 'wanted'] as const;
export const WORKFLOW_OUTPUT = 'made';

/** As the API hands them to the compiler. */
export function subWorkflowsOf({ workflows }: PostedGraph): SubWorkflows {
  const pinned = Object.entries(workflows).flatMap(([workflowId, graph]): [string, PinnedWorkflow][] => [
    [workflowId, { workflowId, version: 1, tag: '1.0.0', name: workflowId, graph: { ...graph } as never }],
    ...[...subWorkflowsOf(graph)].flatMap(([key, each]): [string, PinnedWorkflow][] =>
      typeof each === 'string' ? [] : [[key, each]],
    ),
  ]);
  return new Map(pinned);
}

/** A port that gives a text to nodes of one level. */
interface TextPort {
  readonly id: string;
  readonly handle: string;
}

/** Mulberry32: the same seed gives the same graph on every machine. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function randomGraph(seed: number): PostedGraph {
  return new GraphMaker(randomFrom(seed)).make();
}

class GraphMaker {
  private readonly nodes: PostedNode[] = [];
  private readonly edges: PostedEdge[] = [];
  private readonly workflows: Record<string, PostedGraph> = {};

  constructor(private readonly random: () => number) {}

  make(): PostedGraph {
    this.nodes.push({ id: 'prompt', data: { nodeType: 'input:text', config: { value: 'begin' } } });
    this.level(undefined, [{ id: 'prompt', handle: 'text' }], 3 + this.below(5), 0);
    return this.whole();
  }

  /** A workflow that stands in another graph. */
  private makeInner(depth: number): PostedGraph {
    const [given, wanted] = WORKFLOW_INPUTS;
    this.nodes.push({ id: given, data: { nodeType: 'input:text', config: {} } });
    this.nodes.push({ id: wanted, data: { nodeType: 'input:text', config: { value: 'usual' } } });
    const seen = [given, wanted].map((id) => ({ id, handle: 'text' }));
    const ports = this.level(undefined, seen, 1 + this.below(3), depth);
    const output = this.many(undefined, ports, 'utility:text_join', {}, 'texts', 'text');
    const named = output.map(({ id }) => id);
    const nodes = this.nodes.map((node) =>
      named.includes(node.id) ? { ...node, data: { ...node.data, output: WORKFLOW_OUTPUT } } : node,
    );
    return { ...this.whole(), nodes };
  }

  private whole(): PostedGraph {
    return { nodes: this.nodes, edges: this.edges, workflows: this.workflows };
  }

  private level(
    parentId: string | undefined,
    seen: readonly TextPort[],
    count: number,
    depth: number,
  ): TextPort[] {
    const ports = [...seen];
    for (let made = 0; made < count; made += 1) ports.push(...this.node(parentId, ports, depth));
    return ports;
  }

  private node(parentId: string | undefined, ports: readonly TextPort[], depth: number): TextPort[] {
    const draw = this.random();
    if (draw < 0.2) return this.router(parentId, ports);
    if (draw < 0.3) return this.many(parentId, ports, 'control:join', {}, 'values', 'value');
    if (draw < 0.4)
      return this.many(parentId, ports, 'control:pick_best', { by: 'length' }, 'candidates', 'best');
    if (draw < 0.55 && depth < 2) return this.map(parentId, ports, depth);
    if (draw < 0.7 && depth < 2) return this.refine(parentId, ports, depth);
    if (draw < 0.8 && depth < 2) return this.workflow(parentId, ports, depth);
    return this.many(parentId, ports, 'utility:text_join', {}, 'texts', 'text');
  }

  private many(
    parentId: string | undefined,
    ports: readonly TextPort[],
    nodeType: string,
    config: Readonly<Record<string, JsonValue>>,
    targetHandle: string,
    handle: string,
  ): TextPort[] {
    const id = this.add(parentId, nodeType, config);
    const chosen = [this.pick(ports), this.pick(ports), this.pick(ports)].slice(0, 1 + this.below(3));
    for (const port of new Set(chosen)) this.connect(port, id, targetHandle);
    return [{ id, handle }];
  }

  private router(parentId: string | undefined, ports: readonly TextPort[]): TextPort[] {
    const rule = (name: string, value: string) => ({ name, when: { is: 'contains', value } });
    const routes = [rule('even', '0'), rule('odd', '1')];
    const mode = this.random() < 0.5 ? 'first' : 'all';
    const id = this.add(parentId, 'control:router', { routes, mode });
    this.connect(this.pick(ports), id, 'value');
    return ['even', 'odd', 'otherwise'].map((handle) => ({ id, handle }));
  }

  private map(parentId: string | undefined, ports: readonly TextPort[], depth: number): TextPort[] {
    const allowPartial = this.random() < 0.6;
    // Which elements begin after one has failed depends on when it failed: only together they all begin in any case.
    const concurrency = allowPartial ? 1 + this.below(3) : 50;
    const id = this.add(parentId, 'control:map', { allowPartial, concurrency });
    for (const port of new Set([this.pick(ports), this.pick(ports)])) this.connect(port, id, 'items');
    const seen = [...ports, { id, handle: 'item' }];
    const inside = this.level(id, seen, 1 + this.below(3), depth + 1).slice(seen.length);
    this.connect(this.pick(inside), id, 'result');
    return this.list(parentId, id);
  }

  private list(parentId: string | undefined, groupId: string): TextPort[] {
    const id = this.add(parentId, 'utility:text_join', {});
    this.connect({ id: groupId, handle: 'results' }, id, 'texts');
    return [{ id, handle: 'text' }];
  }

  private refine(parentId: string | undefined, ports: readonly TextPort[], depth: number): TextPort[] {
    const config = {
      rounds: 1 + this.below(4),
      threshold: this.below(120),
      allowPartial: this.random() < 0.5,
    };
    const id = this.add(parentId, 'control:refine', { ...config, vary: { seed: [1, 2, 3] } });
    const given = ['feedback', 'best', 'seed'].map((handle) => ({ id, handle }));
    const seen = [...ports, ...given];
    const inside = this.level(id, seen, 1 + this.below(3), depth + 1).slice(seen.length);
    const result = this.pick(inside);
    this.connect(result, id, 'result');
    const judge = this.add(id, 'utility:text_length', {});
    this.connect(result, judge, 'text');
    this.connect({ id: judge, handle: 'number' }, id, 'score');
    if (this.random() < 0.7) this.connect(this.pick(inside), id, 'feedback');
    return [{ id, handle: 'result' }];
  }

  private workflow(parentId: string | undefined, ports: readonly TextPort[], depth: number): TextPort[] {
    const inner = new GraphMaker(this.random).makeInner(depth + 1);
    const workflow = `wf_${digits(this.random)}${digits(this.random)}${digits(this.random)}${digits(this.random)}`;
    this.workflows[workflow] = inner;
    const id = this.add(parentId, 'control:workflow', { workflow });
    const [given, wanted] = WORKFLOW_INPUTS;
    this.connect(this.pick(ports), id, given);
    if (this.random() < 0.5) this.connect(this.pick(ports), id, wanted);
    return [{ id, handle: WORKFLOW_OUTPUT }];
  }

  private add(
    parentId: string | undefined,
    nodeType: string,
    config: Readonly<Record<string, JsonValue>>,
  ): string {
    const id = `n${this.nodes.length}`;
    const mayFail = this.random() < 0.25;
    this.nodes.push({
      id,
      ...(parentId ? { parentId } : {}),
      data: { nodeType, config, ...(mayFail ? { onError: 'continue' } : {}) },
    });
    return id;
  }

  private connect({ id, handle }: TextPort, target: string, targetHandle: string): void {
    this.edges.push({ source: id, sourceHandle: handle, target, targetHandle });
  }

  private pick(ports: readonly TextPort[]): TextPort {
    return ports[this.below(ports.length)] ?? { id: 'prompt', handle: 'text' };
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
}

function digits(random: () => number): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
