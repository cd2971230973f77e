import { describe, expect, it } from '@jest/globals';
import { preferredWaitSeconds } from '../../../api/http/prefer';

describe('preferredWaitSeconds', () => {
  it.each([
    ['wait=5', 5],
    ['wait', 60],
    ['wait=600', 60],
    ['respond-async, wait=7', 7],
    ['WAIT = "9"', 9],
    ['wait=0', undefined],
    ['wait=-1', undefined],
    ['wait=soon', undefined],
    ['waiting=5', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %p as %p', (header, seconds) => {
    expect(preferredWaitSeconds(header)).toBe(seconds);
  });
});
