import { createHash } from 'node:crypto';
import type { JsonValue, NodeWork, PlanChange, PlanInput, PlanTemplate } from '../workflows/contract';
import { isAssetReference, isJsonObject, isList } from './pure/values';

/** What decides a node's result. Its id, label, position, limits and retries do not. */
export interface NodeIdentity {
  readonly nodeType: string;
  readonly nodeTypeVersion: number;
  /** Resolved: the trigger values and variables that it names are in it. */
  readonly config: JsonValue;
  readonly templates: readonly PlanTemplate[];
  /** Of input nodes: the value or URL they bring in. */
  readonly work: NodeWork | undefined;
  /** `data.providers` as given: who serves a node is part of what it makes. */
  readonly providers: readonly string[];
  readonly inputs: readonly PlanInput[];
  readonly changes: readonly ChangeIdentity[];
  /** Of a group: its members, and what they bring to it. */
  readonly members?: readonly string[];
  readonly taken?: readonly PlanInput[];
}

/** Like `providers`, its model counts as given, not what it comes to with the credentials at hand. */
type ChangeIdentity = Omit<PlanChange, 'candidates'> & { readonly model: string | undefined };

/**
 * Hex SHA-256 of a node's identity, in which upstream nodes stand by their own keys, so that renaming a node changes
 * nothing and changing one changes all that follow it.
 * @param keyOf key of an upstream node; it has one, since keys are made in topological order.
 */
export function computeNodeKey(identity: NodeIdentity, keyOf: (nodeId: string) => string): string {
  const { nodeType, nodeTypeVersion, config, templates, work, providers, inputs, changes } = identity;
  const { members, taken = [] } = identity;
  const edgesOf = (those: readonly PlanInput[]) =>
    those.map(({ port, sourceNodeId, sourcePort }) => [port, keyOf(sourceNodeId), sourcePort]);
  const placesOf = (those: readonly PlanTemplate[]): JsonValue =>
    those.map(({ path, parts }) => [
      [...path],
      parts.map((part) =>
        part.kind === 'text' ? part.text : [keyOf(part.nodeId), part.port, [...part.path]],
      ),
    ]);
  const brought =
    work?.kind === 'import' ? { url: work.url } : work?.kind === 'value' ? asJson(work.outputs) : null;
  const content: JsonValue = {
    nodeType,
    nodeTypeVersion,
    // Of an input node only what it brings in counts, not the name it looks for.
    config: work ? null : config,
    places: placesOf(templates),
    brought,
    providers: [...providers],
    // Absent without changes: so the keys of nodes that have none stay what they were.
    ...(changes.length > 0 ? { changes: changes.map((change) => changeContent(change, placesOf)) } : {}),
    // Order matters within a port, not between ports.
    edges: sortByPort(edgesOf(inputs)),
    ...(members ? { members: members.map(keyOf).toSorted(), taken: sortByPort(edgesOf(taken)) } : {}),
  };
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

function changeContent(
  { on, config, templates, model, replacedInputs }: ChangeIdentity,
  placesOf: (templates: readonly PlanTemplate[]) => JsonValue,
): JsonValue {
  return {
    on: [...on],
    config,
    places: placesOf(templates),
    model: model ?? null,
    replacedInputs: [...replacedInputs],
  };
}

/** JSON with the keys of each object in order; stored bytes count by their digest, not by the id of one upload. */
export function canonicalJson(value: JsonValue): string {
  if (isAssetReference(value))
    return `{"type":${JSON.stringify(value.type)},"sha256":${JSON.stringify(value.sha256)}}`;
  if (isList(value)) return `[${value.map((item) => canonicalJson(asJson(item))).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`).join(',')}}`;
}

function sortByPort(edges: readonly (readonly string[])[]): JsonValue {
  const port = (edge: readonly string[]): string => edge[0] ?? '';
  return [...edges].sort((left, right) => (port(left) < port(right) ? -1 : port(left) > port(right) ? 1 : 0));
}

/** Outputs of an input node are JSON values and references. */
function asJson(value: unknown): JsonValue {
  return value as JsonValue;
}
