import type { JsonObject, JsonValue } from '../workflows/contract';
import { formatPath, type IssuePath } from './graph-issue';
import { isJsonObject, isList } from './pure/values';

/** One place that differs; a side is absent where it has no such place. */
export interface ValueChange {
  readonly path: string;
  readonly from?: JsonValue;
  readonly to?: JsonValue;
}

export interface NodeName {
  readonly id: string;
  readonly nodeType: string | null;
}

export interface EdgeName {
  readonly source: string;
  readonly sourceHandle: string | null;
  readonly target: string;
  readonly targetHandle: string | null;
}

export interface GraphDiff {
  /** True: both run the same. Places, sizes and selection on the canvas do not count. */
  readonly isEqual: boolean;
  readonly nodes: {
    readonly added: readonly NodeName[];
    readonly removed: readonly NodeName[];
    readonly changed: readonly { readonly id: string; readonly changes: readonly ValueChange[] }[];
  };
  readonly edges: { readonly added: readonly EdgeName[]; readonly removed: readonly EdgeName[] };
  /** Of `variables`. */
  readonly variables: readonly ValueChange[];
  /** Of `variants`. */
  readonly variants: readonly ValueChange[];
}

/** What of a node decides how it runs; the rest is how it looks. */
const NODE_FIELDS = ['data', 'nodeType', 'type', 'parentId'] as const;

/** What has changed between two saved graphs. Total: a faulty graph counts with what can be read of it. */
export function diffGraphs(from: JsonObject, to: JsonObject): GraphDiff {
  const nodes = diffNodes(readNodes(from), readNodes(to));
  const edges = diffEdges(readEdges(from), readEdges(to));
  const variables = diffValues(objectAt(from, 'variables'), objectAt(to, 'variables'), ['variables']);
  const variants = diffValues([...listAt(from, 'variants')], [...listAt(to, 'variants')], ['variants']);
  const parts = [variants, nodes.added, nodes.removed, nodes.changed, edges.added, edges.removed, variables];
  return { isEqual: parts.every((part) => part.length === 0), nodes, edges, variables, variants };
}

function diffNodes(
  from: ReadonlyMap<string, JsonObject>,
  to: ReadonlyMap<string, JsonObject>,
): GraphDiff['nodes'] {
  const missing = (nodes: ReadonlyMap<string, JsonObject>, other: ReadonlyMap<string, JsonObject>) =>
    [...nodes].filter(([id]) => !other.has(id)).map(([id, node]) => ({ id, nodeType: nodeTypeOf(node) }));
  const changed = [...from].flatMap(([id, node]) => {
    const other = to.get(id);
    const changes =
      other === undefined
        ? []
        : NODE_FIELDS.flatMap((field) => diffValues(node[field], other[field], [field]));
    return changes.length === 0 ? [] : [{ id, changes }];
  });
  return { added: missing(to, from), removed: missing(from, to), changed };
}

/** Edges are known by what they join: React Flow makes new ids when one is drawn again. */
function diffEdges(from: readonly EdgeName[], to: readonly EdgeName[]): GraphDiff['edges'] {
  const missing = (edges: readonly EdgeName[], others: readonly EdgeName[]) => {
    const known = new Set(others.map((edge) => JSON.stringify(edge)));
    return edges.filter((edge) => !known.has(JSON.stringify(edge)));
  };
  return { added: missing(to, from), removed: missing(from, to) };
}

/** The documents have passed `guardJson`, which bounds their depth. */
function diffValues(from: JsonValue | undefined, to: JsonValue | undefined, path: IssuePath): ValueChange[] {
  if (isJsonObject(from) && isJsonObject(to)) {
    const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
    return [...keys].flatMap((key) => diffValues(ownOf(from, key), ownOf(to, key), [...path, key]));
  }
  if (isList(from) && isList(to) && from.length === to.length) {
    return from.flatMap((item, index) => diffValues(item, to[index], [...path, index]));
  }
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  const sides = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  return [{ path: formatPath(path), ...sides }];
}

function readNodes(graph: JsonObject): ReadonlyMap<string, JsonObject> {
  const nodes = new Map<string, JsonObject>();
  for (const node of listAt(graph, 'nodes')) {
    if (isJsonObject(node) && typeof node['id'] === 'string') nodes.set(node['id'], node);
  }
  return nodes;
}

function readEdges(graph: JsonObject): readonly EdgeName[] {
  return listAt(graph, 'edges')
    .filter(isJsonObject)
    .map((edge) => ({
      source: textOf(edge['source']) ?? '',
      sourceHandle: textOf(edge['sourceHandle']),
      target: textOf(edge['target']) ?? '',
      targetHandle: textOf(edge['targetHandle']),
    }));
}

function nodeTypeOf(node: JsonObject): string | null {
  const data = node['data'];
  return (
    textOf(isJsonObject(data) ? data['nodeType'] : undefined) ??
    textOf(node['nodeType']) ??
    textOf(node['type'])
  );
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function ownOf(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function listAt(graph: JsonObject, key: string): readonly JsonValue[] {
  const value = ownOf(graph, key);
  return isList(value) ? value : [];
}

function objectAt(graph: JsonObject, key: string): JsonObject {
  const value = ownOf(graph, key);
  return isJsonObject(value) ? value : {};
}
