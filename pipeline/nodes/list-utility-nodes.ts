import { z } from 'zod';
import { nodeConfig } from './node-config';
import type { InputPort, NodeDefinition } from '../node-definition';
import { jsonValueSchema } from './json-value';
import { utilityNode } from './text-utility-nodes';

const items: InputPort = { type: 'json', required: true, orConfig: true, description: 'A list.' };
const itemsField = z
  .array(jsonValueSchema)
  .max(10_000)
  .optional()
  .describe('Used when no edge brings a list.');
const itemOut = {
  value: { type: 'json', description: 'The item.' },
  text: { type: 'text', description: 'The item as text.' },
} as const;
const listOut = { items: { type: 'json', description: 'The list.' } } as const;

export const listUtilityNodes: readonly NodeDefinition[] = [
  utilityNode('list_collect', {
    label: 'Collect a list',
    description: 'Makes a list of several values: JSON first, then texts, each in edge order.',
    config: nodeConfig({}),
    inputs: {
      values: { type: 'json', many: true, description: 'Any number of JSON values.' },
      texts: { type: 'text', many: true, description: 'Any number of texts.' },
    },
    outputs: listOut,
  }),
  utilityNode('list_first', {
    label: 'First item',
    description: 'The first item of a list.',
    config: nodeConfig({ items: itemsField }),
    inputs: { items },
    outputs: itemOut,
  }),
  utilityNode('list_last', {
    label: 'Last item',
    description: 'The last item of a list.',
    config: nodeConfig({ items: itemsField }),
    inputs: { items },
    outputs: itemOut,
  }),
  utilityNode('list_item', {
    label: 'Item of a list',
    description: 'One item by its position.',
    config: nodeConfig({
      items: itemsField,
      index: z.number().int().min(-10_000).max(10_000).describe('From 0; negative counts from the end.'),
    }),
    inputs: { items },
    outputs: itemOut,
  }),
  utilityNode('list_slice', {
    label: 'Part of a list',
    description: 'Items from one position up to, not including, another.',
    config: nodeConfig({
      items: itemsField,
      start: z.number().int().default(0).describe('From 0; negative counts from the end.'),
      end: z.number().int().optional().describe('The end of the list unless given.'),
    }),
    inputs: { items },
    outputs: listOut,
  }),
  utilityNode('list_length', {
    label: 'List length',
    description: 'Counts the items of a list.',
    config: nodeConfig({ items: itemsField }),
    inputs: { items },
    outputs: { number: { type: 'number', description: 'Items.' } },
  }),
  utilityNode('list_join', {
    label: 'Join a list',
    description: 'Makes one text of a list.',
    config: nodeConfig({ items: itemsField, separator: z.string().max(1_000).default(', ') }),
    inputs: { items },
    outputs: { text: { type: 'text', description: 'The joined text.' } },
  }),
];
