import type { CatalogEntry } from './catalog-entry';

export interface SourceCount {
  /** Candidates whose provider, model and price have a source and a date. */
  readonly sourced: number;
  /** `type at provider:model` of the others, in catalog order. */
  readonly unsourced: readonly string[];
}

/** Counts what of a catalog anybody can look up: a candidate without source and day is none that one may rely on. */
export function countSources(entries: readonly CatalogEntry[]): SourceCount {
  const all = entries.flatMap(({ type, candidates }) =>
    candidates.map((candidate) => ({ type, ...candidate })),
  );
  const unsourced = all.filter((candidate) => !isSourced(candidate));
  return {
    sourced: all.length - unsourced.length,
    unsourced: unsourced.map(({ type, provider, model }) => `${type} at ${provider}:${model}`),
  };
}

const SOURCE_LENGTH_MIN = 10;

function isSourced({ provider, model, price }: CatalogEntry['candidates'][number]): boolean {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(price.readOn) && !Number.isNaN(Date.parse(price.readOn));
  const isNamed = [provider, model, price.text].every((name) => name.trim() !== '');
  return isDay && isNamed && price.source.trim().length >= SOURCE_LENGTH_MIN;
}
