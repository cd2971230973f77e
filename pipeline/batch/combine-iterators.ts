import { BATCH_ITEMS_MAX, type Iterator } from './iterators';

/** Which value of each iterator an item takes, in the order of the iterators. */
export type ItemRow = readonly number[];

export interface CombineFault {
  /** Which iterator is at fault. */
  readonly iterator: number;
  readonly code: 'iterator_values_empty' | 'iterator_lengths_differ' | 'too_many_items';
  readonly message: string;
  readonly fix: string;
}

export type Combined =
  | { readonly ok: true; readonly rows: readonly ItemRow[] }
  | { readonly ok: false; readonly faults: readonly CombineFault[] };

interface Joined {
  readonly rows: readonly ItemRow[];
  /** What `limit`s leave of the rows. */
  readonly limit: number;
}

/**
 * The items of a batch, in order: each iterator joins what stands before it. `zip` takes one value for each of the items
 * so far; `product` takes every value for each of them, and varies fastest. A limit counts after the lengths are compared.
 */
export function combineIterators(iterators: readonly Iterator[]): Combined {
  const faults: CombineFault[] = iterators.flatMap(({ values }, iterator) =>
    values.length === 0 ? [emptyFault(iterator)] : [],
  );
  if (faults.length > 0) return { ok: false, faults };
  let joined: Joined | undefined;
  for (const [index, iterator] of iterators.entries()) {
    const next: Joined | CombineFault = joined ? join(joined, iterator, index) : begin(iterator);
    if ('code' in next) return { ok: false, faults: [next] };
    joined = next;
  }
  const rows = joined?.rows.slice(0, joined.limit) ?? [];
  if (rows.length <= BATCH_ITEMS_MAX) return { ok: true, rows };
  return { ok: false, faults: [tooManyFault(iterators.length - 1, rows.length)] };
}

function begin({ values, limit = Infinity }: Iterator): Joined {
  return { rows: values.map((_value, index) => [index]), limit };
}

function join(before: Joined, iterator: Iterator, index: number): Joined | CombineFault {
  return iterator.mode === 'product' ? multiply(before, iterator, index) : zip(before, iterator, index);
}

function zip({ rows, limit }: Joined, iterator: Iterator, index: number): Joined | CombineFault {
  const { values, limit: own = Infinity } = iterator;
  if (values.length !== rows.length) return lengthsFault(index, values.length, rows.length);
  return { rows: rows.map((row, place) => [...row, place]), limit: Math.min(limit, own) };
}

function multiply(
  before: Joined,
  { values, limit = Infinity }: Iterator,
  index: number,
): Joined | CombineFault {
  const rows = before.rows.slice(0, before.limit);
  const factors = values.slice(0, limit);
  const count = rows.length * factors.length;
  // Far more could not be made at all; the limit of items itself is judged at the end.
  if (count > BATCH_ITEMS_MAX * 10) return tooManyFault(index, count);
  return {
    rows: rows.flatMap((row) => factors.map((_value, place) => [...row, place])),
    limit: Infinity,
  };
}

function emptyFault(iterator: number): CombineFault {
  return {
    iterator,
    code: 'iterator_values_empty',
    message: 'There are no values, so there is nothing to run.',
    fix: 'Give values: […] with at least one value, or a csv with at least one row below its header.',
  };
}

function lengthsFault(iterator: number, own: number, before: number): CombineFault {
  return {
    iterator,
    code: 'iterator_lengths_differ',
    message: `It has ${own} values, and what it is zipped with has ${before}.`,
    fix: 'Give both the same number of values, or use mode "product" to try each with each.',
  };
}

function tooManyFault(iterator: number, count: number): CombineFault {
  return {
    iterator,
    code: 'too_many_items',
    message: `The batch would have ${count} items; ${BATCH_ITEMS_MAX} are allowed in one call.`,
    fix: 'Split it into several calls, or set limit to try the first ones.',
  };
}
