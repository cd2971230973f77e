import { describe, expect, it } from '@jest/globals';
import { readByteRange } from '../../../api/http/byte-range';

describe('readByteRange', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=2-5', { start: 2, end: 5 }],
    ['bytes=5-', { start: 5, end: 9 }],
    ['bytes=5-500', { start: 5, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-2', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['items=0-1', undefined],
    [undefined, undefined],
  ])('reads %p of 10 bytes as %p', (header, range) => {
    expect(readByteRange(header, 10)).toEqual(range);
  });

  it('finds every range of an empty asset beyond its end', () => {
    expect(readByteRange('bytes=0-', 0)).toBe('unsatisfiable');
  });
});
