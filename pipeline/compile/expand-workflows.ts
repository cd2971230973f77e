import type { JsonObject } from '../../workflows/contract';
import { readGraph, type GraphEdge, type GraphNode, type ReadGraph } from '../graph';
import { formatPath, quote } from '../graph-issue';
import { isJsonObject } from '../pure/values';
import {
  describeWorkflow,
  OUTPUTS_MAX,
  readReference,
  referenceKey,
  type MissingWorkflow,
  type PinnedWorkflow,
  type SubWorkflows,
  type WorkflowPorts,
  type WorkflowReference,
} from '../sub-workflows';
import { GROUP_DEPTH_MAX } from './assign-groups';
import { nodePath, type Findings } from './draft-node';

/** A workflow may be many times what one graph may be, but not without end. */
const GRAPHS_MAX = 5;
/** Each level of the path of a step is a node's id, and a step may have 200 characters with its numbers. */
const PATH_LENGTH_MAX = 160;

/** A node that is a workflow, expanded. */
export interface SubGraph {
  readonly workflow: PinnedWorkflow;
  readonly ports: WorkflowPorts;
  readonly variables: JsonObject;
}

export interface ExpandedGraph {
  /** With the nodes and edges of all workflows in it, under ids such as `sub/n3`. */
  readonly graph: ReadGraph;
  /** By id of the node that stands for it. */
  readonly subGraphs: ReadonlyMap<string, SubGraph>;
  /** Nodes whose workflow cannot be had: they are reported. */
  readonly failedIds: ReadonlySet<string>;
}

export interface ExpandOptions {
  readonly workflows: SubWorkflows;
  /** The saved workflow that is compiled, which must not be inside of itself. */
  readonly workflowId: string | undefined;
  readonly limits: { readonly nodesMax: number; readonly edgesMax: number };
}

/** Puts the graph of each workflow that a selected node names in that node's place, at any depth. */
export function expandWorkflows(
  graph: ReadGraph,
  selected: ReadonlySet<string>,
  options: ExpandOptions,
  findings: Findings,
): ExpandedGraph {
  return new Expander(options, findings).expand(graph, selected);
}

/** The workflows around a node, from the outside in. */
type Chain = readonly { readonly workflowId: string; readonly name: string }[];

class Expander {
  private readonly nodes: GraphNode[] = [];
  private readonly edges: GraphEdge[] = [];
  private readonly noteIds = new Set<string>();
  private readonly noteParents = new Map<string, string>();
  private readonly faultyIds = new Set<string>();
  private readonly subGraphs = new Map<string, SubGraph>();
  private readonly failedIds = new Set<string>();
  private isFull = false;

  constructor(
    private readonly options: ExpandOptions,
    private readonly findings: Findings,
  ) {}

  expand(root: ReadGraph, selected: ReadonlySet<string>): ExpandedGraph {
    const { workflowId } = this.options;
    const chain = workflowId === undefined ? [] : [{ workflowId, name: 'this workflow' }];
    this.take(root);
    for (const node of root.nodes) if (selected.has(node.id)) this.expandNode(node, chain, 1);
    const { nodes, edges, noteIds, noteParents, faultyIds, subGraphs, failedIds } = this;
    const graph = { nodes, edges, noteIds, noteParents, faultyIds, issues: root.issues };
    return { graph, subGraphs, failedIds };
  }

  private take({ nodes, edges, noteIds, noteParents, faultyIds }: ReadGraph): void {
    this.nodes.push(...nodes);
    this.edges.push(...edges);
    for (const id of noteIds) this.noteIds.add(id);
    for (const [id, parentId] of noteParents) this.noteParents.set(id, parentId);
    for (const id of faultyIds) this.faultyIds.add(id);
  }

  private expandNode(node: GraphNode, chain: Chain, depth: number): void {
    const reference = readReference(node);
    if (!reference) return;
    const workflow = this.isFull ? undefined : this.find(node, reference);
    if (!workflow || !this.isAllowed(node, workflow, chain, depth)) {
      this.failedIds.add(node.id);
      return;
    }
    const inner = readInside(workflow.graph, node);
    this.findings.issues.push(...inner.issues);
    if (!this.hasRoom(node, workflow, inner)) {
      this.failedIds.add(node.id);
      return;
    }
    const { variables } = workflow.graph;
    const ports = describeWorkflow(workflow.graph, this.options.workflows, reference.inputs);
    if (ports.outputs.size > OUTPUTS_MAX) this.reportOutputs(node, workflow);
    this.subGraphs.set(node.id, { workflow, ports, variables: isJsonObject(variables) ? variables : {} });
    this.take(inner);
    const within = [...chain, { workflowId: workflow.workflowId, name: quote(workflow.name) }];
    for (const member of inner.nodes) this.expandNode(member, within, depth + 1);
  }

  private find(node: GraphNode, reference: WorkflowReference): PinnedWorkflow | undefined {
    const found = this.options.workflows.get(referenceKey(reference)) ?? 'unknown';
    if (typeof found !== 'string') return found;
    const { message, fix, field } = explain(found, reference);
    const path = nodePath(node, 'data', 'config', field);
    this.findings.add(path, 'workflow_unknown', message, fix);
    return undefined;
  }

  private isAllowed(
    node: GraphNode,
    { workflowId, name }: PinnedWorkflow,
    chain: Chain,
    depth: number,
  ): boolean {
    const path = nodePath(node, 'data', 'config', 'workflow');
    const from = chain.findIndex((each) => each.workflowId === workflowId);
    if (from !== -1) {
      const names = [...chain.slice(from).map((each) => each.name), quote(name)].join(' → ');
      const message = `The workflow contains itself: ${names}.`;
      this.findings.add(path, 'workflow_cycle', message, 'Remove one of these nodes.');
      return false;
    }
    if (depth <= GROUP_DEPTH_MAX) return true;
    const message = `${quote(name)} lies in ${depth - 1} workflows; ${GROUP_DEPTH_MAX - 1} are allowed.`;
    this.findings.add(path, 'group_too_deep', message, 'Take a workflow out of another one.');
    return false;
  }

  private reportOutputs(node: GraphNode, { name }: PinnedWorkflow): void {
    const path = nodePath(node, 'data', 'config', 'workflow');
    const message = `${quote(name)} gives more than ${OUTPUTS_MAX} outputs.`;
    const fix = 'Name those that count by data.output on the nodes that give them, and publish it again.';
    this.findings.add(path, 'config_invalid', message, fix);
  }

  private hasRoom(node: GraphNode, { name }: PinnedWorkflow, inner: ReadGraph): boolean {
    const { nodesMax, edgesMax } = this.options.limits;
    const path = nodePath(node, 'data', 'config', 'workflow');
    const long = inner.nodes.find(({ id }) => id.length > PATH_LENGTH_MAX);
    if (long) {
      const message = `The path "${long.id}" has ${long.id.length} characters; ${PATH_LENGTH_MAX} are allowed.`;
      this.findings.add(path, 'node_id_invalid', message, 'Give the nodes on the way shorter ids.');
      return false;
    }
    const nodes = this.nodes.length + inner.nodes.length;
    const edges = this.edges.length + inner.edges.length;
    const isOver = nodes > GRAPHS_MAX * nodesMax || edges > GRAPHS_MAX * edgesMax;
    if (isOver && !this.isFull) {
      const message = `With ${quote(name)} the run would have ${nodes} nodes and ${edges} edges; ${GRAPHS_MAX * nodesMax} and ${GRAPHS_MAX * edgesMax} are allowed for all workflows together.`;
      this.findings.add(path, 'too_many_nodes', message, 'Use fewer workflows, or smaller ones.');
    }
    // Once is enough: the next ones would only say the same.
    this.isFull ||= isOver;
    return !isOver;
  }
}

/** The graph as it lies inside of the node: under its path, and with issues that lead to it. */
function readInside(graph: JsonObject, node: GraphNode): ReadGraph {
  const inner = readGraph(graph);
  const origin = nodePath(node, 'workflow');
  const inside = (id: string): string => `${node.id}/${id}`;
  const insideAll = (ids: ReadonlySet<string>): ReadonlySet<string> => new Set([...ids].map(inside));
  const parents = [...inner.noteIds].map((id): [string, string] => {
    const parentId = inner.noteParents.get(id);
    return [inside(id), parentId === undefined ? node.id : inside(parentId)];
  });
  return {
    nodes: inner.nodes.map((each) => ({
      ...each,
      origin,
      id: inside(each.id),
      parentId: each.parentId === undefined ? node.id : inside(each.parentId),
    })),
    edges: inner.edges.map((edge) => ({
      ...edge,
      origin,
      source: inside(edge.source),
      target: inside(edge.target),
    })),
    noteIds: insideAll(inner.noteIds),
    noteParents: new Map(parents),
    faultyIds: insideAll(inner.faultyIds),
    issues: inner.issues.map((issue) => ({ ...issue, path: `${formatPath(origin)}.${issue.path}` })),
  };
}

function explain(missing: MissingWorkflow, { workflowId, version }: WorkflowReference) {
  const id = quote(workflowId);
  switch (missing) {
    case 'unknown':
      return {
        field: 'workflow',
        message: `There is no workflow ${id}.`,
        fix: 'Name the id of a saved workflow of the account: GET /api/v1/workflows lists them.',
      };
    case 'unpublished':
      return {
        field: 'workflow',
        message: `The workflow ${id} has no published version.`,
        fix: `Publish it by POST /api/v1/workflows/${workflowId.slice(0, 60)}/publish.`,
      };
    case 'no_version':
      return {
        field: 'version',
        message: `The workflow ${id} has no version ${quote(String(version))}.`,
        fix: `Its versions are at GET /api/v1/workflows/${workflowId.slice(0, 60)}/versions.`,
      };
    case 'too_many':
      return {
        field: 'workflow',
        message: 'The run would contain too many different workflows.',
        fix: 'Use fewer of them.',
      };
  }
}
