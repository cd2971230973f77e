import type { CatalogEntry } from './catalog-entry';

export interface CatalogFilter {
  /** The part of a type before the colon. */
  readonly category?: string;
  /** A provider among the candidates, or `local` for types that need none. */
  readonly provider?: string;
  /** Words that must all be in type, label, description or a model's name; case does not matter. */
  readonly search?: string;
}

export function filterCatalog(
  entries: readonly CatalogEntry[],
  { category, provider, search = '' }: CatalogFilter,
): readonly CatalogEntry[] {
  const words = search
    .toLowerCase()
    .split(' ')
    .filter((word) => word !== '');
  return entries.filter((entry) => {
    const { type, label, description, candidates } = entry;
    const text = [type, label, description, ...candidates.map(({ model }) => model)].join(' ').toLowerCase();
    return (
      (category === undefined || entry.category === category) &&
      (provider === undefined || isServedBy(entry, provider)) &&
      words.every((word) => text.includes(word))
    );
  });
}

function isServedBy({ candidates }: CatalogEntry, provider: string): boolean {
  if (provider === 'local') return candidates.length === 0;
  return candidates.some((candidate) => candidate.provider === provider);
}
