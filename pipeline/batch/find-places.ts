import type { CompileInput } from '../compile-input';
import { readGraph, type GraphNode } from '../graph';
import { graphIssue, listOf, quote, type GraphIssue, type IssuePath } from '../graph-issue';
import { nodeDefinition } from '../nodes';
import { configShape } from '../nodes/node-config';
import type { Iterator, IteratorPlace } from './iterators';

export interface FoundPlaces {
  /** In the order of the iterators; only those without a fault. */
  readonly places: readonly IteratorPlace[];
  /** By iterator: what issues of the compiler at its place are called. */
  readonly issuePaths: readonly IssuePath[];
  readonly issues: readonly GraphIssue[];
}

/** Where the values of each iterator go, or why they can go nowhere. */
export function findPlaces(graph: CompileInput['graph'], iterators: readonly Iterator[]): FoundPlaces {
  const { nodes } = readGraph(graph);
  const places: IteratorPlace[] = [];
  const issuePaths: IssuePath[] = [];
  const issues: GraphIssue[] = [];
  const taken = new Set<string>();
  for (const [index, iterator] of iterators.entries()) {
    const node = nodes.find(({ id }) => id === iterator.nodeId);
    const fault = node ? faultOf(node, iterator, index) : unknownNode(nodes, iterator, index);
    if (fault || !node) {
      if (fault) issues.push(fault);
      continue;
    }
    const place = placeOf(node, iterator);
    const key = JSON.stringify([place.nodeId, place.path ?? null]);
    if (taken.has(key)) issues.push(twice(iterator, index));
    taken.add(key);
    places.push(place);
    issuePaths.push(
      place.triggerKey === undefined
        ? ['nodes', node.index, 'data', 'config', ...(place.path ?? [])]
        : ['triggerData', place.triggerKey],
    );
  }
  return { places, issuePaths, issues };
}

function isInput({ nodeType }: GraphNode): boolean {
  return nodeType !== undefined && nodeDefinition(nodeType)?.implementation.kind === 'input';
}

function placeOf(node: GraphNode, { path }: Iterator): IteratorPlace {
  const isValue = isInput(node) && (path === undefined || path.join('.') === 'value');
  if (!isValue) return { nodeId: node.id, path: path ?? [] };
  const { name } = node.config;
  return { nodeId: node.id, triggerKey: typeof name === 'string' && name !== '' ? name : node.id };
}

function faultOf(node: GraphNode, { path }: Iterator, index: number): GraphIssue | undefined {
  const fields = Object.keys(fieldsOf(node));
  const known = fields.length > 0 ? ` It has ${listOf(fields.map(quote))}.` : '';
  const at = ['iteratorConfigs', index, 'path'];
  if (path === undefined || path.length === 0) {
    if (isInput(node)) return undefined;
    const message = `"${node.id}" is no input node, so the field of its config that takes the values must be named.${known}`;
    return graphIssue(at, 'iterator_path_unknown', message, 'Give path, such as "prompt".');
  }
  const [field = ''] = path;
  if (fields.length === 0 || fields.includes(field)) return undefined;
  const message = `The config of "${node.id}" (${node.nodeType ?? 'no type'}) has no ${quote(field)}.${known}`;
  return graphIssue(at, 'iterator_path_unknown', message, 'Name one of its fields, or another node.');
}

function fieldsOf({ nodeType }: GraphNode): object {
  const definition = nodeType === undefined ? undefined : nodeDefinition(nodeType);
  return definition ? configShape(definition.config) : {};
}

function unknownNode(nodes: readonly GraphNode[], { nodeId }: Iterator, index: number): GraphIssue {
  const message = `There is no node ${quote(nodeId)}. The graph has ${listOf(nodes.map(({ id }) => quote(id)))}.`;
  return graphIssue(
    ['iteratorConfigs', index, 'nodeId'],
    'iterator_node_unknown',
    message,
    'Name a node of the graph.',
  );
}

function twice({ nodeId }: Iterator, index: number): GraphIssue {
  const message = `An iterator before it sets the same place of "${nodeId}".`;
  return graphIssue(['iteratorConfigs', index], 'iterator_place_taken', message, 'Leave one of them out.');
}
