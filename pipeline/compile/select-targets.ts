import type { GraphNode, ReadGraph } from '../graph';
import { parseTemplate, TemplateError } from '../pure/templates';
import { isJsonObject, isList } from '../pure/values';
import type { Findings } from './draft-node';
import { nearest } from './nearest';

/**
 * The targets and all they need, by edges and by `${nodes.…}`: so that one step of a half-built graph can be tried.
 * @returns ids; all steps when no targets are given.
 */
export function selectTargets(
  graph: ReadGraph,
  targetNodeIds: readonly string[] | undefined,
  findings: Findings,
): ReadonlySet<string> {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  if (!targetNodeIds || targetNodeIds.length === 0) return new Set(nodes.keys());
  const sources = sourcesByTarget(graph);
  const selected = new Set<string>();
  const open = targetNodeIds.filter((id, index) => isStep(id, index, nodes, graph, findings));
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (selected.has(id)) continue;
    selected.add(id);
    const node = nodes.get(id);
    open.push(...(sources.get(id) ?? []).filter((source) => nodes.has(source)));
    if (node) open.push(...templateSources(node).filter((source) => nodes.has(source)));
    open.push(...relatives(id, graph));
  }
  return selected;
}

/** A member runs only in its group, and a group only with all of its members. */
function relatives(id: string, { nodes }: ReadGraph): readonly string[] {
  const ids = new Set(nodes.map((node) => node.id));
  const members = nodes.filter(({ parentId }) => parentId === id).map((node) => node.id);
  const parent = nodes.find((node) => node.id === id)?.parentId;
  return parent !== undefined && ids.has(parent) ? [...members, parent] : members;
}

function isStep(
  id: string,
  index: number,
  nodes: ReadonlyMap<string, GraphNode>,
  graph: ReadGraph,
  findings: Findings,
): boolean {
  if (nodes.has(id)) return true;
  if (graph.faultyIds.has(id)) return false;
  const meant = nearest(id, nodes.keys());
  const fix = meant ? `Did you mean "${meant}"?` : 'Name the id of a step of this graph.';
  findings.add(['targetNodeIds', index], 'target_unknown', `There is no step "${id.slice(0, 80)}".`, fix);
  return false;
}

function sourcesByTarget(graph: ReadGraph): ReadonlyMap<string, readonly string[]> {
  const sources = new Map<string, string[]>();
  for (const { source, target } of graph.edges) {
    const known = sources.get(target);
    if (known) known.push(source);
    else sources.set(target, [source]);
  }
  return sources;
}

/** Faulty templates are reported by the resolver, not here. */
function templateSources(node: GraphNode): string[] {
  const sources: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === 'string') sources.push(...referencedNodes(value));
    else if (isList(value)) value.forEach(visit);
    else if (isJsonObject(value)) Object.values(value).forEach(visit);
  };
  visit(node.config);
  return sources;
}

function referencedNodes(text: string): string[] {
  try {
    return parseTemplate(text).flatMap((part) => (part.kind === 'reference' ? [part.nodeId] : []));
  } catch (error) {
    if (error instanceof TemplateError) return [];
    throw error;
  }
}
