import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatApiKey, isWellFormedApiKey } from '../../../pipeline/pure/api-key-format';

const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
const mode = fc.constantFrom('live' as const, 'test' as const);

describe('formatApiKey', () => {
  it('writes mode, 32 random and 6 checksum characters, and accepts what it wrote', () => {
    fc.assert(
      fc.property(mode, bytes, (keyMode, random) => {
        const key = formatApiKey(keyMode, random);
        expect(key).toMatch(new RegExp(`^sk-${keyMode}-[0-9A-Za-z]{38}$`));
        expect(isWellFormedApiKey(key)).toBe(true);
      }),
    );
  });

  it('writes a known key for known bytes', () => {
    const key = formatApiKey('test', new Uint8Array(32));
    expect(key).toBe(`sk-test-${'0'.repeat(32)}${key.slice(-6)}`);
    expect(key).not.toBe(formatApiKey('live', new Uint8Array(32)));
  });

  it('refuses too little randomness', () => {
    expect(() => formatApiKey('live', new Uint8Array(31))).toThrow('needs 32 random bytes, got 31');
  });
});

describe('isWellFormedApiKey', () => {
  it('refuses a key with any one character changed', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.integer({ min: 8, max: 45 }),
        fc.constantFrom(...'09azAZ'),
        (random, at, other) => {
          const key = formatApiKey('test', random);
          fc.pre(key[at] !== other);
          expect(isWellFormedApiKey(key.slice(0, at) + other + key.slice(at + 1))).toBe(false);
        },
      ),
    );
  });

  it.each([
    '',
    'sk-test-',
    'sk-prod-x',
    `sk-test-${'0'.repeat(39)}`,
    ` ${formatApiKey('test', new Uint8Array(32))}`,
  ])('refuses %j', (text) => expect(isWellFormedApiKey(text)).toBe(false));

  it('refuses a test key whose mode was changed to live', () => {
    const key = formatApiKey('test', new Uint8Array(32).fill(7));
    expect(isWellFormedApiKey(key.replace('sk-test-', 'sk-live-'))).toBe(false);
  });
});
