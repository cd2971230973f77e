import { z } from 'zod';
import { defineNode, type NodePorts, type NodeRequest, type PortContext } from '../../node-definition';
import { isList } from '../../pure/values';
import type { PortType } from '../../../workflows/contract';
import { jsonValueSchema } from '../json-value';
import { nodeConfig } from '../node-config';

const ITEMS_MAX = 200;
const itemTypes = ['text', 'number', 'boolean', 'json', 'image', 'video', 'audio', 'file'] as const;

const portsFor = (
  items: PortType | 'any',
  item: PortType | 'any',
  result: PortType | 'any',
): Required<NodePorts> => ({
  inputs: {
    items: {
      type: items,
      many: true,
      required: true,
      orConfig: true,
      description: 'The elements: a list, or several edges, in order.',
    },
  },
  outputs: {
    results: {
      type: result,
      list: true,
      description: 'What each element became, in order; null where it failed.',
    },
    scores: { type: 'number', list: true, mayBeAbsent: true, description: 'The score of each element.' },
    count: { type: 'number', description: 'Elements.' },
    failedCount: { type: 'number', description: 'Elements that failed; 0 unless `allowPartial` is set.' },
  },
  inner: {
    gives: {
      item: { type: item, description: 'The element.' },
      number: { type: 'number', description: 'Its place in the list, from 1.' },
    },
    takes: {
      result: { type: result, required: true, description: 'What the element became.' },
      score: { type: 'number', description: 'A number of it, for `scores`.' },
    },
  },
});

function portsOf({ config, shapeInto, shapeTaken }: PortContext): NodePorts {
  const into = shapeInto('items')?.type ?? 'json';
  const wanted = itemTypes.find((type) => type === config['itemType']);
  return portsFor(into, wanted ?? into, shapeTaken('result')?.type ?? 'any');
}

/** Known when the list is. */
function countItems({ config, inputs }: NodeRequest): { readonly min: number; readonly max: number } {
  const items = inputs['items'] ?? config['items'];
  if (isList(items)) {
    const count = items.reduce<number>((sum, item) => sum + (isList(item) ? item.length : 1), 0);
    return { min: count, max: count };
  }
  return { min: 1, max: Number(config['limit']) };
}

export const map = defineNode({
  type: 'control:map',
  version: 1,
  label: 'For each',
  description:
    'A group that runs once for each element of a list, several at a time; results keep the order of the list.',
  config: nodeConfig({
    items: z.array(jsonValueSchema).max(ITEMS_MAX).optional().describe('Used when no edge brings a list.'),
    itemType: z
      .enum(itemTypes)
      .optional()
      .describe(
        'What members get as `item`; the type of what is connected unless given. Elements of a JSON list that are texts: `text`.',
      ),
    limit: z
      .number()
      .int()
      .min(1)
      .max(ITEMS_MAX)
      .default(20)
      .describe(
        'A longer list fails before anything of it is paid; the highest price of the quote counts with it.',
      ),
    concurrency: z.number().int().min(1).max(50).default(5).describe('Elements at a time.'),
    allowPartial: z
      .boolean()
      .default(false)
      .describe('Go on when elements fail, with null in their places, unless all do.'),
  }),
  ...portsFor('any', 'any', 'any'),
  ports: portsOf,
  mainInput: 'items',
  implementation: {
    kind: 'group',
    control: 'map',
    givenBy: ['items', 'itemType'],
    isSequence: false,
    iterations: countItems,
  },
  expectedSeconds: 0,
});
