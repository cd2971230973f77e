import { z } from 'zod';
import { defineNode, type NodePorts } from '../../node-definition';
import type { PortType } from '../../../workflows/contract';
import { nodeConfig } from '../node-config';

const portsFor = (type: PortType | 'any'): NodePorts => ({
  inputs: { value: { type, required: true, description: 'What is to be judged.' } },
  outputs: {
    approved: {
      type,
      mayBeAbsent: true,
      description: 'The value, or what was put in its place, when it is approved.',
    },
    rejected: { type, mayBeAbsent: true, description: 'The value, when it is rejected.' },
    timedOut: { type, mayBeAbsent: true, description: 'The value, when nobody has decided in time.' },
    comment: { type: 'text', description: 'What was said; may be empty.' },
    decision: { type: 'text', description: '`approve`, `reject`, `replace` or `timed_out`.' },
    score: { type: 'number', description: '1 when approved, else 0: the score of a refine group.' },
  },
});

export const review = defineNode({
  type: 'control:review',
  version: 1,
  label: 'Review',
  description:
    'Asks a person: approve, reject with a comment, or replace. Other branches go on meanwhile; it survives every restart.',
  config: nodeConfig({
    title: z.string().max(200).default('').describe('The label unless given.'),
    instructions: z.string().max(4_000).default('').describe('What to look at.'),
    timeoutSeconds: z
      .number()
      .int()
      .min(1)
      .max(31_536_000)
      .optional()
      .describe('Nobody is waited for longer.'),
    onTimeout: z
      .enum(['route', 'approve', 'reject'])
      .default('route')
      .describe('`route`: by the port `timedOut`; else as if a person had decided so.'),
  }),
  ...portsFor('any'),
  ports: ({ shapeInto }) => portsFor(shapeInto('value')?.type ?? 'text'),
  mainInput: 'value',
  implementation: { kind: 'review' },
  expectedSeconds: 0,
});
