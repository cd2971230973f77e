import type { JsonObject, JsonValue } from '../workflows/contract';
import { describeNode } from './catalog-entry';
import { nodeDefinitions } from './nodes';
import { isJsonObject, isList } from './pure/values';

/** Texts that the graphs of an account share. */
export interface SharedTexts {
  /** `${prompts.name}`. */
  readonly prompts: Readonly<Record<string, string>>;
  /** Appended to every negative prompt, in order. */
  readonly negatives: readonly string[];
}

const REFERENCE = /\$\{prompts\.([A-Za-z_]\w{0,63})/g;
const FIELD = 'negativePrompt';

/** Names in `${prompts.…}` anywhere in the graph. */
export function sharedPromptNames(graph: JsonObject): readonly string[] {
  const text = JSON.stringify(graph);
  if (!text.includes('${prompts.')) return [];
  return [...new Set([...text.matchAll(REFERENCE)].flatMap(([, name]) => name ?? []))];
}

/** Whether a node of the graph takes a negative prompt. */
export function takesNegatives(graph: JsonObject): boolean {
  return nodesOf(graph).some(isTaker);
}

/**
 * The graph with what it shares put in: an execution is pinned to the texts of its start, and shows them. A node says by
 * `data.sharedNegatives: false` that it wants none.
 */
export function withSharedTexts(graph: JsonObject, { prompts, negatives }: SharedTexts): JsonObject {
  const named = Object.fromEntries(
    sharedPromptNames(graph).flatMap((name) =>
      Object.hasOwn(prompts, name) ? [[name, prompts[name] ?? '']] : [],
    ),
  );
  const variables = isJsonObject(graph['variables']) ? graph['variables'] : {};
  const shared: JsonObject =
    Object.keys(named).length === 0 ? {} : { variables: { ...variables, prompts: named } };
  if (negatives.length === 0) return { ...graph, ...shared };
  return { ...graph, ...shared, nodes: nodesOf(graph).map((node) => appendNegatives(node, negatives)) };
}

function appendNegatives(node: JsonValue, negatives: readonly string[]): JsonValue {
  if (!isJsonObject(node) || !isJsonObject(node['data']) || !isTaker(node)) return node;
  const { data } = node;
  const config = isJsonObject(data['config']) ? data['config'] : {};
  const own = config[FIELD];
  if (own !== undefined && typeof own !== 'string') return node;
  const parts = [...(own === undefined || own.trim() === '' ? [] : [own]), ...negatives];
  return { ...node, data: { ...data, config: { ...config, [FIELD]: parts.join(', ') } } };
}

/** The catalog does not change while the process runs. */
let takers: ReadonlySet<string> | undefined;

function isTaker(node: JsonValue): boolean {
  if (!isJsonObject(node)) return false;
  const { data } = node;
  if (!isJsonObject(data) || data['sharedNegatives'] === false) return false;
  takers ??= new Set(nodeDefinitions.filter(hasField).map(({ type }) => type));
  const type = data['nodeType'] ?? node['nodeType'] ?? node['type'];
  return typeof type === 'string' && takers.has(type);
}

function hasField(definition: (typeof nodeDefinitions)[number]): boolean {
  const { properties } = describeNode(definition).config as { readonly properties?: object };
  return properties !== undefined && Object.hasOwn(properties, FIELD);
}

function nodesOf(graph: JsonObject): readonly JsonValue[] {
  const { nodes } = graph;
  return isList(nodes) ? nodes : [];
}
