import { allNodes } from '../pure/all-nodes';
import { nodeIdOfStep, type Plan, type PlanNode } from '../../workflows/contract';

/** A node in one place of a run, as far as the plan tells. */
export interface Place {
  readonly step: string;
  readonly node: PlanNode;
  /** Of the iterations around it, from the outside in. */
  readonly numbers: readonly number[];
}

interface Entry {
  readonly node: PlanNode;
  /** The groups around it, from the outside in. */
  readonly groups: readonly PlanNode[];
}

/** Finds one's way between the nodes of a plan and the steps of a run. */
export class PlanIndex {
  private readonly entries = new Map<string, Entry>();

  constructor(plan: Plan) {
    this.add(plan.nodes, []);
  }

  private add(nodes: readonly PlanNode[], groups: readonly PlanNode[]): void {
    for (const node of nodes) {
      this.entries.set(node.id, { node, groups });
      this.add(node.body?.nodes ?? [], [...groups, node]);
    }
  }

  /** Undefined for a step that the plan cannot have. */
  place(step: string): Place | undefined {
    const entry = this.entries.get(nodeIdOfStep(step));
    const numbers = [...step.matchAll(/[.](\d+)/g)].map(([, number]) => Number(number));
    if (!entry || numbers.length !== depthOf(entry.groups)) return undefined;
    return { step, node: entry.node, numbers };
  }

  groupsOf(nodeId: string): readonly PlanNode[] {
    return this.entries.get(nodeId)?.groups ?? [];
  }

  /** Steps of the groups around a step. */
  groupStepsOf(step: string): readonly string[] {
    const place = this.place(step);
    return this.groupsOf(nodeIdOfStep(step)).map(({ id }) => this.stepOf(id, place?.numbers ?? []));
  }

  /** How often a run comes to a node, at least and at most. */
  timesOf(nodeId: string): { readonly min: number; readonly max: number } {
    return this.groupsOf(nodeId).reduce(
      (times, { body }) => ({
        min: times.min * (body?.iterations.min ?? 1),
        max: times.max * (body?.iterations.max ?? 1),
      }),
      { min: 1, max: 1 },
    );
  }

  /** What decides the inputs of a step: steps that it takes from, and through its groups those that they take from. */
  stepsBefore({ node, numbers }: Place): readonly string[] {
    const inside = new Set(within(node));
    const groups = this.groupsOf(node.id);
    const before = sourcesWithin(node)
      .filter((id) => !inside.has(id))
      .flatMap((id) => {
        const group = groups.find((each) => each.id === id);
        return group ? this.stepsBeforeGiven(group, numbers, node) : [this.stepOf(id, numbers)];
      });
    return [...new Set(before)];
  }

  /** What a group gives comes from its own inputs, and in a sequence from those before: its best is the best of them all. */
  private stepsBeforeGiven(group: PlanNode, numbers: readonly number[], reader: PlanNode): readonly string[] {
    const own = readFor(group, reader).flatMap((id) => {
      const outer = this.groupsOf(group.id).find((each) => each.id === id);
      return outer ? this.stepsBeforeGiven(outer, numbers, group) : [this.stepOf(id, numbers)];
    });
    const depth = depthOf([...this.groupsOf(group.id), group]);
    const number = numbers[depth - 1] ?? 1;
    if (!group.body?.isSequence) return own;
    const { inputs } = group.body;
    const earlier = Array.from({ length: number - 1 }, (_, index) => [
      ...numbers.slice(0, depth - 1),
      index + 1,
    ]);
    return [
      ...own,
      ...earlier.flatMap((those) => inputs.map(({ sourceNodeId }) => this.stepOf(sourceNodeId, those))),
    ];
  }

  /** The step of a node that is in the iterations of the first numbers. */
  private stepOf(nodeId: string, numbers: readonly number[]): string {
    const { groups } = this.entries.get(nodeId) ?? { groups: [] };
    const path = groups.findLast(({ body }) => body?.naming === 'path');
    const taken = path ? depthOf(this.groupsOf(path.id)) : 0;
    const own = numbers.slice(taken, depthOf(groups));
    const local = path ? `${this.stepOf(path.id, numbers)}/${nodeId.slice(path.id.length + 1)}` : nodeId;
    return [local, ...own].join('.');
  }
}

function depthOf(groups: readonly PlanNode[]): number {
  return groups.filter(({ body }) => body?.naming === 'iteration').length;
}

function sourcesOf(node: PlanNode): readonly string[] {
  return [...node.dependsOn, ...readBy(node)];
}

/** Of a group without what it waits for on behalf of its members. */
function readBy({ inputs, templates, changes = [] }: PlanNode): readonly string[] {
  const parts = [templates, ...changes.map((change) => change.templates)]
    .flat()
    .flatMap((each) => each.parts);
  const read = parts.flatMap((part) => (part.kind === 'reference' ? [part.nodeId] : []));
  return [...inputs.map(({ sourceNodeId }) => sourceNodeId), ...read];
}

/** What a group reads to give to a reader inside of it; a workflow passes each input on by itself. */
function readFor(group: PlanNode, reader: PlanNode): readonly string[] {
  if (group.body?.naming !== 'path') return readBy(group);
  const taken = new Set(
    allNodes([reader]).flatMap(({ inputs }) =>
      inputs.flatMap(({ sourceNodeId, sourcePort }) => (sourceNodeId === group.id ? [sourcePort] : [])),
    ),
  );
  return group.inputs.filter(({ port }) => taken.has(port)).map(({ sourceNodeId }) => sourceNodeId);
}

/** A group takes what its members take. */
function sourcesWithin(node: PlanNode): readonly string[] {
  return [...sourcesOf(node), ...(node.body?.nodes ?? []).flatMap(sourcesWithin)];
}

function within(node: PlanNode): readonly string[] {
  return [node.id, ...(node.body?.nodes ?? []).flatMap(within)];
}
