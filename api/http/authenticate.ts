import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { isWellFormedApiKey } from '../../pipeline/pure/api-key-format';
import { keys } from '../../store/database/keys';
import { ApiError, unauthorized } from '../api-error';
import type { ApiDependencies } from '../dependencies';
import type { Caller } from '../caller';
import type { Scope } from '../scopes';

const BEARER = /^Bearer +(\S+) *$/i;

/**
 * Finds out who asks, from `Authorization: Bearer sk-…` alone.
 *
 * @throws ApiError 401 for a key that is missing, malformed, unknown, expired or revoked.
 */
export async function authenticate(
  request: Request,
  dependencies: Pick<ApiDependencies, 'database' | 'clock'>,
): Promise<Caller> {
  const header = request.get('authorization');
  if (header === undefined) throw unauthorized('No API key. Send the header Authorization: Bearer sk-….');
  const key = BEARER.exec(header)?.[1];
  // The checksum refuses typing errors without a database read.
  const caller =
    key !== undefined && isWellFormedApiKey(key) ? await findCaller(key, dependencies) : undefined;
  if (caller === undefined) {
    throw unauthorized('This API key is mistyped, expired or revoked. Check it, or use another one.');
  }
  return caller;
}

/** @throws ApiError 403 */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.scopes.includes(scope)) return;
  const message = `This API key lacks the scope "${scope}". Use another key, or create one that has it.`;
  throw new ApiError({ status: 403, code: 'scope_missing', message, details: { requiredScope: scope } });
}

/** Keys are stored as this only; 190 random bits need no slow hash. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

async function findCaller(
  key: string,
  { database, clock }: Pick<ApiDependencies, 'database' | 'clock'>,
): Promise<Caller | undefined> {
  const found = await keys.findByHash(database, hashKey(key));
  if (found === undefined) return undefined;
  const { id, accountId, mode, scopes, expiresAt, revokedAt } = found.key;
  const isOver = [expiresAt, revokedAt].some((end) => end !== null && end.getTime() <= clock());
  return isOver ? undefined : { keyId: id, accountId, mode, plan: found.account.plan, scopes };
}
