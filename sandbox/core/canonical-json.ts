import { createHash } from 'node:crypto';

/** JSON with the keys of every object in order, so that equal values give equal text whatever client wrote them. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(inKeyOrder(value)) ?? 'null';
}

function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
      .map(([key, item]) => [key, inKeyOrder(item)]),
  );
}

/** Lower-case hex SHA-256 of text or bytes. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Where a caller gives no seed, the request is the seed: the same request makes the same thing. */
export function seedFrom(request: unknown): number {
  return Number.parseInt(sha256(canonicalJson(request)).slice(0, 7), 16);
}
