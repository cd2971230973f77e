import { z } from 'zod';
import { defineNode, type NodePorts, type OutputPort, type PortContext } from '../../node-definition';
import { isJsonObject, isList } from '../../pure/values';
import type { JsonValue, PortType } from '../../../workflows/contract';
import { jsonValueSchema } from '../json-value';
import { nodeConfig } from '../node-config';

const parameterName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/);
const ownNames: readonly string[] = ['round', 'feedback', 'best', 'bestScore'];

const portsFor = (
  result: PortType | 'any',
  varied: Readonly<Record<string, OutputPort>>,
): Required<NodePorts> => ({
  inputs: {},
  outputs: {
    result: { type: result, description: 'The best result.' },
    score: { type: 'number', description: 'Its score.' },
    round: { type: 'number', description: 'The round that made it, from 1.' },
    rounds: { type: 'number', description: 'Rounds that were made.' },
    reached: { type: 'boolean', description: 'Whether its score was good enough.' },
  },
  inner: {
    gives: {
      ...varied,
      round: { type: 'number', description: 'This round, from 1.' },
      feedback: {
        type: 'text',
        description: 'What the round before brought as feedback; empty in the first.',
      },
      best: {
        type: result,
        mayBeAbsent: true,
        description: 'The best result so far; none in the first round.',
      },
      bestScore: { type: 'number', mayBeAbsent: true, description: 'Its score.' },
    },
    takes: {
      result: { type: result, required: true, description: 'What this round has made.' },
      score: { type: 'number', required: true, description: 'How good it is, such as a judge’s score.' },
      feedback: { type: 'text', many: true, description: 'For the next round: reasons, comments.' },
    },
  },
});

function portsOf({ config, shapeTaken }: PortContext): NodePorts {
  const vary = isJsonObject(config['vary']) ? config['vary'] : {};
  const varied = Object.entries(vary).map(([name, values]): [string, OutputPort] => [
    name,
    { type: typeOfAll(values), description: `The value of "${name}" in this round.` },
  ]);
  return portsFor(shapeTaken('result')?.type ?? 'any', Object.fromEntries(varied));
}

function typeOfAll(values: JsonValue | undefined): PortType {
  const types = new Set((isList(values) ? values : []).map((value) => typeof value));
  const [only] = types;
  if (types.size !== 1) return 'json';
  return only === 'number' || only === 'boolean' ? only : only === 'string' ? 'text' : 'json';
}

export const refine = defineNode({
  type: 'control:refine',
  version: 1,
  label: 'Refine',
  description:
    'A group that is repeated until its score is good enough, or its rounds or its budget are used up. The best round’s result counts.',
  config: nodeConfig({
    rounds: z.number().int().min(1).max(20).default(3).describe('At most.'),
    threshold: z.number().optional().describe('Good enough; without it every round is made.'),
    goal: z.enum(['highest', 'lowest']).default('highest'),
    budgetCredits: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('No further round begins that would go over it, judged by the dearest round so far.'),
    vary: z
      .record(
        parameterName.refine(
          (name) => !ownNames.includes(name),
          'the group gives a port of that name already',
        ),
        z.array(jsonValueSchema).min(1).max(20),
      )
      .default({})
      .describe(
        'Parameters per round: {"seed": [1, 2, 3]} gives `seed` to the members, the last value from then on.',
      ),
    allowPartial: z.boolean().default(false).describe('A failed round counts as a try and no more.'),
  }),
  ...portsFor('any', {}),
  ports: portsOf,
  implementation: {
    kind: 'group',
    control: 'refine',
    givenBy: ['vary', 'goal'],
    isSequence: true,
    iterations: ({ config }) => ({ min: 1, max: Number(config['rounds']) }),
  },
  expectedSeconds: 0,
});
