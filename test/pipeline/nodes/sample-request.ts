import { z } from 'zod';
import { nodeDefinition } from '../../../pipeline/nodes';
import { sampleValue } from '../../../pipeline/compile/choose-candidates';
import type { AssetReference, JsonObject, JsonValue, PortValue } from '../../../workflows/contract';
import {
  valueType,
  type CandidateDefinition,
  type NodeDefinition,
  type NodeRequest,
} from '../../../pipeline/node-definition';

/** The least config that a type takes, where it needs one. */
export const leastConfigs: Readonly<Record<string, JsonObject>> = {
  'edit:outpaint': { left: 16 },
  'edit:search_and_replace': { search: 'the dog' },
  'edit:search_and_recolor': { select: 'the car' },
  'image:resize': { width: 100 },
  'image:format': { format: 'webp' },
  'embedding:rank': { items: ['a boat at sea', 'a tax report'] },
  'text:structured': {
    schema: { type: 'object', properties: { mood: { type: 'string' }, words: { type: 'number' } } },
  },
  'text:extract': { fields: [{ name: 'hero', type: 'string' }] },
  'text:shorten': { lengthMax: 80 },
  'text:classify': { labels: ['sport', 'cooking'] },
  'vision:extract': { fields: [{ name: 'colours', type: 'string[]' }] },
  'vision:locate': { objects: ['boat'] },
  'image:crop': { width: 10, height: 10 },
  'image:smart_crop': { width: 10, height: 10 },
  'video:crop': { width: 16, height: 16 },
  'audio:convert': { format: 'wav' },
  'utility:text_template': { template: 'x' },
  'utility:text_replace': { find: 'a' },
  'utility:text_truncate': { length: 10 },
  'utility:text_contains': { find: 'a' },
  'utility:json_get': { path: '' },
  'utility:json_pick': { keys: ['a'] },
  'utility:json_build': { json: 1 },
  'utility:list_item': { index: 0 },
  'utility:text_count': { find: 'a' },
  'utility:json_set': { path: 'a' },
  'utility:math_clamp': { min: 0, max: 1 },
  'output:http': { url: 'https://cms.example.com/media' },
  'output:s3': { bucket: 'posters' },
  'control:workflow': { workflow: `wf_${'0'.repeat(32)}` },
  'control:router': { routes: [{ name: 'a', when: { is: 'true' } }] },
};

/** A node type that must exist. */
export function definitionOf(type: string): NodeDefinition {
  const definition = nodeDefinition(type);
  if (definition) return definition;
  throw new Error(`There is no node type ${type}.`);
}

export function candidatesOf(definition: NodeDefinition): readonly CandidateDefinition[] {
  return definition.implementation.kind === 'provider' ? definition.implementation.candidates : [];
}

export function candidateOf(type: string, provider: string): CandidateDefinition {
  const candidate = candidatesOf(definitionOf(type)).find((each) => each.provider === provider);
  if (candidate) return candidate;
  throw new Error(`${type} has no candidate at ${provider}.`);
}

/** Every required port connected with a usual value, config as posted with defaults. */
export function requestFor(
  definition: NodeDefinition,
  config: JsonObject = leastConfigs[definition.type] ?? {},
  inputs: Readonly<Record<string, PortValue>> = {},
): NodeRequest {
  const required = Object.entries(definition.inputs).filter(([, port]) => port.required);
  const samples = Object.fromEntries(
    required.map(([name, { type, many }]): [string, PortValue] => [
      name,
      many ? [sampleValue(valueType(type))] : sampleValue(valueType(type)),
    ]),
  );
  return { config: definition.config.parse(config), inputs: { ...samples, ...inputs } };
}

/** The shortest and smallest work that a config allows: clips take time to make and to open. */
export function smallestConfig({ config }: NodeDefinition): JsonObject {
  const { properties = {} } = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' });
  const small = Object.entries(properties).flatMap(([name, schema]): [string, JsonValue][] => {
    if (typeof schema === 'boolean') return [];
    if (name === 'durationSeconds') return [[name, Math.min(...numbersOf(schema))]];
    return name === 'resolution' ? [[name, smallestOf((schema.enum ?? []).map(String))]] : [];
  });
  return Object.fromEntries(small);
}

interface NumberSchema {
  readonly minimum?: number;
  readonly const?: unknown;
  readonly anyOf?: readonly unknown[];
}

function numbersOf({ minimum, const: only, anyOf = [] }: NumberSchema): readonly number[] {
  const own = [minimum, only].filter((value) => typeof value === 'number');
  return [...own, ...anyOf.flatMap((each) => numbersOf(each as NumberSchema))];
}

/** Of names such as `720p`, `1K`. */
function smallestOf(names: readonly string[]): string {
  const inOrder = [...names].sort((left, right) => Number.parseFloat(left) - Number.parseFloat(right));
  return inOrder[0] ?? '';
}

/** What a candidate sends for a config, with usual values at required ports. */
export function wireOf(
  type: string,
  provider: string,
  config: JsonObject = {},
  inputs: Readonly<Record<string, PortValue>> = {},
): unknown {
  return candidateOf(type, provider).toInput(requestFor(definitionOf(type), config, inputs));
}

export function picture(width: number, height: number): AssetReference {
  return {
    type: 'image',
    assetId: 'ast_1',
    mimeType: 'image/png',
    bytes: 1,
    sha256: 'a'.repeat(64),
    width,
    height,
  };
}
