import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isAssetReference, utf8Bytes, valueAt } from '../../../pipeline/pure/values';

describe('utf8Bytes', () => {
  it('counts as an encoder does', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000),
        ),
        (units) => {
          const text = String.fromCharCode(...units);
          expect(utf8Bytes(text)).toBe(Buffer.byteLength(text));
        },
      ),
    );
  });
});

describe('valueAt', () => {
  it('follows own keys and list indexes only', () => {
    const value = { a: [{ b: 1 }] };
    expect(valueAt(value, ['a', '0', 'b'])).toBe(1);
    for (const path of [
      ['a', 'length'],
      ['a', '01'],
      ['a', '-1'],
      ['toString'],
      ['a', '0', 'b', 'c'],
      ['__proto__'],
    ]) {
      expect(valueAt(value, path)).toBeUndefined();
    }
  });
});

describe('isAssetReference', () => {
  it('asks for every part of a reference', () => {
    const asset = { type: 'image', assetId: 'ast_1', mimeType: 'image/png', bytes: 1, sha256: 'a' };
    expect(isAssetReference(asset)).toBe(true);
    for (const key of Object.keys(asset))
      expect(isAssetReference({ ...asset, [key]: undefined })).toBe(false);
    expect(isAssetReference({ ...asset, type: 'program' })).toBe(false);
    expect(isAssetReference([asset])).toBe(false);
  });
});
