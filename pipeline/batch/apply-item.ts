import { isJsonObject, isList } from '../pure/values';
import type { JsonObject, JsonValue } from '../../workflows/contract';
import type { IteratorPlace } from './iterators';

export interface RunSource {
  readonly graph: JsonObject;
  readonly triggerData: JsonObject;
}

/**
 * What an item runs: the batch's graph and triggerData with the item's values at their places. A value is data: what looks
 * like a template in it is written so that it stays text.
 */
export function applyItem(
  { graph, triggerData }: RunSource,
  places: readonly IteratorPlace[],
  values: readonly JsonValue[],
): RunSource {
  const trigger: Record<string, JsonValue> = { ...triggerData };
  let nodes: JsonValue = graph['nodes'] ?? [];
  for (const [index, place] of places.entries()) {
    const value = values[index] ?? null;
    if (place.triggerKey !== undefined) trigger[place.triggerKey] = value;
    else nodes = withConfigValue(nodes, place, asText(value));
  }
  return { graph: { ...graph, nodes }, triggerData: trigger };
}

function withConfigValue(
  nodes: JsonValue,
  { nodeId, path = [] }: IteratorPlace,
  value: JsonValue,
): JsonValue {
  if (!isList(nodes)) return nodes;
  return nodes.map((node) => {
    if (!isJsonObject(node) || node['id'] !== nodeId) return node;
    const data = isJsonObject(node['data']) ? node['data'] : {};
    return { ...node, data: { ...data, config: withValue(data['config'], path, value) } };
  });
}

/** Lists are entered by their indexes; what is missing on the way becomes an object. */
function withValue(target: JsonValue | undefined, path: readonly string[], value: JsonValue): JsonValue {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (isList(target) && /^\d+$/.test(key)) {
    return target.map((each, index) => (index === Number(key) ? withValue(each, rest, value) : each));
  }
  const object = isJsonObject(target) ? target : {};
  return { ...object, [key]: withValue(object[key], rest, value) };
}

function asText(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${');
  if (isList(value)) return value.map((each) => asText(each));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asText(each)]));
}
