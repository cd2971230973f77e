import { describe, expect, it } from '@jest/globals';
import { guardJson, JSON_LIMITS } from '../../pipeline/json-guard';

const codes = (value: unknown): string[] => guardJson(value).map((issue) => issue.code);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

const keyed = (count: number): unknown =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 0]));

describe('guardJson', () => {
  it('takes what is exactly at the caps', () => {
    expect(codes(nested(JSON_LIMITS.depth))).toEqual([]);
    expect(codes(keyed(JSON_LIMITS.keys))).toEqual([]);
    expect(codes('x'.repeat(JSON_LIMITS.stringLength))).toEqual([]);
    expect(codes(Array.from({ length: JSON_LIMITS.items }, () => 0))).toEqual([]);
  });

  it('refuses what is one above', () => {
    expect(codes(nested(JSON_LIMITS.depth + 1))).toEqual(['json_too_deep']);
    expect(codes(keyed(JSON_LIMITS.keys + 1))).toEqual(['json_too_many_keys']);
    expect(codes('x'.repeat(JSON_LIMITS.stringLength + 1))).toEqual(['json_string_too_long']);
    expect(codes(Array.from({ length: JSON_LIMITS.items + 1 }, () => 0))).toEqual(['json_too_many_keys']);
  });

  it('refuses texts and keys that no database text can hold', () => {
    expect(codes({ a: 'x\u0000', 'b\ud800': [] })).toEqual(['json_text_invalid', 'json_text_invalid']);
    expect(codes('a whole pair: \u{1f98a}')).toEqual([]);
  });

  it('survives a document nested 100,000 deep', () => {
    expect(codes(nested(100_000))).toEqual(['json_too_deep']);
  });

  it.each(['__proto__', 'constructor', 'prototype'])(
    'refuses the key %s at any depth, with its path',
    (key) => {
      const body: unknown = JSON.parse(`{"nodes":[{"data":{"config":{"${key}":{"polluted":1}}}}]}`);
      expect(guardJson(body)).toEqual([
        expect.objectContaining({ path: `nodes[0].data.config.${key}`, code: 'json_key_forbidden' }),
      ]);
    },
  );

  it('names every forbidden key', () => {
    expect(codes(JSON.parse('[{"__proto__":1},{"prototype":1},{"a":{"constructor":1}}]'))).toHaveLength(3);
  });

  it('refuses numbers that JSON cannot write', () => {
    expect(codes(JSON.parse('[1e999]'))).toEqual(['json_value_invalid']);
  });

  it('writes odd keys of a path in quotes', () => {
    const [issue] = guardJson({ 'a b': { '': { prototype: 1 } } }, ['triggerData']);
    expect(issue?.path).toBe('triggerData["a b"][""].prototype');
  });
});
