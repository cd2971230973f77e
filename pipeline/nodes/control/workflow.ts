import { z } from 'zod';
import { defineNode, type InputPort, type NodePorts, type OutputPort } from '../../node-definition';
import { jsonValueSchema } from '../json-value';
import { nodeConfig } from '../node-config';

export const SUB_WORKFLOW_TYPE = 'control:workflow';

const value: OutputPort = {
  type: 'any',
  description: 'Each output of the workflow is a port of its name.',
};

export const subWorkflow = defineNode({
  type: SUB_WORKFLOW_TYPE,
  version: 1,
  label: 'Workflow',
  description:
    'A published workflow as a node: its inputs and outputs are the ports, its nodes are steps of this run. A run keeps the version that it began with.',
  config: nodeConfig({
    workflow: z
      .string()
      .regex(/^wf_[0-9a-f]{32}$/, 'the id of a saved workflow begins with wf_')
      .describe('Id of a saved workflow of the account.'),
    version: z
      .union([z.number().int().min(1), z.string().min(1).max(64)])
      .optional()
      .describe('Number or tag; what is published when the run begins unless given.'),
    inputs: z
      .record(z.string().min(1).max(64), jsonValueSchema)
      .default({})
      .describe('Values of inputs that no edge brings, by name, as triggerData has them.'),
  }),
  inputs: {},
  outputs: { value },
  implementation: {
    kind: 'group',
    control: 'workflow',
    givenBy: [],
    isSequence: false,
    iterations: () => ({ min: 1, max: 1 }),
    runsOnce: true,
  },
  expectedSeconds: 0,
});

/** What a workflow takes and gives, as the ports of a node: outside the inputs go in, inside the members take them. */
export function subWorkflowPorts(
  inputs: Readonly<Record<string, InputPort>>,
  outputs: Readonly<Record<string, OutputPort>>,
): Required<NodePorts> {
  const gives = Object.entries(inputs).map(([name, { type, description }]): [string, OutputPort] => [
    name,
    { type, description },
  ]);
  const takes = Object.entries(outputs).map(([name, { type, description }]): [string, InputPort] => [
    name,
    { type, description },
  ]);
  return {
    inputs,
    outputs,
    inner: { gives: Object.fromEntries(gives), takes: Object.fromEntries(takes) },
  };
}
