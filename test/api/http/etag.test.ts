import { describe, expect, it } from '@jest/globals';
import { matchesEtag, weakEtag } from '../../../api/http/etag';

describe('matchesEtag', () => {
  it.each(['W/"7"', '"7"', '"1", W/"7"', '*', weakEtag(7)])('finds revision 7 in %p', (header) => {
    expect(matchesEtag(header, 7)).toBe(true);
  });

  it.each(['W/"70"', '7', '', 'W/"6", "8"'])('does not find revision 7 in %p', (header) => {
    expect(matchesEtag(header, 7)).toBe(false);
  });
});
