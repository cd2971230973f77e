import { z } from 'zod';
import { defineNode, type InputPort, type NodeDefinition, type OutputPort } from '../node-definition';
import { jsonValueSchema } from './json-value';
import { nodeConfig } from './node-config';

type Port = 'text' | 'number' | 'json';
type Field = readonly [port: Port, description: string];

interface Utility {
  readonly label: string;
  readonly description: string;
  /** Ports that an edge or the config field of the same name serves. */
  readonly inputs: Readonly<Record<string, Field>>;
  readonly config?: z.ZodRawShape;
  readonly outputs: Readonly<Record<string, OutputPort>>;
}

const fields: Readonly<Record<Port, () => z.ZodType>> = {
  text: () => z.string(),
  number: () => z.number(),
  json: () => jsonValueSchema,
};

const text: Field = ['text', 'The text to work on.'];
const items: Field = ['json', 'A list.'];
const number: Field = ['number', 'The number to work on.'];
const ofText = { text };
const ofItems = { items };
const ofNumber = { number };
const textOut = { text: { type: 'text', description: 'The result.' } } as const;
const itemsOut = { items: { type: 'json', description: 'The list.' } } as const;
const numberOut = { number: { type: 'number', description: 'The result.' } } as const;
const booleanOut = { boolean: { type: 'boolean', description: 'true or false.' } } as const;
const jsonOut = { json: { type: 'json', description: 'The result.' } } as const;
const itemOut = {
  value: { type: 'json', description: 'The item.' },
  text: { type: 'text', description: 'The item as text.' },
} as const;

const path = z
  .string()
  .max(1_000)
  .default('')
  .describe('Field of each item, such as price or author.name; empty: the item itself.');
const seed = z.number().int().default(0).describe('The same seed chooses the same.');
const count = z.number().int().min(0).max(10_000);

const utilities: Readonly<Record<string, Utility>> = {
  pick_image: {
    label: 'Picture of a list',
    description: 'Takes one picture out of a list of pictures, such as tiles or frames.',
    inputs: { items: ['json', 'A list of pictures.'] },
    config: {
      index: z
        .number()
        .int()
        .min(-10_000)
        .max(10_000)
        .default(0)
        .describe('From 0; negative counts from the end.'),
    },
    outputs: { image: { type: 'image', description: 'The picture.' } },
  },
  text_slug: {
    label: 'Slug',
    description: 'Makes a text fit for a URL or a file name.',
    inputs: ofText,
    config: { length: count.min(1).default(80) },
    outputs: textOut,
  },
  text_strip_markdown: {
    label: 'Strip Markdown',
    description: 'Keeps the words of a Markdown text, such as for a voice.',
    inputs: ofText,
    outputs: textOut,
  },
  text_title_case: {
    label: 'Title case',
    description: 'Begins each word with a capital.',
    inputs: ofText,
    outputs: textOut,
  },
  text_reverse: {
    label: 'Reverse text',
    description: 'Writes a text backwards.',
    inputs: ofText,
    outputs: textOut,
  },
  text_repeat: {
    label: 'Repeat text',
    description: 'Writes a text several times.',
    inputs: ofText,
    config: { times: count.max(1_000).default(2), separator: z.string().max(100).default('') },
    outputs: textOut,
  },
  text_pad: {
    label: 'Pad text',
    description: 'Fills a text up to a length, such as 7 to 007.',
    inputs: ofText,
    config: {
      length: count.default(3),
      filler: z.string().min(1).max(10).default('0'),
      side: z.enum(['start', 'end']).default('start'),
    },
    outputs: textOut,
  },
  text_lines: {
    label: 'Lines of a text',
    description: 'Keeps some lines of a text.',
    inputs: ofText,
    config: {
      start: count.min(1).default(1).describe('From 1.'),
      count: count.min(1).optional().describe('All that follow unless given.'),
    },
    outputs: textOut,
  },
  text_count_words: {
    label: 'Word count',
    description: 'Counts the words of a text.',
    inputs: ofText,
    outputs: numberOut,
  },
  text_count: {
    label: 'Count in a text',
    description: 'Counts how often a text holds another one.',
    inputs: ofText,
    config: { find: z.string().min(1) },
    outputs: numberOut,
  },
  text_chunk: {
    label: 'Chunks of a text',
    description: 'Cuts a text into pieces at ends of words, such as for a model with a limit.',
    inputs: ofText,
    config: { length: count.min(1).default(2_000).describe('Characters of a piece, at most.') },
    outputs: itemsOut,
  },
  text_from_number: {
    label: 'Number to text',
    description: 'Writes a number with decimals and thousands, such as $1,234.50.',
    inputs: ofNumber,
    config: {
      decimals: count.max(10).default(0),
      thousands: z.string().max(3).default(','),
      point: z.string().max(3).default('.'),
      prefix: z.string().max(20).default(''),
      suffix: z.string().max(20).default(''),
    },
    outputs: textOut,
  },
  number_from_text: {
    label: 'Text to number',
    description: 'Reads a number from a text.',
    inputs: ofText,
    outputs: numberOut,
  },
  date_parts: {
    label: 'Parts of a date',
    description: 'Year, month, weekday and so on of a given date, in UTC.',
    inputs: ofText,
    outputs: { ...jsonOut, ...textOut },
  },
  list_sort: {
    label: 'Sort a list',
    description: 'Sorts by the items or a field of them: numbers by size, else by text.',
    inputs: ofItems,
    config: { path, descending: z.boolean().default(false) },
    outputs: itemsOut,
  },
  list_reverse: {
    label: 'Reverse a list',
    description: 'The last item first.',
    inputs: ofItems,
    outputs: itemsOut,
  },
  list_unique: {
    label: 'Unique items',
    description: 'Keeps the first of items that are the same.',
    inputs: ofItems,
    config: { path },
    outputs: itemsOut,
  },
  list_filter: {
    label: 'Filter a list',
    description: 'Keeps the items that pass a test.',
    inputs: ofItems,
    config: {
      path,
      operator: z
        .enum(['equals', 'not_equals', 'greater', 'less', 'contains', 'exists', 'is_empty'])
        .default('equals'),
      value: jsonValueSchema.optional(),
    },
    outputs: itemsOut,
  },
  list_pluck: {
    label: 'One field of a list',
    description: 'Makes a list of one field of each item.',
    inputs: ofItems,
    config: { path },
    outputs: itemsOut,
  },
  list_chunk: {
    label: 'Chunks of a list',
    description: 'Makes lists of a few items each.',
    inputs: ofItems,
    config: { size: count.min(1).default(10) },
    outputs: itemsOut,
  },
  list_flatten: {
    label: 'Flatten a list',
    description: 'Makes one list of lists.',
    inputs: ofItems,
    outputs: itemsOut,
  },
  list_zip: {
    label: 'Zip lists',
    description: 'Makes pairs {a, b} of two lists.',
    inputs: { a: ['json', 'A list.'], b: ['json', 'Another list.'] },
    outputs: itemsOut,
  },
  list_range: {
    label: 'Range',
    description: 'A list of numbers from one up to, not including, another.',
    inputs: {},
    config: { start: z.number().default(0), end: z.number().default(10), step: z.number().default(1) },
    outputs: itemsOut,
  },
  list_contains: {
    label: 'List contains',
    description: 'Says whether a value is in a list.',
    inputs: { items, value: ['json', 'The value.'] },
    outputs: booleanOut,
  },
  list_pick_random: {
    label: 'Random item',
    description: 'Chooses an item by a seed.',
    inputs: ofItems,
    config: { seed },
    outputs: itemOut,
  },
  list_shuffle: {
    label: 'Shuffle',
    description: 'Puts items into an order by a seed.',
    inputs: ofItems,
    config: { seed },
    outputs: itemsOut,
  },
  json_set: {
    label: 'Set in JSON',
    description: 'Puts a value at a path of an object.',
    inputs: { json: ['json', 'The object.'], value: ['json', 'The value.'] },
    config: { path: z.string().min(1).max(1_000).describe('Such as author.name.') },
    outputs: jsonOut,
  },
  json_keys: {
    label: 'Keys of JSON',
    description: 'Lists the keys of an object.',
    inputs: { json: ['json', 'The object.'] },
    outputs: itemsOut,
  },
  json_omit: {
    label: 'Omit from JSON',
    description: 'Leaves some fields of an object out.',
    inputs: { json: ['json', 'The object.'] },
    config: { keys: z.array(z.string().min(1).max(200)).max(200).default([]) },
    outputs: jsonOut,
  },
  math_power: {
    label: 'Power',
    description: 'a to the power of b.',
    inputs: { a: number, b: ['number', 'The exponent.'] },
    outputs: numberOut,
  },
  math_modulo: {
    label: 'Remainder',
    description: 'The remainder of a ÷ b, never negative for a positive b.',
    inputs: { a: number, b: ['number', 'The divisor.'] },
    outputs: numberOut,
  },
  math_absolute: {
    label: 'Absolute value',
    description: 'A number without its sign.',
    inputs: ofNumber,
    outputs: numberOut,
  },
  math_sum: {
    label: 'Sum of a list',
    description: 'Adds the numbers of a list.',
    inputs: ofItems,
    outputs: numberOut,
  },
  math_average: {
    label: 'Mean of a list',
    description: 'The mean of the numbers of a list.',
    inputs: ofItems,
    outputs: numberOut,
  },
  math_scale: {
    label: 'Scale a number',
    description: 'Moves a number from one range into another.',
    inputs: ofNumber,
    config: {
      fromMin: z.number().default(0),
      fromMax: z.number().default(1),
      toMin: z.number().default(0),
      toMax: z.number().default(100),
    },
    outputs: numberOut,
  },
  math_compare: {
    label: 'Compare numbers',
    description: 'Compares two numbers.',
    inputs: { a: number, b: ['number', 'The other number.'] },
    config: {
      operator: z.enum(['equal', 'greater', 'greater_or_equal', 'less', 'less_or_equal']).default('greater'),
    },
    outputs: booleanOut,
  },
  math_random: {
    label: 'Random number',
    description: 'A number between two bounds by a seed.',
    inputs: {},
    config: {
      seed,
      min: z.number().default(0),
      max: z.number().default(1),
      whole: z.boolean().default(false),
    },
    outputs: numberOut,
  },
};

export const moreUtilityNodes: readonly NodeDefinition[] = Object.entries(utilities).map(
  ([name, { label, description, inputs, config = {}, outputs }]) =>
    defineNode({
      type: `utility:${name}`,
      version: 1,
      label,
      description,
      config: nodeConfig({ ...configOf(inputs), ...config }),
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([port, [type, words]]): [string, InputPort] => [
          port,
          { type, required: true, orConfig: true, description: words },
        ]),
      ),
      outputs,
      implementation: { kind: 'pure', function: name },
      expectedSeconds: 0,
      deterministic: true,
    }),
);

function configOf(inputs: Utility['inputs']): z.ZodRawShape {
  return Object.fromEntries(
    Object.entries(inputs).map(([port, [type]]) => [
      port,
      fields[type]().optional().describe('Used when no edge brings it.'),
    ]),
  );
}
