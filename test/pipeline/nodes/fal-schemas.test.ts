import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { nodeDefinitions } from '../../../pipeline/nodes';
import type { NodeDefinition } from '../../../pipeline/node-definition';
import { candidatesOf, requestFor } from './sample-request';

/** The vendor's own types of its models' inputs, as published. */
const published = readFileSync(
  join(require.resolve('@fal-ai/client'), '../types/endpoints.d.ts'),
  'utf8',
).replace(/\/\*\*[\s\S]*?\*\//g, '');

const inputTypes = new Map(
  [...published.matchAll(/"([\w./-]+)": \{\s*input: (\w+);/g)].map(([, id = '', type = '']) => [id, type]),
);

interface Input {
  readonly known: ReadonlySet<string>;
  readonly required: readonly string[];
}

/** The fields of an endpoint's input; undefined for one that the published list does not have (it grows daily). */
function inputOf(model: string): Input | undefined {
  const type = inputTypes.get(model);
  const fields = type === undefined ? [] : fieldsOf(type);
  if (fields.length === 0) return undefined;
  return {
    known: new Set(fields.map(({ name }) => name)),
    required: fields.flatMap(({ name, isRequired }) => (isRequired ? [name] : [])),
  };
}

/** Of an interface and what it extends, or of a type that is another one's name. */
function fieldsOf(type: string): readonly { name: string; isRequired: boolean }[] {
  const found = new RegExp(
    `(?:interface|type) ${type}\\b(?: extends ([\\w, ]+))?(?: =)? ?(\\w+;|\\{\\}|\\{[\\s\\S]*?\\n\\})`,
  ).exec(published);
  if (found === null) return [];
  const [, parents = '', body = ''] = found;
  const alias = /^(\w+);$/.exec(body)?.[1];
  if (alias !== undefined) return fieldsOf(alias);
  const own = [...body.matchAll(/^ {4}(\w+)(\??):/gm)].map(([, name = '', optional]) => ({
    name,
    isRequired: optional === '',
  }));
  return [...parents.split(',').flatMap((parent) => fieldsOf(parent.trim() || '-')), ...own];
}

/** Fields that came later: fal-js has them in its list of 2026-08-02, which is newer than the published package. */
const newer: Readonly<Record<string, readonly string[]>> = {
  'clarityai/crystal-upscaler': ['output_format'],
};

const cases = nodeDefinitions.flatMap((definition) =>
  candidatesOf(definition)
    .filter(({ provider, model }) => provider === 'fal' && inputOf(model) !== undefined)
    .map((candidate) => [`${definition.type} at ${candidate.model}`, definition, candidate] as const),
);

describe('the schemas that fal publishes', () => {
  it('have most of the models of the catalog', () => {
    const models = (definition: NodeDefinition) =>
      candidatesOf(definition).filter(({ provider }) => provider === 'fal');
    const all = nodeDefinitions.flatMap(models).length;
    expect(cases.length).toBeGreaterThan(all * 0.7);
  });

  it.each(cases)('know every field that %s is sent, and miss none', (_, definition, candidate) => {
    const { known, required } = inputOf(candidate.model) ?? { known: new Set(), required: [] };
    const sent = Object.keys(candidate.toInput(requestFor(definition)));
    const isKnown = (name: string): boolean =>
      known.has(name) || newer[candidate.model]?.includes(name) === true;
    expect(sent.filter((name) => !isKnown(name))).toEqual([]);
    expect(required.filter((name) => !sent.includes(name))).toEqual([]);
  });
});
