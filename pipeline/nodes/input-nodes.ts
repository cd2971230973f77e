import { z } from 'zod';
import { nodeConfig } from './node-config';
import type { PortType } from '../../workflows/contract';
import { defineNode, type NodeDefinition } from '../node-definition';
import { jsonValueSchema } from './json-value';

const name = z
  .string()
  .min(1)
  .max(64)
  .optional()
  .describe('Key of triggerData that this node reads; the node id unless given.');

/** Media come as a URL, as {url}, or as {assetId} of an uploaded asset. */
const mediaSource = z.union([
  z.string().min(1).max(2_048),
  z.strictObject({ url: z.string().min(1).max(2_048) }),
  z.looseObject({ assetId: z.string().min(1).max(100) }),
]);

const labels: Readonly<Record<PortType, string>> = {
  text: 'Text',
  number: 'Number',
  boolean: 'Yes or no',
  json: 'JSON',
  image: 'Image',
  video: 'Video',
  audio: 'Audio',
  file: 'File',
};

function inputNode(type: PortType, valueSchema: z.ZodType, what: string): NodeDefinition {
  return defineNode({
    type: `input:${type}`,
    version: 1,
    label: `${labels[type]} input`,
    description: `${what} from triggerData (key: config.name, else the node id), else config.value.`,
    config: nodeConfig({
      name,
      value: jsonValueSchema.optional().describe('Used when triggerData has no such key.'),
    }),
    inputs: {},
    outputs: { [type]: { type, description: what } },
    implementation: { kind: 'input', valueSchema },
    expectedSeconds: type === 'text' || type === 'number' || type === 'boolean' || type === 'json' ? 0 : 2,
    deterministic: true,
  });
}

export const inputNodes: readonly NodeDefinition[] = [
  inputNode('text', z.string(), 'A text'),
  inputNode('number', z.number(), 'A number'),
  inputNode('boolean', z.boolean(), 'true or false'),
  inputNode('json', jsonValueSchema, 'Any JSON value'),
  inputNode('image', mediaSource, 'A picture: URL or uploaded asset'),
  inputNode('video', mediaSource, 'A video: URL or uploaded asset'),
  inputNode('audio', mediaSource, 'A recording: URL or uploaded asset'),
  inputNode('file', mediaSource, 'Any file: URL or uploaded asset'),
];
