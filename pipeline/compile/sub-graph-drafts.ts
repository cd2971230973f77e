import type { JsonObject, NodeInputs, NodeOutputs, PlanInput, PortValue } from '../../workflows/contract';
import type { GraphEdge } from '../graph';
import type { InputPort, NodeDefinition, OutputPort, PortContext } from '../node-definition';
import { subWorkflowPorts } from '../nodes/control/workflow';
import { isJsonObject } from '../pure/values';
import type { WorkflowPorts } from '../sub-workflows';
import { nodePath, type DraftNode, type Findings } from './draft-node';
import type { SubGraph } from './expand-workflows';

/** The node type as it is for one workflow: with its name, its ports, and types as its nodes turn out to give them. */
export function definitionOf(definition: NodeDefinition, { workflow, ports }: SubGraph): NodeDefinition {
  const portsOf = ({ shapeTaken }: PortContext) => {
    const outputs = [...ports.outputs].map(([name, { output }]): [string, OutputPort] => {
      const shape = output.type === 'any' ? shapeTaken(name) : undefined;
      return [name, { ...output, ...(shape ? { type: shape.type } : {}) }];
    });
    return subWorkflowPorts(ports.inputs, Object.fromEntries(outputs));
  };
  const usual = portsOf({ config: {}, shapeInto: () => undefined, shapeTaken: () => undefined });
  return { ...definition, ...usual, label: workflow.name, ports: portsOf };
}

/** What workflows give, as if it were edges: for finding out the types. */
export function outputEdges(subGraphs: ReadonlyMap<string, SubGraph>): readonly GraphEdge[] {
  return [...subGraphs].flatMap(([id, { ports }]) =>
    [...ports.outputs].map(([name, { nodeId, port }]) => ({
      ...{ index: 0, source: `${id}/${nodeId}`, sourceHandle: port, target: id, targetHandle: name },
    })),
  );
}

/**
 * Connects what lies inside of a workflow with the node that stands for it, once that has its edges. An input that an edge
 * serves passes its value on; the others find theirs as in a run of their own.
 */
export function connectInside(
  draft: DraftNode,
  ports: WorkflowPorts,
  drafts: ReadonlyMap<string, DraftNode>,
): void {
  const connected = new Set(draft.inputs.map(({ port }) => port));
  for (const [name, { nodeId, port }] of ports.outputs) {
    const sourceNodeId = `${draft.id}/${nodeId}`;
    draft.taken.push({ port: name, many: false, sourceNodeId, sourcePort: port, whenMissing: 'none' });
  }
  for (const [nodeId, name] of ports.inputNames) {
    const member = drafts.get(`${draft.id}/${nodeId}`);
    if (member && connected.has(name)) passOn(member, draft, name);
  }
}

/** Its config only said where else to look for a value. */
function passOn(member: DraftNode, group: DraftNode, name: string): void {
  const { definition, posted } = member;
  const unconnected = { ...member };
  const [[port, { type }] = ['value', { type: 'any' as const }]] = Object.entries(definition.outputs);
  const inputs: Record<string, InputPort> = {
    [port]: { type, required: true, description: 'What comes from outside.' },
  };
  member.definition = {
    ...definition,
    inputs,
    implementation: { kind: 'pure', function: 'input_pass', passesReferences: true },
  };
  member.ports = { inputs, outputs: definition.outputs };
  member.posted = { ...posted, config: {} };
  member.passes = { group, name, unconnected };
  member.inputs.push(passedFrom(group, port, name));
}

function passedFrom({ id }: DraftNode, port: string, name: string): PlanInput {
  return { port, many: false, sourceNodeId: id, sourcePort: name };
}

/** Values that the node gives by its config go in before the run: what comes only then needs an edge. */
export function valuesGiven(draft: DraftNode, findings: Findings): JsonObject {
  for (const { path } of draft.templates) {
    const message = `${path.join('.')} of "${draft.id}" waits for another node.`;
    const fix = `Connect that node by an edge to the input's port instead.`;
    const place = nodePath(draft.posted, 'data', 'config', ...path);
    findings.add(place, 'template_reference_invalid', message, fix);
  }
  const inputs = draft.config['inputs'];
  return isJsonObject(inputs) ? inputs : {};
}

/** What a workflow gives at inputs to which an edge leads that brings nothing. */
export function defaultsOf(group: DraftNode, drafts: Iterable<DraftNode>): NodeOutputs {
  const values = [...drafts].flatMap(({ passes }): [string, PortValue][] =>
    passes?.group === group && passes.fallback !== undefined ? [[passes.name, passes.fallback]] : [],
  );
  return Object.fromEntries(values);
}

/** What is known before the run of the value that an input passes on. */
export function knownPassed(
  { passes, inputs: [own] }: DraftNode,
  knownInputs: (draft: DraftNode) => NodeInputs,
  port: string,
): PortValue | undefined {
  return passes && own?.port === port ? knownInputs(passes.group)[passes.name] : undefined;
}
