import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { apiKeyRandomBytes, formatApiKey } from '../../pipeline/pure/api-key-format';
import { idempotency } from '../../store/database/idempotency';
import { keys, type ApiKey } from '../../store/database/keys';
import type { JsonObject } from '../../workflows/contract';
import { ApiError, notFound, unprocessable } from '../api-error';
import { hashKey } from '../http/authenticate';
import { replay, replyOnce, type StoreReply } from '../idempotent-reply';
import type { Caller } from '../caller';
import { defineKeyRoute, noBody, noParameters, type CallerContext, type Reply } from '../route';
import { errorSchema, invalidSchema, time } from '../schemas';
import { ASKED_FOR_SCOPES, SCOPES } from '../scopes';

export const apiKeySchema = z
  .object({
    keyId: z.string(),
    name: z.string(),
    mode: z.enum(['live', 'test']),
    last4: z.string(),
    scopes: z.array(z.string()),
    createdAt: z.string(),
    expiresAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
    lastUsedAt: z.string().nullable(),
  })
  .meta({ id: 'ApiKey' });

/** What is known of it in the first answer only; an answer to a repeat lacks it. */
export const newKeySchema = apiKeySchema
  .partial({ keyId: true, createdAt: true, revokedAt: true, lastUsedAt: true })
  .extend({ key: z.string().optional().describe('Shown this once.') });

const createBody = z.strictObject({
  name: z.string().trim().min(1).max(100),
  mode: z.enum(['live', 'test']).optional().describe('That of the calling key unless given.'),
  scopes: z
    .array(z.enum(SCOPES))
    .min(1)
    .optional()
    .describe('Those of the calling key unless given; `credits:manage` only where it is named.'),
  expiresAt: time.optional(),
});

export const common = { tag: 'api-keys', scope: 'keys:manage' } as const;

export const createApiKey = defineKeyRoute({
  ...common,
  method: 'POST',
  path: '/api/v1/api-keys',
  operationId: 'createApiKey',
  summary: 'Creates a key; it is shown this once',
  bodyKind: 'json',
  params: noParameters,
  query: noParameters,
  body: createBody,
  requestHeaders: {
    'Idempotency-Key': 'Repeats with one key within 24 h make one key; the answer to a repeat lacks `key`.',
  },
  responses: {
    201: { description: 'The key.', schema: newKeySchema.meta({ id: 'CreatedApiKey' }) },
    403: { description: 'The calling key may not make such a key.', schema: errorSchema },
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ body }, context) => replyOnce(context, body, (store) => create(body, store, context)),
});

export const listApiKeys = defineKeyRoute({
  ...common,
  method: 'GET',
  path: '/api/v1/api-keys',
  operationId: 'listApiKeys',
  summary: "The account's keys, newest first; never the keys themselves",
  bodyKind: 'none',
  params: noParameters,
  query: noParameters,
  body: noBody,
  responses: { 200: { description: 'The keys.', schema: z.object({ data: z.array(apiKeySchema) }) } },
  handle: async (_input, { caller, dependencies }) => {
    const found = await keys.list(dependencies.database, caller.accountId);
    return { status: 200, body: { data: found.map(presentKey) } };
  },
});

export const revokeApiKey = defineKeyRoute({
  ...common,
  method: 'DELETE',
  path: '/api/v1/api-keys/:keyId',
  operationId: 'revokeApiKey',
  summary: 'Revokes a key at once; idempotent',
  bodyKind: 'none',
  params: z.object({ keyId: z.string().max(100) }),
  query: noParameters,
  body: noBody,
  responses: {
    200: { description: 'The revoked key.', schema: apiKeySchema },
    404: { description: 'Unknown key, or not yours.', schema: errorSchema },
  },
  handle: async ({ params }, { caller, dependencies }) => {
    const key = await keys.revoke(dependencies.database, caller.accountId, params.keyId);
    if (key === undefined)
      throw notFound('api_key_not_found', 'There is no such key. List them at /api/v1/api-keys.');
    return { status: 200, body: presentKey(key) };
  },
});

async function create(
  body: z.infer<typeof createBody>,
  store: StoreReply,
  context: CallerContext,
): Promise<Reply> {
  const { caller } = context;
  const { name, mode = caller.mode, scopes = inheritedScopes(caller) } = body;
  return issueKey({ name, mode, scopes, expiresAt: body.expiresAt }, store, context);
}

/** What a new key is to be. */
export interface KeyOrder {
  readonly name: string;
  readonly mode: Caller['mode'];
  readonly scopes: readonly string[];
  /** ISO 8601. */
  readonly expiresAt?: string;
  /** The key that it stands in for, which ends once the overlap is over. */
  readonly replaces?: { readonly keyId: string; readonly endsAt: Date };
  /** That of the caller unless given. */
  readonly accountId?: string;
  /** What else the answer says. */
  readonly beside?: JsonObject;
}

/**
 * Makes a key and shows it, the only time.
 *
 * @throws ApiError 403 for more power than the caller has; 422 for an end in the past.
 */
export async function issueKey(order: KeyOrder, store: StoreReply, context: CallerContext): Promise<Reply> {
  const { caller, dependencies } = context;
  const { name, mode, scopes, replaces, accountId = caller.accountId } = order;
  refuseMorePower(caller, mode, scopes);
  const expiresAt = order.expiresAt === undefined ? undefined : new Date(order.expiresAt);
  if (expiresAt !== undefined && expiresAt.getTime() <= dependencies.clock()) throw expiryInThePast();
  const secret = formatApiKey(mode, randomBytes(apiKeyRandomBytes));
  const made = { accountId, mode, name, hash: hashKey(secret), last4: secret.slice(-4), scopes, expiresAt };
  const presented = { name, mode, last4: made.last4, scopes: [...scopes], ...order.beside };
  // Stored before the key is made and without its secret, which is kept nowhere: a repeat makes no second key.
  const toStore = store(201, { ...presented, expiresAt: expiresAt?.toISOString() ?? null });
  const repeat = toStore && (await idempotency.store(dependencies.database, caller.accountId, toStore));
  if (repeat !== undefined) return replay(repeat);
  const key = await keys.register(dependencies.database, made);
  if (replaces) await keys.revoke(dependencies.database, accountId, replaces.keyId, replaces.endsAt);
  return { status: 201, body: { ...presentKey(key), ...order.beside, key: secret } };
}

function inheritedScopes({ scopes }: Caller): readonly string[] {
  return scopes.filter((scope) => !ASKED_FOR_SCOPES.includes(scope));
}

/** A key never makes one that may do more: a test key no live key, none a scope that it lacks. */
function refuseMorePower(caller: Caller, mode: Caller['mode'], scopes: readonly string[]): void {
  const missing = scopes.filter((scope) => !caller.scopes.includes(scope));
  if (missing.length > 0) {
    const message = `This key cannot give the scopes that it lacks: ${missing.join(', ')}.`;
    throw new ApiError({ status: 403, code: 'scope_missing', message });
  }
  if (mode === 'live' && caller.mode === 'test') {
    const message = 'A test key cannot make a live key. Use a live key.';
    throw new ApiError({ status: 403, code: 'mode_not_allowed', message });
  }
}

function expiryInThePast(): ApiError {
  const message = 'expiresAt lies in the past.';
  const issue = {
    path: 'expiresAt',
    code: 'expiry_in_the_past',
    message,
    fix: 'Give a later time, or leave it out.',
  };
  return unprocessable('request_invalid', message, [issue]);
}

function presentKey(key: ApiKey): z.infer<typeof apiKeySchema> {
  const { id, name, mode, last4, scopes, createdAt, expiresAt, revokedAt, lastUsedAt } = key;
  return {
    ...{ keyId: id, name, mode, last4, scopes: [...scopes] },
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
