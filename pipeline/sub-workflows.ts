import type { JsonObject, JsonValue } from '../workflows/contract';
import { defineApp, type PortsOfNode } from './app-definition';
import { readGraph, type GraphNode } from './graph';
import { guardJson } from './json-guard';
import type { InputPort, OutputPort } from './node-definition';
import { SUB_WORKFLOW_TYPE } from './nodes/control/workflow';
import { isJsonObject, isList, ownValue } from './pure/values';

/** A workflow that a node names, and its version by number or tag; undefined: the published one. */
export interface WorkflowReference {
  readonly workflowId: string;
  readonly version: number | string | undefined;
  /** Values that the node gives to inputs. */
  readonly inputs: JsonObject;
}

/** A version of a workflow, as a run that contains it is pinned to it. */
export interface PinnedWorkflow {
  readonly workflowId: string;
  readonly version: number;
  readonly tag: string;
  readonly name: string;
  /** With the texts that the account's graphs share put in. */
  readonly graph: JsonObject;
}

/** Why there is none: nothing of this id is the account's, it has no published version, or not this one. */
export type MissingWorkflow = 'unknown' | 'unpublished' | 'no_version' | 'too_many';

/** By `referenceKey`. */
export type SubWorkflows = ReadonlyMap<string, PinnedWorkflow | MissingWorkflow>;

export function referenceKey({
  workflowId,
  version,
}: Pick<WorkflowReference, 'workflowId' | 'version'>): string {
  return version === undefined ? workflowId : `${workflowId}@${version}`;
}

/** What a node names; undefined for nodes of other types, and where the config is not readable. */
export function readReference({ nodeType, config }: GraphNode): WorkflowReference | undefined {
  if (nodeType !== SUB_WORKFLOW_TYPE) return undefined;
  const workflowId = ownValue(config, 'workflow');
  const version = ownValue(config, 'version');
  const inputs = ownValue(config, 'inputs');
  if (typeof workflowId !== 'string') return undefined;
  return {
    workflowId,
    version: typeof version === 'number' || typeof version === 'string' ? version : undefined,
    inputs: isJsonObject(inputs) ? inputs : {},
  };
}

/** Workflows that the nodes of a graph name, for the caller to fetch before `compileGraph`. Never throws. */
export function collectWorkflowReferences({
  nodes,
}: {
  readonly nodes?: JsonValue;
}): readonly WorkflowReference[] {
  // Most graphs have none: they are not read twice for it.
  if (!isList(nodes) || !nodes.some(mayBeWorkflow) || guardJson(nodes).length > 0) return [];
  return readGraph({ nodes }).nodes.flatMap((node) => readReference(node) ?? []);
}

function mayBeWorkflow(node: unknown): boolean {
  if (!isJsonObject(node)) return false;
  const { data } = node;
  const types = [isJsonObject(data) ? data['nodeType'] : undefined, node['nodeType'], node['type']];
  return types.some((type) => typeof type === 'string' && type.trim() === SUB_WORKFLOW_TYPE);
}

/** An output of a workflow: the node and port that give it. */
export interface WorkflowOutput {
  readonly nodeId: string;
  readonly port: string;
  readonly output: OutputPort;
}

/** Outputs of workflows inside of workflows multiply; one more than this says that there are more. */
export const OUTPUTS_MAX = 100;

export interface WorkflowPorts {
  readonly inputs: Readonly<Record<string, InputPort>>;
  /** By name of the port. */
  readonly outputs: ReadonlyMap<string, WorkflowOutput>;
  /** Name of the input that each input node takes. */
  readonly inputNames: ReadonlyMap<string, string>;
}

/**
 * What a workflow takes and gives as a node: as it does as an app, with `_` for the dot in the name of an output, so that a
 * template can name it.
 * @param given - Names of inputs that have a value already.
 */
export function describeWorkflow(
  graph: JsonObject,
  workflows: SubWorkflows,
  given: JsonObject = {},
): WorkflowPorts {
  const { inputs, outputs } = defineApp(graph, portsOfWorkflows(workflows));
  const members = membersOf(graph);
  const described = inputs.map(({ name, type, label, required }): [string, InputPort] => {
    const isNeeded = required && !Object.hasOwn(given, name);
    return [name, { type, description: label, ...(isNeeded ? { required: true } : {}) }];
  });
  return {
    inputs: Object.fromEntries(described),
    inputNames: new Map(inputs.map(({ name, nodeId }) => [nodeId, name])),
    outputs: new Map(
      outputs
        .filter(({ nodeId }) => !members.has(nodeId))
        .slice(0, OUTPUTS_MAX + 1)
        .map(({ name, nodeId, port, type, label, list, mayBeAbsent }) => [
          name.replaceAll('.', '_'),
          {
            ...{ nodeId, port },
            output: {
              ...{ type, description: label },
              ...(list ? { list } : {}),
              ...(mayBeAbsent ? { mayBeAbsent } : {}),
            },
          },
        ]),
    ),
  };
}

/** They run once per iteration: what they make comes out by their group. */
function membersOf(graph: JsonObject): ReadonlySet<string> {
  const { nodes } = readGraph(graph);
  const ids = new Set(nodes.map(({ id }) => id));
  return new Set(
    nodes.flatMap(({ id, parentId }) => (parentId !== undefined && ids.has(parentId) ? [id] : [])),
  );
}

type Outputs = Readonly<Record<string, OutputPort>>;

/** Found out once for each workflow: one may stand in many places. */
const outputsKnown = new WeakMap<SubWorkflows, Map<string, Outputs>>();

/** Outputs of the nodes of a graph that are workflows. */
export function portsOfWorkflows(workflows: SubWorkflows): PortsOfNode {
  const known = outputsKnown.get(workflows) ?? new Map<string, Outputs>();
  outputsKnown.set(workflows, known);
  return (node) => {
    const reference = readReference(node);
    const nested = reference && workflows.get(referenceKey(reference));
    if (!reference || nested === undefined || typeof nested === 'string') return undefined;
    const key = referenceKey(reference);
    const found = known.get(key);
    if (found) return found;
    // One that contains itself, which the compiler refuses, gives nothing there.
    known.set(key, {});
    const { outputs } = describeWorkflow(nested.graph, workflows);
    const ports = Object.fromEntries([...outputs].map(([name, { output }]) => [name, output]));
    known.set(key, ports);
    return ports;
  };
}
