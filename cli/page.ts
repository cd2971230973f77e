import { Option } from 'commander';
import { alignColumns } from './align-columns';
import { positiveInteger } from './option-values';

export interface PageOptions {
  readonly limit: number;
  readonly cursor?: string;
}

/** `--limit` and `--cursor`. */
export function pageOptions(): readonly Option[] {
  return [
    new Option('--limit <count>', 'at most this many, 1 to 100').argParser(positiveInteger).default(20),
    new Option('--cursor <cursor>', 'go on after the page before'),
  ];
}

/** A table with how to see more of it, or that there is nothing. */
export function describePage(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { nextCursor = null, none }: { readonly nextCursor?: string | null; readonly none: string },
): string {
  if (rows.length === 0) return none;
  const table = alignColumns([headings, ...rows]);
  return nextCursor === null ? table : `${table}\n\nMore with: --cursor ${nextCursor}`;
}
