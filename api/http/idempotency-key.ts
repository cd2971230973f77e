import { createHash } from 'node:crypto';
import type { Mode } from '../../workflows/contract';
import { badRequest } from '../api-error';

export const IDEMPOTENCY_KEY = 'Idempotency-Key';

const QUOTED = /^"([\x21\x23-\x7e]{1,255})"$/;
const RAW = /^[\x21\x23-\x7e]{1,255}$/;

export interface IdempotencyRequest {
  readonly key: string;
  /** Mode, method and route with its ids: one key may be used once per scope and account. */
  readonly scope: string;
  /** Hex SHA-256 of what was asked for; key order and white space of the body do not matter. */
  readonly fingerprint: string;
}

/** @throws ApiError 400 `idempotency_key_invalid` */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = QUOTED.exec(header)?.[1] ?? (RAW.test(header) ? header : undefined);
  if (key !== undefined) return key;
  throw badRequest(
    'idempotency_key_invalid',
    'The header Idempotency-Key must be 1 to 255 visible ASCII characters. Send a UUID.',
  );
}

/**
 * Reads `Idempotency-Key`, raw or as a quoted string (RFC draft of 2025-02), 1–255 visible ASCII characters.
 *
 * @throws ApiError 400 `idempotency_key_invalid`: an unusable key must never be ignored in silence.
 */
export function readIdempotencyKey(
  header: string | undefined,
  request: { readonly mode: Mode; readonly method: string; readonly path: string; readonly body: unknown },
): IdempotencyRequest | undefined {
  const key = parseIdempotencyKey(header);
  if (key === undefined) return undefined;
  // What was tried in test mode is often sent again for good, under the same key.
  const scope = `${request.mode} ${request.method} ${request.path}`;
  const fingerprint = createHash('sha256')
    .update(`${scope}\n${canonicalJson(request.body)}`)
    .digest('hex');
  return { key, scope, fingerprint };
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, sortKeys) ?? '';
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted);
}
