import type {
  AssetReference,
  JsonValue,
  NodeInputs,
  NodeOutputs,
  PlanNode,
  PortValue,
} from '../../workflows/contract';

type JsonOrAsset = JsonValue | AssetReference;

/**
 * Values at a node's connected ports; `many` ports collect in edge order. What no source gives is left out.
 * @param outputsOf outputs of a finished node.
 */
export function collectInputs(
  node: Pick<PlanNode, 'inputs'>,
  outputsOf: (nodeId: string) => NodeOutputs | undefined,
): NodeInputs {
  const inputs: Record<string, PortValue> = {};
  const lists = new Map<string, JsonOrAsset[]>();
  for (const { port, many, sourceNodeId, sourcePort } of node.inputs) {
    const value = outputsOf(sourceNodeId)?.[sourcePort];
    if (value === undefined) continue;
    if (many) inputs[port] = collect(lists, port, value);
    else inputs[port] = value;
  }
  return inputs;
}

/** A list that comes along an edge is one element: lists are not flattened. */
function collect(lists: Map<string, JsonOrAsset[]>, port: string, value: PortValue): JsonOrAsset[] {
  const list = lists.get(port) ?? [];
  lists.set(port, list);
  list.push(value as JsonOrAsset);
  return list;
}
