import { describe, expect, it } from '@jest/globals';
import { describeNode } from '../../pipeline/catalog-entry';
import { filterCatalog } from '../../pipeline/filter-catalog';
import { nodeDefinitions } from '../../pipeline/nodes';

const catalog = nodeDefinitions.map(describeNode);

describe('filterCatalog', () => {
  it('keeps a category', () => {
    const found = filterCatalog(catalog, { category: 'audio' });
    expect(found.length).toBeGreaterThan(5);
    expect(found.every(({ type }) => type.startsWith('audio:'))).toBe(true);
  });

  it('keeps what a provider serves, and what needs none', () => {
    const byFal = filterCatalog(catalog, { provider: 'fal' });
    const local = filterCatalog(catalog, { provider: 'local' });
    expect(byFal.every(({ candidates }) => candidates.some(({ provider }) => provider === 'fal'))).toBe(true);
    expect(local.every(({ candidates }) => candidates.length === 0)).toBe(true);
    expect([byFal.length > 0, local.length > 70]).toEqual([true, true]);
  });

  it('finds words anywhere, all of them, whatever their case', () => {
    expect(
      filterCatalog(catalog, { search: 'BURN into the picture subtitles' }).map(({ type }) => type),
    ).toEqual(['video:burn_subtitles']);
    expect(filterCatalog(catalog, { search: 'no-such-thing' })).toEqual([]);
  });

  it('keeps all without a filter', () => {
    expect(filterCatalog(catalog, {})).toEqual(catalog);
  });
});
