import { z } from 'zod';
import { defineNode, type InputPort, type NodePorts, type PortContext } from '../../node-definition';
import { nodeConfig } from '../node-config';

const value: InputPort = { type: 'any', description: 'Passed on when the time is over.' };
const done = { type: 'boolean', description: 'true when the time is over.' } as const;

function portsOf({ shapeInto }: PortContext): NodePorts {
  const { type, list } = shapeInto('value') ?? { type: 'text' as const, list: false };
  return {
    inputs: { value: { ...value, type, ...(list ? { many: true } : {}) } },
    outputs: { value: { type, list, mayBeAbsent: true, description: 'The value.' }, done },
  };
}

export const delay = defineNode({
  type: 'control:delay',
  version: 1,
  label: 'Delay',
  description:
    'Waits, for seconds or for months, without holding anything; no crash or restart changes when it ends.',
  config: nodeConfig({
    seconds: z.number().min(0).max(31_536_000).default(0).describe('At most a year.'),
    until: z
      .string()
      .max(64)
      .optional()
      .describe('A time such as 2026-12-24T18:00:00Z, in place of seconds.'),
  }),
  inputs: { value },
  outputs: { value: { type: 'any', mayBeAbsent: true, description: 'The value.' }, done },
  ports: portsOf,
  mainInput: 'value',
  implementation: { kind: 'delay' },
  expectedSeconds: 0,
});
