import { describe, expect, it } from '@jest/globals';
import { readIdempotencyKey } from '../../../api/http/idempotency-key';

const request = { mode: 'test', method: 'POST', path: '/a', body: { b: 1, a: [{ y: 1, x: 2 }] } } as const;

describe('readIdempotencyKey', () => {
  it('takes a key raw or quoted as the same key', () => {
    expect(readIdempotencyKey('"key-1"', request)).toEqual(readIdempotencyKey('key-1', request));
  });

  it('gives no key where there is no header', () => {
    expect(readIdempotencyKey(undefined, request)).toBeUndefined();
  });

  it.each(['', '""', 'a b', 'ä', 'a"b', 'x'.repeat(256), `"${'x'.repeat(256)}"`, 'one, two'])(
    'refuses %p rather than ignore it',
    (header) => {
      expect(() => readIdempotencyKey(header, request)).toThrow(
        expect.objectContaining({ status: 400, code: 'idempotency_key_invalid' }),
      );
    },
  );

  it('takes 255 characters', () => {
    expect(readIdempotencyKey('x'.repeat(255), request)?.key).toHaveLength(255);
  });

  it('gives one fingerprint whatever the order of the keys', () => {
    const reordered = { ...request, body: { a: [{ x: 2, y: 1 }], b: 1 } };
    expect(readIdempotencyKey('k', reordered)).toEqual(readIdempotencyKey('k', request));
  });

  it('gives another fingerprint for another body, list order, path, method or mode', () => {
    const fingerprints = [
      request,
      { ...request, body: { b: 2, a: [{ y: 1, x: 2 }] } },
      { ...request, body: { b: 1, a: [{ y: 1 }, { x: 2 }] } },
      { ...request, body: { b: '1', a: [{ y: 1, x: 2 }] } },
      { ...request, body: undefined },
      { ...request, path: '/b' },
      { ...request, method: 'PUT' },
      { ...request, mode: 'live' as const },
    ].map((one) => readIdempotencyKey('k', one)?.fingerprint);
    expect(new Set(fingerprints).size).toBe(fingerprints.length);
  });
});
