import { z } from 'zod';
import { nodeConfig } from './node-config';
import { defineNode, type InputPort, type NodeDefinition, type OutputPort } from '../node-definition';

const text: InputPort = { type: 'text', required: true, orConfig: true, description: 'The text to work on.' };
const textField = z.string().optional().describe('Used when no edge brings a text.');
const textOut: Readonly<Record<string, OutputPort>> = { text: { type: 'text', description: 'The result.' } };

type Utility = Pick<NodeDefinition, 'label' | 'description' | 'config' | 'inputs' | 'outputs'>;

/** A node of which the function of the same name in pipeline/pure does the work. */
export function utilityNode(name: string, utility: Utility): NodeDefinition {
  return defineNode({
    type: `utility:${name}`,
    version: 1,
    ...utility,
    implementation: { kind: 'pure', function: name },
    expectedSeconds: 0,
    deterministic: true,
  });
}

const onText = (
  name: string,
  label: string,
  description: string,
  config: z.ZodRawShape = {},
): NodeDefinition =>
  utilityNode(name, {
    label,
    description,
    config: textConfig(config),
    inputs: { text },
    outputs: textOut,
  });

function textConfig(fields: z.ZodRawShape): NodeDefinition['config'] {
  return nodeConfig({ text: textField, ...fields });
}

const manyTexts: InputPort = {
  type: 'text',
  many: true,
  required: true,
  description: 'Any number of texts, joined in the order of their edges.',
};

export const textUtilityNodes: readonly NodeDefinition[] = [
  utilityNode('prompt_concat', {
    label: 'Prompt concatenation',
    description: 'Joins texts into one prompt, with a prefix and a suffix.',
    config: nodeConfig({
      separator: z.string().max(1_000).default(', '),
      prefix: z.string().default(''),
      suffix: z.string().default(''),
      skipEmpty: z.boolean().default(true).describe('Leave out texts that are blank.'),
    }),
    inputs: { texts: manyTexts },
    outputs: textOut,
  }),
  utilityNode('text_join', {
    label: 'Join texts',
    description: 'Joins texts with a separator between them.',
    config: nodeConfig({ separator: z.string().max(1_000).default('\n') }),
    inputs: { texts: manyTexts },
    outputs: textOut,
  }),
  utilityNode('text_template', {
    label: 'Text template',
    description: 'Fills {{name}} from a JSON object; like every text, it also takes ${…} templates.',
    config: nodeConfig({ template: z.string().min(1) }),
    inputs: {
      values: { type: 'json', description: 'Object whose fields {{name}} and {{name.deeper}} read.' },
    },
    outputs: textOut,
  }),
  onText('text_replace', 'Replace', 'Replaces a text by another one; no patterns.', {
    find: z.string().min(1).describe('Exactly this text.'),
    replaceWith: z.string().default(''),
    all: z.boolean().default(true).describe('Every occurrence, not only the first.'),
  }),
  onText('text_trim', 'Trim', 'Takes away white space at both ends.', {
    collapse: z.boolean().default(false).describe('Also make one space of every run of white space.'),
  }),
  onText('text_upper', 'Upper case', 'Makes all letters capital.'),
  onText('text_lower', 'Lower case', 'Makes all letters small.'),
  onText('text_truncate', 'Truncate', 'Shortens a text to a number of characters.', {
    length: z.number().int().min(1).max(1_000_000).describe('Characters, the ending included.'),
    ending: z.string().max(100).default('…').describe('Put at the end of a shortened text.'),
  }),
  onText('text_extract_between', 'Extract between', 'Takes the part between two marks.', {
    start: z.string().default('').describe('Empty: from the beginning.'),
    end: z.string().default('').describe('Empty: to the end.'),
    trim: z.boolean().default(true),
    required: z
      .boolean()
      .default(true)
      .describe('Fail when the marks are not there; else give an empty text.'),
  }),
  utilityNode('text_split', {
    label: 'Split',
    description: 'Makes a list of a text.',
    config: nodeConfig({
      text: textField,
      separator: z.string().min(1).default('\n'),
      trim: z.boolean().default(true),
      skipEmpty: z.boolean().default(true),
      limit: z
        .number()
        .int()
        .min(1)
        .max(1_000)
        .default(1_000)
        .describe('Items at most; the rest is dropped.'),
    }),
    inputs: { text },
    outputs: { items: { type: 'json', description: 'List of texts.' } },
  }),
  utilityNode('text_length', {
    label: 'Text length',
    description: 'Counts the characters of a text.',
    config: textConfig({}),
    inputs: { text },
    outputs: { number: { type: 'number', description: 'Characters.' } },
  }),
  utilityNode('text_contains', {
    label: 'Text contains',
    description: 'Says whether a text holds another one.',
    config: textConfig({ find: z.string().min(1), ignoreCase: z.boolean().default(true) }),
    inputs: { text },
    outputs: { boolean: { type: 'boolean', description: 'true when it is there.' } },
  }),
];
