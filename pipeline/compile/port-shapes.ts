import type { GraphEdge } from '../graph';
import type { NodePorts, OutputPort, PortShape } from '../node-definition';
import { isInside, type DraftNode } from './draft-node';
import { isOfType } from './port-fit';

/** Gives every draft the ports that it has in this graph, where its type leaves them to what is connected. */
export function resolvePorts(edges: readonly GraphEdge[], drafts: ReadonlyMap<string, DraftNode>): void {
  const resolver = new PortResolver(edges, drafts);
  for (const draft of drafts.values()) draft.ports = resolver.portsOf(draft);
}

const widest = ['text', 'json', 'file'] as const;

/** Walks upstream from each port whose type depends on what comes; a cycle ends where it began, with the usual ports. */
class PortResolver {
  private readonly known = new Map<string, NodePorts>();
  private readonly into = new Map<string, GraphEdge[]>();

  constructor(
    edges: readonly GraphEdge[],
    private readonly drafts: ReadonlyMap<string, DraftNode>,
  ) {
    for (const edge of edges) this.into.set(edge.target, [...(this.into.get(edge.target) ?? []), edge]);
  }

  portsOf(draft: DraftNode): NodePorts {
    const known = this.known.get(draft.id);
    if (known) return known;
    const { definition, posted } = draft;
    this.known.set(draft.id, definition);
    const ports = definition.ports?.({
      config: posted.config,
      shapeInto: (port) => this.shapeAt(draft, port, (source) => source.group !== draft),
      shapeTaken: (port) => this.shapeAt(draft, port, (source) => source.group === draft),
    });
    this.known.set(draft.id, ports ?? definition);
    return ports ?? definition;
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
