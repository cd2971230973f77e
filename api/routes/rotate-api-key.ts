import { z } from 'zod';
import { keys, type ApiKey } from '../../store/database/keys';
import { conflict, notFound } from '../api-error';
import { replyOnce } from '../idempotent-reply';
import { defineKeyRoute, noParameters } from '../route';
import { errorSchema, invalidSchema, time } from '../schemas';
import { common, issueKey, newKeySchema } from './api-keys';

const OVERLAP_SECONDS_MAX = 30 * 86_400;

const rotateBody = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(OVERLAP_SECONDS_MAX)
    .default(86_400)
    .describe('How long the old key still works, for a change without an outage; 0 ends it at once.'),
  expiresAt: time.optional().describe('End of the new key; that of the old one unless given.'),
});

export const rotateApiKey = defineKeyRoute({
  ...common,
  method: 'POST',
  path: '/api/v1/api-keys/:keyId/rotate',
  operationId: 'rotateApiKey',
  summary: 'Makes a key with the name, mode and scopes of another one, which works on for a while',
  bodyKind: 'json',
  params: z.object({ keyId: z.string().max(100) }),
  query: noParameters,
  body: rotateBody,
  requestHeaders: {
    'Idempotency-Key': 'Repeats with one key within 24 h make one key; the answer to a repeat lacks `key`.',
  },
  responses: {
    201: {
      description: 'The new key, and when the old one ends.',
      schema: newKeySchema.extend({
        replaces: z.object({ keyId: z.string(), revokedAt: z.string() }),
      }),
    },
    403: { description: 'The old key may do more than the calling one.', schema: errorSchema },
    404: { description: 'Unknown key, or not yours.', schema: errorSchema },
    409: { description: 'The old key has ended, or its end is set.', schema: errorSchema },
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, body }, context) =>
    replyOnce(context, body, async (store) => {
      const { caller, dependencies } = context;
      const old = await keys.find(dependencies.database, caller.accountId, params.keyId);
      if (old === undefined)
        throw notFound('api_key_not_found', 'There is no such key. List them at /api/v1/api-keys.');
      const nowMs = dependencies.clock();
      refuseEnded(old, nowMs);
      const { id: keyId, name, mode, scopes } = old;
      const expiresAt = body.expiresAt ?? old.expiresAt?.toISOString();
      const endsAt = new Date(nowMs + body.overlapSeconds * 1_000);
      const beside = { replaces: { keyId, revokedAt: endsAt.toISOString() } };
      const order = { name, mode, scopes, expiresAt, replaces: { keyId, endsAt }, beside };
      return issueKey(order, store, context);
    }),
});

function refuseEnded({ revokedAt, expiresAt }: ApiKey, nowMs: number): void {
  if (revokedAt === null && (expiresAt === null || expiresAt.getTime() > nowMs)) return;
  throw conflict(
    'api_key_ended',
    'This key has ended or its end is set. Make a new one by POST /api/v1/api-keys.',
  );
}
