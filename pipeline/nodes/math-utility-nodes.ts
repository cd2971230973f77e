import { z } from 'zod';
import { nodeConfig } from './node-config';
import type { InputPort, NodeDefinition } from '../node-definition';
import { utilityNode } from './text-utility-nodes';

const numberOut = { number: { type: 'number', description: 'The result.' } } as const;
const numberField = z.number().optional().describe('Used when no edge brings a number.');
const operand = (description: string): InputPort => ({
  type: 'number',
  required: true,
  orConfig: true,
  description,
});

const ofTwo = (name: string, label: string, description: string): NodeDefinition =>
  utilityNode(name, {
    label,
    description,
    config: nodeConfig({ a: numberField, b: numberField }),
    inputs: { a: operand('First number.'), b: operand('Second number.') },
    outputs: numberOut,
  });

const ofMany = (name: string, label: string, description: string): NodeDefinition =>
  utilityNode(name, {
    label,
    description,
    config: nodeConfig({}),
    inputs: {
      numbers: { type: 'number', many: true, required: true, description: 'Any number of numbers.' },
    },
    outputs: numberOut,
  });

export const mathUtilityNodes: readonly NodeDefinition[] = [
  ofTwo('math_add', 'Add', 'a + b'),
  ofTwo('math_subtract', 'Subtract', 'a − b'),
  ofTwo('math_multiply', 'Multiply', 'a × b'),
  ofTwo('math_divide', 'Divide', 'a ÷ b; an error when b is 0.'),
  ofMany('math_min', 'Minimum', 'The least of several numbers.'),
  ofMany('math_max', 'Maximum', 'The greatest of several numbers.'),
  utilityNode('math_round', {
    label: 'Round',
    description: 'Rounds to a number of decimals.',
    config: nodeConfig({
      number: numberField,
      decimals: z.number().int().min(0).max(10).default(0),
      mode: z.enum(['nearest', 'up', 'down']).default('nearest'),
    }),
    inputs: { number: operand('The number to round.') },
    outputs: numberOut,
  }),
  utilityNode('math_clamp', {
    label: 'Clamp',
    description: 'Keeps a number between two bounds.',
    config: nodeConfig({ number: numberField, min: z.number(), max: z.number() }),
    inputs: { number: operand('The number to keep within bounds.') },
    outputs: numberOut,
  }),
];
