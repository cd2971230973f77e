import { describe, expect, it } from '@jest/globals';
import { parseJsonBody } from '../../../api/http/json-body';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('parseJsonBody', () => {
  it('parses an object', () => {
    expect(parseJsonBody(bytes('{"a":[1,"ü"]}'))).toEqual({ a: [1, 'ü'] });
  });

  it('gives undefined for an empty body', () => {
    expect(parseJsonBody(bytes(''))).toBeUndefined();
  });

  it.each(['{', '{"a":}', 'nonsense', '\u0000', '{"a":1}x', "{'a':1}"])('refuses %p as bad JSON', (text) => {
    expect(() => parseJsonBody(bytes(text))).toThrow(
      expect.objectContaining({ status: 400, code: 'json_invalid' }),
    );
  });

  it('never quotes the body in its message', () => {
    expect(() => parseJsonBody(bytes('{"secret-word": oops}'))).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/secret-word|oops/) }),
    );
  });

  it('refuses what is not UTF-8', () => {
    expect(() => parseJsonBody(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(
      expect.objectContaining({ status: 400, code: 'json_invalid' }),
    );
  });

  it.each(['{"__proto__":{"a":1}}', '{"a":[{"constructor":1}]}', '{"prototype":null}'])(
    'refuses %p, a key of the object model',
    (text) => {
      expect(() => parseJsonBody(bytes(text))).toThrow(
        expect.objectContaining({
          status: 422,
          details: {
            issues: [expect.objectContaining({ code: 'json_key_forbidden', fix: expect.any(String) })],
          },
        }),
      );
    },
  );

  it('refuses 200,000 levels of nesting without exhausting the stack', () => {
    const text = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(() => parseJsonBody(bytes(text))).toThrow(expect.objectContaining({ name: 'ApiError' }));
  });
});
