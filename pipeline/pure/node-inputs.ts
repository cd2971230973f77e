import type {
  AssetReference,
  JsonValue,
  NodeInputs,
  NodeOutputs,
  PlanNode,
  PortValue,
} from '../../workflows/contract';
import { isList } from './values';

type JsonOrAsset = JsonValue | AssetReference;

/**
 * Values at a node's connected ports; `many` ports collect in edge order. What no source gives is left out, or is null
 * where places count.
 * @param outputsOf outputs of a finished node.
 */
export function collectInputs(
  node: Pick<PlanNode, 'inputs'>,
  outputsOf: (nodeId: string) => NodeOutputs | undefined,
): NodeInputs {
  const inputs: Record<string, PortValue> = {};
  const lists = new Map<string, JsonOrAsset[]>();
  for (const { port, many, sourceNodeId, sourcePort, spread, keepsPlace } of node.inputs) {
    const value = outputsOf(sourceNodeId)?.[sourcePort] ?? (many && keepsPlace ? null : undefined);
    if (value === undefined) continue;
    if (!many) inputs[port] = value;
    else if (!spread || !isList(value)) inputs[port] = collect(lists, port, value);
    else for (const item of value) if (item !== null || keepsPlace) inputs[port] = collect(lists, port, item);
  }
  return inputs;
}

/** A list that comes along an edge is one element, unless its port was declared as a list. */
function collect(lists: Map<string, JsonOrAsset[]>, port: string, value: PortValue): JsonOrAsset[] {
  const list = lists.get(port) ?? [];
  lists.set(port, list);
  list.push(value as JsonOrAsset);
  return list;
}
