import type { GraphEdge, ReadGraph } from '../graph';
import { listOf, quote } from '../graph-issue';
import type { InputPort, OutputPort } from '../node-definition';
import { edgePath, isInside, type DraftNode, type Findings } from './draft-node';
import { nearest } from './nearest';
import { bestPairs, fits, type NamedPort } from './port-fit';
import { outputsSeenBy } from './port-shapes';

/**
 * Turns edges into inputs of their target nodes, in edge order. Infers missing handles from the types alone, not from
 * what is connected already, so that the order of edges never decides which port is meant.
 * @returns ids of nodes that lost an edge to a fault: an input that they miss is not a second fault.
 */
export function connectEdges(
  graph: ReadGraph,
  drafts: ReadonlyMap<string, DraftNode>,
  /** Ids of posted steps that are no drafts (unknown type, outside the targets): edges to them are left out. */
  absentIds: ReadonlySet<string>,
  findings: Findings,
): ReadonlySet<string> {
  const connector = new EdgeConnector(graph, drafts, absentIds, findings);
  connector.connect();
  return connector.troubled;
}

class EdgeConnector {
  readonly troubled = new Set<string>();
  private readonly firstUse = new Map<string, number>();
  private readonly occupied = new Map<string, number>();

  constructor(
    private readonly graph: ReadGraph,
    private readonly drafts: ReadonlyMap<string, DraftNode>,
    private readonly absentIds: ReadonlySet<string>,
    private readonly findings: Findings,
  ) {}

  connect(): void {
    for (const edge of this.graph.edges) {
      if (!this.connectEdge(edge)) this.troubled.add(edge.target);
    }
  }

  private connectEdge(edge: GraphEdge): boolean {
    if (edge.source === edge.target) {
      const message = `The edge leads from ${quote(edge.source)} to itself.`;
      this.findings.add(edgePath(edge), 'edge_self', message, 'Remove it; a node cannot wait for itself.');
      return false;
    }
    const source = this.end(edge, 'source');
    const target = this.end(edge, 'target');
    if (!source || !target) return false;
    if (!this.isVisible(edge, source, target)) return false;
    const ports = this.ports(edge, source, target);
    if (ports) this.attach(edge, source, target, ports.output, ports.input);
    return ports !== undefined;
  }

  /** A node sees its own group's members, its groups, and what is beside them; a group takes from its own members. */
  private isVisible(edge: GraphEdge, source: DraftNode, target: DraftNode): boolean {
    if (isVisibleFrom(target, source) || source.group === target) return true;
    const group = source.group ?? source;
    const message = `The edge leads out of the group "${group.id}": ${titleOf(source)} runs once per iteration, ${titleOf(target)} does not.`;
    const takes = listOf(Object.keys(group.ports.inner?.takes ?? {}).map((name) => `"${name}"`));
    const fix = `Connect it to ${takes} of "${group.id}", and the output of "${group.id}" to "${target.id}".`;
    this.findings.add(edgePath(edge), 'edge_leaves_group', message, fix);
    return false;
  }

  /** The node at one end; undefined after reporting, or where another issue tells of it already. */
  private end(edge: GraphEdge, side: 'source' | 'target'): DraftNode | undefined {
    const id = edge[side];
    const draft = this.drafts.get(id);
    if (draft || this.absentIds.has(id) || this.graph.faultyIds.has(id)) return draft;
    const isNote = this.graph.noteIds.has(id);
    const problem = isNote ? `${quote(id)} is a note, not a step` : `there is no node ${quote(id)}`;
    const meant = isNote ? undefined : nearest(id, this.drafts.keys());
    const fix = meant
      ? `Did you mean "${meant}"? Otherwise remove the edge.`
      : isNote
        ? 'Remove the edge; notes take no part in a run.'
        : 'Remove the edge or add the node.';
    this.findings.add(edgePath(edge, side), 'edge_dangling', `The edge has no ${side}: ${problem}.`, fix);
    return undefined;
  }

  private ports(
    edge: GraphEdge,
    source: DraftNode,
    target: DraftNode,
  ): { readonly output: NamedPort; readonly input: NamedPort } | undefined {
    const outputs = this.choose(edge, 'sourceHandle', source, namedPorts(outputsSeenBy(target, source)));
    const inputs = this.choose(edge, 'targetHandle', target, namedPorts(inputsFor(source, target)));
    if (!outputs || !inputs) return undefined;
    const pairs = bestPairs(outputs, inputs);
    const [pair] = pairs;
    if (pair && pairs.length === 1) return pair;
    if (pairs.length > 1) this.reportAmbiguous(edge, source, target, pairs);
    else this.reportMismatch(edge, source, target, outputs, inputs);
    return undefined;
  }

  /** The named port, or all of them when the handle is missing; undefined after reporting an unknown one. */
  private choose(
    edge: GraphEdge,
    handle: 'sourceHandle' | 'targetHandle',
    node: DraftNode,
    ports: readonly NamedPort[],
  ): readonly NamedPort[] | undefined {
    const wanted = edge[handle];
    if (wanted === undefined) return ports;
    const found = ports.filter((port) => port.name === wanted);
    if (found.length > 0) return found;
    const kind = handle === 'sourceHandle' ? 'output' : 'input';
    const message = `${titleOf(node)} has no ${kind} ${quote(wanted)}.`;
    const meant = nearest(
      wanted,
      ports.map((port) => port.name),
    );
    const names = ports.length > 0 ? `Its ${kind}s are ${portList(ports)}.` : `It has no ${kind}s.`;
    const fix = meant ? `Did you mean "${meant}"? ${names}` : names;
    this.findings.add(edgePath(edge, handle), 'port_unknown', message, fix);
    return undefined;
  }

  private attach(
    edge: GraphEdge,
    source: DraftNode,
    target: DraftNode,
    output: NamedPort,
    input: NamedPort,
  ): void {
    const isTaken = source.group === target;
    const portKey = `${target.id} ${isTaken ? 'takes ' : ''}${input.name}`;
    const edgeKey = `${source.id} ${output.name} ${portKey}`;
    const twin = this.firstUse.get(edgeKey);
    if (twin !== undefined) {
      const message = `edges[${edge.index}] repeats edges[${twin}]: "${output.name}" of "${source.id}" to "${input.name}" of "${target.id}".`;
      this.findings.add(edgePath(edge), 'edge_duplicate', message, 'Remove one of them.');
      return;
    }
    this.firstUse.set(edgeKey, edge.index);
    const {
      many = false,
      required = false,
      keepsPlaces = false,
    } = inputsFor(source, target)[input.name] ?? {};
    const holder = this.occupied.get(portKey);
    if (!many && holder !== undefined) {
      const message = `Input "${input.name}" of ${titleOf(target)} takes one edge and has edges[${holder}] already.`;
      const fix = 'Remove one, name another targetHandle, or join texts by utility:prompt_concat first.';
      this.findings.add(edgePath(edge), 'port_occupied', message, fix);
      return;
    }
    this.occupied.set(portKey, edge.index);
    (isTaken ? target.taken : target.inputs).push({
      ...{ port: input.name, many, sourceNodeId: source.id, sourcePort: output.name },
      ...(!required ? { whenMissing: 'none' } : many ? { whenMissing: 'others' } : {}),
      ...(many && output.list ? { spread: true } : {}),
      ...(keepsPlaces ? { keepsPlace: true } : {}),
    });
  }

  private reportAmbiguous(
    edge: GraphEdge,
    source: DraftNode,
    target: DraftNode,
    pairs: readonly { readonly output: NamedPort; readonly input: NamedPort }[],
  ): void {
    const choices = listOf(pairs.map(({ output, input }) => `"${output.name}" to "${input.name}"`));
    const message = `The edge from ${titleOf(source)} to ${titleOf(target)} could mean ${choices}.`;
    const fix = 'Name sourceHandle and targetHandle.';
    this.findings.add(edgePath(edge), 'port_ambiguous', message, fix);
  }

  private reportMismatch(
    edge: GraphEdge,
    source: DraftNode,
    target: DraftNode,
    outputs: readonly NamedPort[],
    inputs: readonly NamedPort[],
  ): void {
    const allInputs = namedPorts(inputsFor(source, target));
    const gives = portList(outputs);
    const takes = inputs.length > 0 ? portList(inputs) : 'nothing';
    const message = `${titleOf(source)} gives ${gives || 'nothing'}, ${titleOf(target)} takes ${takes} there.`;
    const fitting = allInputs.filter((input) => outputs.some((output) => fits(output, input)));
    const fix =
      fitting.length > 0
        ? `Set targetHandle to ${listOf(fitting.map((port) => `"${port.name}"`))}.`
        : 'Connect an output of a fitting type, or put a node between them that converts it.';
    this.findings.add(edgePath(edge), 'port_type_mismatch', message, fix);
  }
}

/** Whether a node may take from another one: they run side by side, or the other one is there before its group begins. */
export function isVisibleFrom(target: DraftNode, source: DraftNode): boolean {
  return source.group === undefined || isInside(target, source.group);
}

function inputsFor(source: DraftNode, target: DraftNode): Readonly<Record<string, InputPort>> {
  return source.group === target ? (target.ports.inner?.takes ?? {}) : target.ports.inputs;
}

function namedPorts(ports: Readonly<Record<string, InputPort | OutputPort>>): NamedPort[] {
  return Object.entries(ports).map(([name, port]) => ({ ...port, name }));
}

function portList(ports: readonly NamedPort[]): string {
  return listOf(ports.map(({ name, type, list }) => `"${name}" (${list ? `list of ${type}` : type})`));
}

function titleOf(node: DraftNode): string {
  return `"${node.id}" (${node.definition.type})`;
}
