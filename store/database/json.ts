import type { JsonValue } from '../../workflows/contract';

/**
 * JSON text for a `json` column. Such a column gives back what was put in, key order and NUL characters included;
 * `jsonb` would reorder keys and refuse NUL and lone surrogates, and a paid result must never be refused.
 */
export function toJson(value: object | JsonValue): string {
  return JSON.stringify(value);
}

/** {@link toJson} of a value that may be absent; absent is SQL NULL. */
export function toNullableJson(value: object | JsonValue | undefined): string | null {
  return value === null || value === undefined ? null : toJson(value);
}
