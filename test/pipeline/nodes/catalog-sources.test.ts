import { describe, expect, it } from '@jest/globals';
import { describeNode } from '../../../pipeline/catalog-entry';
import { countSources } from '../../../pipeline/catalog-sources';
import { nodeDefinitions } from '../../../pipeline/nodes';
import type { NodeDefinition } from '../../../pipeline/node-definition';
import { leastConfigs, requestFor } from './sample-request';

const catalog = nodeDefinitions.map(describeNode);

/** All that a user or a provider can tell two types apart by, but their names and words. */
function substanceOf(definition: NodeDefinition): string {
  const { implementation, version } = definition;
  const { inputs, outputs, inner, config, candidates } = describeNode(definition);
  const models = candidates.map(({ provider, model }) => `${provider}:${model}`);
  return JSON.stringify([
    version,
    inputs,
    outputs,
    inner,
    config,
    models,
    workOf(definition),
    implementation.kind,
  ]);
}

function workOf(definition: NodeDefinition): unknown {
  const { type, implementation, config } = definition;
  switch (implementation.kind) {
    case 'provider':
      return implementation.candidates.map(({ operation, toInput }) => {
        try {
          return [operation, toInput(requestFor(definition))];
        } catch {
          return [operation];
        }
      });
    case 'media':
      return implementation.toOperation(config.parse(leastConfigs[type] ?? {}));
    case 'pure':
      return implementation.function;
    case 'group':
      return implementation.control;
    default:
      return null;
  }
}

describe('the catalog', () => {
  it('names no model without provider, model id and a price with source and day', () => {
    const { sourced, unsourced } = countSources(catalog);
    expect(unsourced).toEqual([]);
    expect(sourced).toBe(catalog.flatMap(({ candidates }) => candidates).length);
  });

  it('counts a model as unsourced when its source, its day or its id is missing', () => {
    const [entry] = catalog.filter(({ candidates }) => candidates.length > 0);
    const [candidate] = entry?.candidates ?? [];
    if (!entry || !candidate) throw new Error('The catalog has no model.');
    const { price, provider } = candidate;
    const broken = [
      { ...candidate, price: { ...price, source: '' } },
      { ...candidate, price: { ...price, readOn: 'lately' } },
      { ...candidate, price: { ...price, readOn: '2026-13-01' } },
      { ...candidate, model: ' ' },
    ];
    const counted = countSources([{ ...entry, candidates: [candidate, ...broken] }]);
    expect(counted.sourced).toBe(1);
    expect(counted.unsourced).toHaveLength(broken.length);
    expect(counted.unsourced[0]).toBe(`${entry.type} at ${provider}:${candidate.model}`);
  });

  it('has at least 157 node types, aliases of closed models not counted', () => {
    expect(catalog.filter(({ successor }) => successor === undefined).length).toBeGreaterThanOrEqual(157);
  });

  it('has no two types that differ only by their names', () => {
    const bySubstance = new Map<string, string[]>();
    for (const definition of nodeDefinitions.filter(({ successor }) => successor === undefined)) {
      const substance = substanceOf(definition);
      bySubstance.set(substance, [...(bySubstance.get(substance) ?? []), definition.type]);
    }
    expect([...bySubstance.values()].filter((types) => types.length > 1)).toEqual([]);
  });
});
