import type { JsonObject, JsonValue } from '../workflows/contract';
import { readGraph, type GraphNode } from './graph';
import type { OutputPort } from './node-definition';
import { nodeDefinition } from './nodes';
import { isJsonObject, ownValue } from './pure/values';

type PortType = OutputPort['type'];

/** One value that a published app takes. */
export interface AppInput {
  /** Key of triggerData. */
  readonly name: string;
  readonly nodeId: string;
  readonly type: PortType;
  readonly label: string;
  /** The graph has no value of its own. */
  readonly required: boolean;
  readonly default?: JsonValue;
}

/** One value that a published app gives. */
export interface AppOutput {
  readonly name: string;
  readonly nodeId: string;
  readonly port: string;
  readonly type: PortType;
  readonly label: string;
  readonly list?: boolean;
  readonly mayBeAbsent?: boolean;
}

export interface AppDefinition {
  readonly inputs: readonly AppInput[];
  readonly outputs: readonly AppOutput[];
}

/** Ports of a node that its type alone does not tell; undefined: as the type says. */
export type PortsOfNode = (node: GraphNode) => Readonly<Record<string, OutputPort>> | undefined;

/**
 * What a graph takes and gives when it is called as an app. Inputs are its `input:*` nodes by `config.name`, else their id.
 * Outputs are the nodes whose `data.output` names them; where none does, all whose outputs nobody takes, by their id. A node
 * with several ports gives each as `name.port`.
 */
export function defineApp(graph: JsonObject, portsOf: PortsOfNode = () => undefined): AppDefinition {
  const { nodes, edges } = readGraph(graph);
  const inputs = nodes.flatMap(toInput);
  const named = nodes.filter((node) => nameOfOutput(node) !== undefined);
  const parents = new Map(nodes.map(({ id, parentId }) => [id, parentId]));
  // What a group gives to its own members does not make it less of an end.
  const sources = new Set(
    edges.flatMap(({ source, target }) => (isInside(target, source, parents) ? [] : source)),
  );
  const last = nodes.filter((node) => !sources.has(node.id) && !isInput(node));
  const outputs = (named.length > 0 ? named : last).flatMap((node) => toOutputs(node, portsOf(node)));
  return { inputs, outputs };
}

/** A parent may be named in a circle by mistake: each is passed once. */
function isInside(id: string, group: string, parents: ReadonlyMap<string, string | undefined>): boolean {
  const passed = new Set<string>();
  for (
    let parent = parents.get(id);
    parent !== undefined && !passed.has(parent);
    parent = parents.get(parent)
  ) {
    if (parent === group) return true;
    passed.add(parent);
  }
  return false;
}

function isInput({ nodeType = '' }: GraphNode): boolean {
  return nodeDefinition(nodeType)?.implementation.kind === 'input';
}

function toInput(node: GraphNode): readonly AppInput[] {
  const definition = nodeDefinition(node.nodeType ?? '');
  const [output] = Object.values(definition?.outputs ?? {});
  if (definition?.implementation.kind !== 'input' || output === undefined) return [];
  const name = ownValue(node.config, 'name');
  const value = ownValue(node.config, 'value') as JsonValue | undefined;
  const given = value === undefined ? { required: true } : { required: false, default: value };
  return [
    {
      name: typeof name === 'string' && name !== '' ? name : node.id,
      ...{ nodeId: node.id, type: output.type, label: node.label ?? definition.label, ...given },
    },
  ];
}

function toOutputs(node: GraphNode, own: ReturnType<PortsOfNode>): readonly AppOutput[] {
  const definition = nodeDefinition(node.nodeType ?? '');
  const ports = Object.entries(own ?? definition?.outputs ?? {});
  const base = nameOfOutput(node) ?? node.id;
  return ports.map(([port, { type, list, mayBeAbsent }]) => ({
    name: ports.length === 1 ? base : `${base}.${port}`,
    ...{ nodeId: node.id, port, type, label: node.label ?? definition?.label ?? node.id },
    ...(list ? { list } : {}),
    ...(mayBeAbsent ? { mayBeAbsent } : {}),
  }));
}

function nameOfOutput({ data }: GraphNode): string | undefined {
  const name = data['output'];
  return typeof name === 'string' && /^\w{1,64}$/.test(name) ? name : undefined;
}

const MEDIA_SCHEMA: JsonObject = {
  description: 'A URL, or an asset of the account.',
  anyOf: [
    { type: 'string', format: 'uri' },
    { type: 'object', properties: { url: { type: 'string', format: 'uri' } }, required: ['url'] },
    { type: 'object', properties: { assetId: { type: 'string' } }, required: ['assetId'] },
  ],
};

const OUTPUT_SCHEMA: JsonObject = {
  type: 'object',
  properties: { assetId: { type: 'string' }, url: { type: 'string' }, mimeType: { type: 'string' } },
  required: ['assetId', 'url', 'mimeType'],
};

/** JSON Schema of what an input takes. */
export function inputSchema({ type, label, default: value }: AppInput): JsonObject {
  const scalars: readonly PortType[] = ['text', 'number', 'boolean', 'json', 'any'];
  const base = scalars.includes(type) ? scalarSchema(type) : MEDIA_SCHEMA;
  return { title: label, ...base, ...(value === undefined ? {} : { default: value }) };
}

/** JSON Schema of what an output gives; long text and JSON come as an asset. */
export function outputSchema({ list, ...output }: AppOutput): JsonObject {
  const { title, ...items } = oneSchema(output);
  return list ? { title: output.label, type: 'array', items } : { title: title ?? output.label, ...items };
}

function oneSchema({ type, label }: AppOutput): JsonObject {
  const scalar = type === 'number' || type === 'boolean' ? scalarSchema(type) : undefined;
  if (scalar !== undefined) return { title: label, ...scalar };
  if (type === 'any') return { title: label };
  if (type === 'text' || type === 'json') return { title: label, anyOf: [scalarSchema(type), OUTPUT_SCHEMA] };
  return { title: label, ...OUTPUT_SCHEMA };
}

function scalarSchema(type: PortType): JsonObject {
  return type === 'json' || type === 'any' ? {} : { type: type === 'text' ? 'string' : type };
}

/** The named outputs of an execution that has come so far; what is not there yet is left out. */
export function appOutputs(
  { outputs }: AppDefinition,
  outputsOf: (nodeId: string) => Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, nodeId, port } of outputs) {
    const found = outputsOf(nodeId);
    const value = isJsonObject(found) ? ownValue(found, port) : undefined;
    if (value !== undefined) values[name] = value;
  }
  return values;
}
