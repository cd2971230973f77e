import { z } from 'zod';
import type { JsonObject } from '../workflows/contract';
import { describe, graphIssue, type GraphIssue, type IssuePath } from './graph-issue';
import { retryChangeSchema } from './retry-change';
import { FORBIDDEN_KEYS } from './json-guard';
import { jsonValueSchema } from './nodes/json-value';

/**
 * The posted graph: what React Flow exports. Fields that are not named here (width, selected, style …) are kept by
 * whoever stores the graph and ignored by the compiler.
 */

const idPattern = /^[A-Za-z0-9_-]{1,64}$/;

export const graphNodeSchema = z.looseObject({
  id: z.string().regex(idPattern).describe('Letters, digits, _ and -; unique in the graph.'),
  type: z
    .string()
    .optional()
    .describe("React Flow's component; the node type if data.nodeType and nodeType are absent."),
  nodeType: z.string().optional(),
  position: z.object({ x: z.number(), y: z.number() }).loose().optional(),
  parentId: z
    .string()
    .nullish()
    .describe('The group that it runs in (`control:map`, `control:refine`); a frame means nothing.'),
  data: z
    .looseObject({
      nodeType: z.string().optional().describe('`category:name`, see GET /nodes.'),
      label: z.string().optional(),
      config: z.record(z.string(), jsonValueSchema).optional(),
      providers: z
        .array(z.string())
        .optional()
        .describe('`provider` or `provider:model`: narrows and orders the candidates.'),
      retry: z
        .looseObject({
          maximumAttempts: z.number().int().min(1).max(10).optional(),
          changes: z.array(retryChangeSchema).max(5).optional().describe('Tried in order after failures.'),
        })
        .optional(),
      timeoutSeconds: z.number().int().min(1).max(86_400).optional(),
      onError: z
        .enum(['fail', 'continue', 'hold'])
        .optional()
        .describe('`fail` unless given; `hold`: the run waits with it until it is resumed.'),
      cache: z
        .enum(['workspace'])
        .optional()
        .describe(
          'Takes a result of the same request from another execution, free, where the result is determined by it.',
        ),
    })
    .optional(),
});

export const graphEdgeSchema = z.looseObject({
  id: z.string().optional(),
  source: z.string(),
  target: z.string(),
  sourceHandle: z.string().nullish().describe('Output port; inferred when one fits.'),
  targetHandle: z.string().nullish().describe('Input port; inferred when one fits.'),
});

/** For documentation and for storing drafts; `compileGraph` checks far more and names every fault. */
export const graphSchema = z.looseObject({
  nodes: z.array(graphNodeSchema),
  edges: z.array(graphEdgeSchema),
});

/** A step as posted, with the parts that the compiler reads. */
export interface GraphNode {
  /** Place in `nodes`, for issue paths. */
  readonly index: number;
  /** Of a node inside of another workflow: the path of that workflow's node, for issue paths. */
  readonly origin?: IssuePath;
  readonly id: string;
  readonly nodeType: string | undefined;
  readonly label: string | undefined;
  /** The group or frame that it lies in. */
  readonly parentId: string | undefined;
  readonly config: JsonObject;
  /** `data` as posted; settings are read from it one by one. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface GraphEdge {
  /** Place in `edges`, for issue paths. */
  readonly index: number;
  /** As of a node. */
  readonly origin?: IssuePath;
  readonly source: string;
  readonly target: string;
  readonly sourceHandle: string | undefined;
  readonly targetHandle: string | undefined;
}

export interface ReadGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Ids of notes and frames: not steps, so nothing can be connected to them. */
  readonly noteIds: ReadonlySet<string>;
  /** What a note or a frame lies in. */
  readonly noteParents: ReadonlyMap<string, string>;
  /** Ids of nodes that were left out since they are faulty: edges to them are not faulty for that reason. */
  readonly faultyIds: ReadonlySet<string>;
  readonly issues: readonly GraphIssue[];
}

/** React Flow nodes that only explain the picture. */
const noteTypes: ReadonlySet<string> = new Set([
  ...[
    'note',
    'sticky',
    'stickyNote',
    'sticky_note',
    'sticky-note',
    'annotation',
    'comment',
    'text_note',
    'group',
  ],
]);

/** Reads the shape of a graph that passed `guardJson`; never throws. */
export function readGraph(graph: unknown): ReadGraph {
  const issues: GraphIssue[] = [];
  const list = (key: 'nodes' | 'edges', required: boolean): readonly unknown[] => {
    const value = isRecord(graph) && Object.hasOwn(graph, key) ? graph[key] : undefined;
    if (Array.isArray(value)) return value;
    if (value === undefined && !required) return [];
    const message = `"${key}" must be a list, but is ${describe(value)}.`;
    issues.push(graphIssue([key], 'graph_invalid', message, `Send ${key}: […] as React Flow exports it.`));
    return [];
  };
  const { nodes, noteIds, noteParents, faultyIds } = readNodes(list('nodes', true), issues);
  const edges = readEdges(list('edges', false), issues);
  return { nodes, edges, noteIds, noteParents, faultyIds, issues };
}

function readNodes(posted: readonly unknown[], issues: GraphIssue[]) {
  const nodes: GraphNode[] = [];
  const noteIds = new Set<string>();
  const noteParents = new Map<string, string>();
  const faultyIds = new Set<string>();
  const firstIndex = new Map<string, number>();
  for (const [index, value] of posted.entries()) {
    const path = ['nodes', index];
    if (!isRecord(value)) {
      const message = `A node must be an object, but this is ${describe(value)}.`;
      issues.push(graphIssue(path, 'node_invalid', message, 'Send {"id": "…", "data": {"nodeType": "…"}}.'));
      continue;
    }
    const { id } = value;
    const node = readNode(value, index, issues);
    if (typeof id !== 'string') continue;
    const earlier = firstIndex.get(id);
    if (earlier !== undefined) {
      const message = `Two nodes have the id "${id}": nodes[${earlier}] and nodes[${index}].`;
      issues.push(
        graphIssue([...path, 'id'], 'node_id_duplicate', message, 'Give each node an id of its own.'),
      );
      continue;
    }
    firstIndex.set(id, index);
    const parentId = readParentId(value);
    if (node === 'note') noteIds.add(id);
    if (node === 'note' && parentId !== undefined) noteParents.set(id, parentId);
    if (node === 'note') continue;
    if (node) nodes.push(node);
    else faultyIds.add(id);
  }
  return { nodes, noteIds, noteParents, faultyIds };
}

function readNode(
  value: Readonly<Record<string, unknown>>,
  index: number,
  issues: GraphIssue[],
): GraphNode | 'note' | undefined {
  const path: IssuePath = ['nodes', index];
  const data = value['data'] ?? {};
  const nodeType = readNodeType(value, data);
  if (nodeType !== undefined && noteTypes.has(nodeType)) return 'note';
  const found: GraphIssue[] = [];
  const { id } = value;
  if (typeof id !== 'string' || !idPattern.test(id) || FORBIDDEN_KEYS.has(id)) {
    const message = `The id must be 1 to 64 letters, digits, _ or -, but is ${describe(id)}.`;
    found.push(graphIssue([...path, 'id'], 'node_id_invalid', message, 'Give the node such an id, as "n1".'));
  }
  if (!isRecord(data)) {
    const message = `"data" must be an object, but is ${describe(data)}.`;
    found.push(
      graphIssue([...path, 'data'], 'node_invalid', message, 'Send data: {"nodeType": "…", "config": {…}}.'),
    );
  }
  const config = isRecord(data) ? (data['config'] ?? {}) : {};
  if (!isRecord(config)) {
    const message = `"config" must be an object, but is ${describe(config)}.`;
    found.push(
      graphIssue(
        [...path, 'data', 'config'],
        'config_invalid',
        message,
        'Send config: {…}, or leave it out.',
      ),
    );
  }
  issues.push(...found);
  if (found.length > 0 || typeof id !== 'string' || !isRecord(data) || !isRecord(config)) return undefined;
  const label =
    typeof data['label'] === 'string' && data['label'].trim() !== '' ? data['label'].trim() : undefined;
  const parentId = readParentId(value);
  return { index, id, nodeType, label: label?.slice(0, 200), parentId, config: asJsonObject(config), data };
}

function readParentId({ parentId }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof parentId === 'string' && parentId !== '' ? parentId : undefined;
}

/** `data.nodeType`, else the node's own `nodeType`, else React Flow's `type`. */
function readNodeType(node: Readonly<Record<string, unknown>>, data: unknown): string | undefined {
  const places = [isRecord(data) ? data['nodeType'] : undefined, node['nodeType'], node['type']];
  const type = places.find((place) => typeof place === 'string' && place.trim() !== '');
  return typeof type === 'string' ? type.trim() : undefined;
}

function readEdges(posted: readonly unknown[], issues: GraphIssue[]): GraphEdge[] {
  const edges: GraphEdge[] = [];
  const firstIndex = new Map<string, number>();
  for (const [index, value] of posted.entries()) {
    const parsed = graphEdgeSchema.safeParse(value);
    if (!parsed.success) {
      for (const { path, message } of parsed.error.issues) {
        const place = ['edges', index, ...path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
        const fix =
          'Send {"source": "<node id>", "target": "<node id>"}, with sourceHandle and targetHandle where needed.';
        issues.push(graphIssue(place, 'edge_invalid', `The edge is not readable: ${message}.`, fix));
      }
      continue;
    }
    const { id, source, target, sourceHandle, targetHandle } = parsed.data;
    const earlier = id === undefined ? undefined : firstIndex.get(id);
    if (id !== undefined && earlier !== undefined) {
      const message = `Two edges have the id "${id.slice(0, 100)}": edges[${earlier}] and edges[${index}].`;
      issues.push(
        graphIssue(
          ['edges', index, 'id'],
          'edge_duplicate',
          message,
          'Remove one, or give it an id of its own.',
        ),
      );
    }
    if (id !== undefined) firstIndex.set(id, firstIndex.get(id) ?? index);
    edges.push({
      index,
      source,
      target,
      sourceHandle: sourceHandle || undefined,
      targetHandle: targetHandle || undefined,
    });
  }
  return edges;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The document has passed `guardJson`: an object in it is a JSON object. */
function asJsonObject(value: Readonly<Record<string, unknown>>): JsonObject {
  return value as JsonObject;
}
