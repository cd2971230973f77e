import type { GraphEdge } from '../graph';
import type { NodePorts, OutputPort, PortShape } from '../node-definition';
import { isInside, type DraftNode } from './draft-node';
import { isOfType } from './port-fit';

/** Gives every draft the ports that it has in this graph, where its type leaves them to what is connected. */
export function resolvePorts(edges: readonly GraphEdge[], drafts: ReadonlyMap<string, DraftNode>): void {
  // What a group gives may depend on what it takes, and that on what it gives: the second look knows what the first found.
  const first = new PortResolver(edges, drafts, new Map()).resolve();
  const second = new PortResolver(edges, drafts, first).resolve();
  for (const draft of drafts.values()) draft.ports = second.get(draft.id) ?? draft.definition;
}

const widest = ['text', 'json', 'file'] as const;

/** Walks upstream from each port whose type depends on what comes; a cycle ends where it began, with the usual ports. */
class PortResolver {
  private readonly known = new Map<string, NodePorts>();
  private readonly into = new Map<string, GraphEdge[]>();

  constructor(
    edges: readonly GraphEdge[],
    private readonly drafts: ReadonlyMap<string, DraftNode>,
    private readonly before: ReadonlyMap<string, NodePorts>,
  ) {
    for (const edge of edges) this.into.set(edge.target, [...(this.into.get(edge.target) ?? []), edge]);
  }

  resolve(): ReadonlyMap<string, NodePorts> {
    for (const draft of this.drafts.values()) this.portsOf(draft);
    return this.known;
  }

  private portsOf(draft: DraftNode): NodePorts {
    const known = this.known.get(draft.id);
    if (known) return known;
    const { definition, posted } = draft;
    const { config } = posted;
    const shapeInto = (port: string) => this.shapeAt(draft, port, (source) => source.group !== draft);
    const shapeTaken = (port: string) => this.shapeAt(draft, port, (source) => source.group === draft);
    this.known.set(draft.id, definition);
    // For members that are asked on the way.
    const given = definition.ports?.({ config, shapeInto, shapeTaken: () => undefined });
    this.known.set(draft.id, this.before.get(draft.id) ?? given ?? definition);
    const ports = definition.ports?.({ config, shapeInto, shapeTaken }) ?? definition;
    this.known.set(draft.id, ports);
    return ports;
  }

  /** Of the edges into the port: one type that all of them fit, else the first one's. */
  private shapeAt(
    target: DraftNode,
    port: string,
    counts: (source: DraftNode) => boolean,
  ): PortShape | undefined {
    const shapes = (this.into.get(target.id) ?? []).flatMap(({ source, sourceHandle, targetHandle }) => {
      const draft = this.drafts.get(source);
      const meansPort = (targetHandle ?? target.definition.mainInput) === port;
      const shape =
        draft && meansPort && counts(draft) ? this.shapeFrom(draft, target, sourceHandle) : undefined;
      return shape ? [shape] : [];
    });
    const [first] = shapes;
    const common = [...shapes.map(({ type }) => type), ...widest].find((type) =>
      shapes.every((shape) => isOfType(shape.type, type)),
    );
    return first && { type: common ?? first.type, list: first.list };
  }

  private shapeFrom(source: DraftNode, target: DraftNode, handle: string | undefined): PortShape | undefined {
    const ports = Object.entries(outputsSeenBy(target, source, this.portsOf(source)));
    const found = ports.find(([name]) => name === handle) ?? (ports.length === 1 ? ports[0] : undefined);
    return found && found[1].type !== 'any'
      ? { type: found[1].type, list: found[1].list === true }
      : undefined;
  }
}

/** A member sees what its group gives; everybody else what a node puts out. */
export function outputsSeenBy(
  target: DraftNode,
  source: DraftNode,
  ports: NodePorts = source.ports,
): Readonly<Record<string, OutputPort>> {
  return isInside(target, source) ? (ports.inner?.gives ?? {}) : ports.outputs;
}
