interface BuiltNode {
  readonly id: string;
  readonly parentId?: string;
  readonly data: {
    readonly nodeType: string;
    readonly config: Record<string, unknown>;
    readonly [key: string]: unknown;
  };
}

interface BuiltEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly sourceHandle?: string;
  readonly targetHandle?: string;
}

export interface BuiltGraph {
  readonly nodes: BuiltNode[];
  readonly edges: BuiltEdge[];
  readonly triggerData: Record<string, unknown>;
}

/** Builds execute bodies: `aGraph('a prompt').node('image', 'generate:flux_2_pro').edge('prompt', 'image').build()`. */
export function aGraph(prompt: string): GraphBuilder {
  return new GraphBuilder([{ id: 'prompt', data: { nodeType: 'input:text', config: {} } }], [], { prompt });
}

class GraphBuilder {
  constructor(
    private readonly nodes: readonly BuiltNode[],
    private readonly edges: readonly BuiltEdge[],
    private readonly triggerData: Record<string, unknown>,
  ) {}

  node(
    id: string,
    nodeType: string,
    config: Record<string, unknown> = {},
    data: Record<string, unknown> = {},
  ): GraphBuilder {
    return new GraphBuilder(
      [...this.nodes, { id, data: { nodeType, config, ...data } }],
      this.edges,
      this.triggerData,
    );
  }

  /** The same as a node; its members follow. */
  group(id: string, nodeType: string, config: Record<string, unknown> = {}): GraphBuilder {
    return this.node(id, nodeType, config);
  }

  member(
    parentId: string,
    id: string,
    nodeType: string,
    config: Record<string, unknown> = {},
    data: Record<string, unknown> = {},
  ): GraphBuilder {
    const node = { id, parentId, data: { nodeType, config, ...data } };
    return new GraphBuilder([...this.nodes, node], this.edges, this.triggerData);
  }

  edge(
    source: string,
    target: string,
    handles: Pick<BuiltEdge, 'sourceHandle' | 'targetHandle'> = {},
  ): GraphBuilder {
    const edge = { id: `${source}-${target}-${this.edges.length}`, source, target, ...handles };
    return new GraphBuilder(this.nodes, [...this.edges, edge], this.triggerData);
  }

  build(): BuiltGraph {
    return { nodes: [...this.nodes], edges: [...this.edges], triggerData: this.triggerData };
  }
}

/** text → image → upscale to 4K, the main job. */
export function mainJob(prompt: string): BuiltGraph {
  return aGraph(prompt)
    .node('image', 'generate:flux_2_pro')
    .edge('prompt', 'image')
    .node('upscale', 'image:crystal_upscaler', { targetResolution: '4k' })
    .edge('image', 'upscale')
    .build();
}
