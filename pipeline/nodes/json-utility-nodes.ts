import { z } from 'zod';
import { nodeConfig } from './node-config';
import type { InputPort, NodeDefinition } from '../node-definition';
import { jsonValueSchema } from './json-value';
import { utilityNode } from './text-utility-nodes';

const json: InputPort = { type: 'json', required: true, orConfig: true, description: 'The JSON to work on.' };
const jsonField = jsonValueSchema.optional().describe('Used when no edge brings JSON.');
const jsonOut = { json: { type: 'json', description: 'The result.' } } as const;

export const jsonUtilityNodes: readonly NodeDefinition[] = [
  utilityNode('json_parse', {
    label: 'Parse JSON',
    description: 'Reads JSON from a text, such as the answer of a language model.',
    config: nodeConfig({
      text: z.string().optional().describe('Used when no edge brings a text.'),
      findInText: z.boolean().default(true).describe('If the text holds a fenced block, read that block.'),
    }),
    inputs: { text: { type: 'text', required: true, orConfig: true, description: 'Text that is JSON.' } },
    outputs: jsonOut,
  }),
  utilityNode('json_stringify', {
    label: 'JSON to text',
    description: 'Writes JSON as a text.',
    config: nodeConfig({ json: jsonField, indent: z.number().int().min(0).max(8).default(0) }),
    inputs: { json },
    outputs: { text: { type: 'text', description: 'The JSON as text.' } },
  }),
  utilityNode('json_get', {
    label: 'Get from JSON',
    description: 'Takes one value out of JSON by its path.',
    config: nodeConfig({
      json: jsonField,
      path: z.string().max(1_000).describe('Such as scenes.0.title or scenes[0].title; empty: everything.'),
      fallback: jsonValueSchema
        .optional()
        .describe('Used when there is no such place; without it that is an error.'),
    }),
    inputs: { json },
    outputs: {
      value: { type: 'json', description: 'The value.' },
      text: { type: 'text', description: 'The value as text.' },
    },
  }),
  utilityNode('json_pick', {
    label: 'Pick from JSON',
    description: 'Keeps some fields of an object.',
    config: nodeConfig({ json: jsonField, keys: z.array(z.string().min(1).max(200)).min(1).max(200) }),
    inputs: { json },
    outputs: jsonOut,
  }),
  utilityNode('json_merge', {
    label: 'Merge JSON',
    description: 'Puts the fields of several objects into one; later edges win.',
    config: nodeConfig({}),
    inputs: { objects: { type: 'json', many: true, required: true, description: 'Objects, in edge order.' } },
    outputs: jsonOut,
  }),
  utilityNode('json_build', {
    label: 'Build JSON',
    description: 'JSON written in config; its texts take ${…} templates.',
    config: nodeConfig({ json: jsonValueSchema }),
    inputs: {},
    outputs: jsonOut,
  }),
];
