import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { combineIterators } from '../../../pipeline/batch/combine-iterators';
import type { Iterator } from '../../../pipeline/batch/iterators';

function iterator(count: number, mode: Iterator['mode'] = 'zip', limit?: number): Iterator {
  const values = Array.from({ length: count }, (_value, index) => `v${index}`);
  return { nodeId: 'n', values, mode, ...(limit === undefined ? {} : { limit }) };
}

const rowsOf = (iterators: readonly Iterator[]) => {
  const combined = combineIterators(iterators);
  return combined.ok ? combined.rows : combined.faults.map(({ code, iterator: at }) => [code, at]);
};

describe('combineIterators', () => {
  it('zips value by value', () => {
    expect(rowsOf([iterator(3), iterator(3)])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });

  it('multiplies each with each, the last one fastest', () => {
    expect(rowsOf([iterator(2), iterator(2, 'product')])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
  });

  it('joins each iterator to all that stand before it', () => {
    expect(rowsOf([iterator(2), iterator(2), iterator(2, 'product')])).toEqual([
      [0, 0, 0],
      [0, 0, 1],
      [1, 1, 0],
      [1, 1, 1],
    ]);
    expect(rowsOf([iterator(2), iterator(2, 'product'), iterator(4)])).toHaveLength(4);
  });

  it('tries the first ones of a long list that is zipped with another', () => {
    expect(rowsOf([iterator(500, 'zip', 2), iterator(500)])).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(rowsOf([iterator(500), iterator(500, 'zip', 2)])).toHaveLength(2);
  });

  it('names what is empty, of unequal length or too much', () => {
    expect(rowsOf([iterator(0), iterator(1), iterator(0)])).toEqual([
      ['iterator_values_empty', 0],
      ['iterator_values_empty', 2],
    ]);
    expect(rowsOf([iterator(3), iterator(4)])).toEqual([['iterator_lengths_differ', 1]]);
    expect(rowsOf([iterator(1_001)])).toEqual([['too_many_items', 0]]);
    expect(rowsOf([iterator(100), iterator(11, 'product')])).toEqual([['too_many_items', 1]]);
    expect(rowsOf([iterator(5_000, 'zip', 1_000)])).toHaveLength(1_000);
  });

  it('gives what nested loops give, whatever is multiplied', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(sizes, (counts) => {
        const nested = counts.reduce<number[][]>(
          (rows, count) => rows.flatMap((row) => Array.from({ length: count }, (_value, at) => [...row, at])),
          [[]],
        );
        expect(rowsOf(counts.map((count) => iterator(count, 'product')))).toEqual(nested);
      }),
    );
  });
});
