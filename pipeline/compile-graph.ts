import type { CompileInput, CompileResult } from './compile-input';
import { GraphCompiler } from './compile/graph-compiler';
import { findInputSource, namedAssetId } from './compile/input-value';
import { asScopeObject, NameScope } from './compile/name-scope';
import { readGraph } from './graph';
import type { GraphIssue } from './graph-issue';
import { guardJson } from './json-guard';
import { valueType } from './node-definition';
import { nodeDefinition } from './nodes';

export type { CompileInput, CompileResult } from './compile-input';

/**
 * Compiles a posted graph to the plan that Temporal gets, or names every fault at once. Pure and total: it throws for
 * no input, and its time grows with nodes + edges + bytes.
 */
export function compileGraph(input: CompileInput): CompileResult {
  const guarded = guardInput(input);
  if (guarded.length > 0) return { ok: false, issues: guarded };
  return new GraphCompiler(input).compile();
}

/** More than any accepted graph has input nodes for; a larger one is refused anyway. */
const ASSET_IDS_MAX = 500;

/**
 * Ids of the assets that the graph's input nodes name, for the caller to fetch before `compileGraph`; at most 500.
 * Never throws: of a faulty graph it tells what can be told.
 */
export function collectAssetIds(graph: unknown, triggerData?: unknown): string[] {
  const trigger = asScopeObject(triggerData);
  if (!trigger || guardInput({ graph, triggerData }).length > 0) return [];
  const scope = new NameScope(trigger, {});
  const ids = new Set<string>();
  for (const node of readGraph(graph).nodes) {
    const definition = node.nodeType === undefined ? undefined : nodeDefinition(node.nodeType);
    if (definition?.implementation.kind !== 'input') continue;
    const [output] = Object.values(definition.outputs);
    const { value } = findInputSource(node, true, scope, node.config['value']);
    const assetId = output && namedAssetId(value, valueType(output.type));
    if (assetId !== undefined) ids.add(assetId);
  }
  return [...ids].slice(0, ASSET_IDS_MAX);
}

function guardInput(input: Pick<CompileInput, 'graph' | 'triggerData' | 'variables'>): GraphIssue[] {
  const graph = input.graph;
  const parts = typeof graph === 'object' && graph !== null ? graph : {};
  return [
    ...guardJson('nodes' in parts ? parts.nodes : null, ['nodes']),
    ...guardJson('edges' in parts ? parts.edges : null, ['edges']),
    ...guardJson(input.triggerData ?? null, ['triggerData']),
    ...guardJson(input.variables ?? null, ['variables']),
  ];
}
