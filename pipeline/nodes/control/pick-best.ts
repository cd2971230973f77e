import { z } from 'zod';
import { defineNode, type NodePorts } from '../../node-definition';
import type { PortType } from '../../../workflows/contract';
import { nodeConfig } from '../node-config';

const portsFor = (type: PortType | 'any'): NodePorts => ({
  inputs: {
    candidates: {
      type,
      many: true,
      required: true,
      keepsPlaces: true,
      description: 'Variants, all of one type, or a list of them.',
    },
    scores: {
      type: 'number',
      many: true,
      keepsPlaces: true,
      description: 'One for each candidate, in the same order, such as the scores of judges.',
    },
  },
  outputs: {
    best: { type, mayBeAbsent: true, description: 'The best candidate.' },
    score: { type: 'number', mayBeAbsent: true, description: 'What it was chosen by.' },
    number: { type: 'number', mayBeAbsent: true, description: 'Its place among the candidates, from 1.' },
    none: { type: 'boolean', mayBeAbsent: true, description: 'true when no candidate was good enough.' },
  },
});

export const pickBest = defineNode({
  type: 'control:pick_best',
  version: 1,
  label: 'Pick the best',
  description:
    'Keeps the best of several variants, by score or by rule. A variant that failed or was skipped does not count.',
  config: nodeConfig({
    by: z
      .enum(['score', 'order', 'length', 'pixels', 'bytes', 'width', 'height', 'durationSeconds'])
      .default('score')
      .describe(
        '`score`: by the connected scores. `order`: the first that is there. Else a fact of the candidate itself.',
      ),
    prefer: z.enum(['highest', 'lowest']).default('highest'),
    minimumScore: z
      .number()
      .optional()
      .describe('Worse ones do not count; when all are, only `none` has a value and the rest is skipped.'),
  }),
  ...portsFor('any'),
  ports: ({ shapeInto }) => portsFor(shapeInto('candidates')?.type ?? 'text'),
  mainInput: 'candidates',
  implementation: { kind: 'pure', function: 'control_pick_best', passesReferences: true },
  expectedSeconds: 0,
  deterministic: true,
});
