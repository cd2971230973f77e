import { describe, expect, it } from '@jest/globals';
import { compareVersions, isSemanticVersion, nextVersion } from '../../pipeline/semantic-version';

describe('semantic versions', () => {
  it.each(['0.0.0', '1.2.3', '10.20.30', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-0.3.7', '1.0.0-x-y-z.4'])(
    'takes %s',
    (text) => expect(isSemanticVersion(text)).toBe(true),
  );

  it.each([
    '',
    '1',
    '1.2',
    '01.2.3',
    '1.2.3.4',
    'v1.2.3',
    '1.2.3-',
    '1.2.3-01',
    '1.2.3+build',
    '1.2.3 ',
    `1.0.0-${'a'.repeat(60)}`,
  ])('refuses %j', (text) => expect(isSemanticVersion(text)).toBe(false));

  it('orders as semver.org says', () => {
    const inOrder = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.2',
      '1.0.10',
      '1.2.0',
      '2.0.0',
    ];
    expect(inOrder.toReversed().toSorted(compareVersions)).toEqual(inOrder);
  });

  it('follows the highest tag, whichever was made last', () => {
    expect(nextVersion([])).toBe('1.0.0');
    expect(nextVersion(['2.0.0', '1.9.9'])).toBe('2.0.1');
    expect(nextVersion(['1.4.2'], 'minor')).toBe('1.5.0');
    expect(nextVersion(['1.4.2'], 'major')).toBe('2.0.0');
    expect(nextVersion(['2.0.0-rc.1'])).toBe('2.0.0');
  });
});
