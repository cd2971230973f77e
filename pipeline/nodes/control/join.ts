import { defineNode, type InputPort, type PortContext } from '../../node-definition';
import { nodeConfig } from '../node-config';

const values: InputPort = {
  type: 'any',
  many: true,
  required: true,
  description: 'Ends of branches, all of one type.',
};

export const join = defineNode({
  type: 'control:join',
  version: 1,
  label: 'Join',
  description: 'Goes on with the first value, in edge order, of the branches that were taken.',
  config: nodeConfig({}),
  inputs: { values },
  outputs: { value: { type: 'any', description: 'That value.' } },
  ports: ({ shapeInto }: PortContext) => {
    const { type } = shapeInto('values') ?? { type: 'text' };
    return {
      inputs: { values: { ...values, type } },
      outputs: { value: { type, description: 'That value.' } },
    };
  },
  mainInput: 'values',
  implementation: { kind: 'pure', function: 'control_join', passesReferences: true },
  expectedSeconds: 0,
  deterministic: true,
});
