import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { PROVIDER_CREDENTIALS } from '../../pipeline/provider-credentials';
import {
  accountSecrets,
  PROVIDER_KEYS_FRESH_MS,
  SECRETS_PER_NAME_MAX,
  type AccountSecret,
} from '../../store/database/account-secrets';
import { ApiError, conflict, notFound } from '../api-error';
import type { Caller } from '../caller';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { errorSchema, invalidSchema } from '../schemas';

const providers = Object.keys(PROVIDER_CREDENTIALS) as [string, ...string[]];

const providerKeySchema = z
  .object({
    providerKeyId: z.string(),
    provider: z.string(),
    name: z.string(),
    last4: z.string().describe('Empty for a key of less than 16 characters.'),
    createdAt: z.string(),
  })
  .meta({ id: 'ProviderKey' });

const createBody = z.strictObject({
  provider: z.enum(providers),
  // What may stand in a header of HTTP, where most of them go.
  key: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]{8,4096}$/, { error: 'A key has 8 to 4096 characters, all of them printable ASCII.' })
    .describe('As the provider gave it. It is stored encrypted and shown by nothing.'),
  name: z.string().trim().max(100).optional().describe('What it is for.'),
});

const common = { tag: 'provider-keys', scope: 'provider-keys:manage', query: noParameters } as const;
const notLive = { description: 'The calling key is a test key, or lacks the scope.', schema: errorSchema };

export const addProviderKey = defineKeyRoute({
  ...common,
  method: 'POST',
  path: '/api/v1/provider-keys',
  operationId: 'addProviderKey',
  summary:
    'Keeps a key of the account’s own at a provider; its live executions use that in place of the server’s. Answers after two seconds, when every worker knows it',
  bodyKind: 'json',
  params: noParameters,
  body: createBody,
  responses: {
    200: {
      description: 'The key, with its new name where one was there already.',
      schema: providerKeySchema,
    },
    403: notLive,
    409: { description: `The provider has ${SECRETS_PER_NAME_MAX} keys already.`, schema: errorSchema },
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ body }, { caller, dependencies }) => {
    requireLive(caller);
    const { provider: name, key: secret, name: label = '' } = body;
    const { database, settings } = dependencies;
    const added = { accountId: caller.accountId, kind: 'provider', name, label, secret } as const;
    const kept = await accountSecrets.add(database, settings.assetSecrets, added);
    if (kept !== undefined) {
      // A worker may remember that there was none, and would send under the server's.
      await sleep(PROVIDER_KEYS_FRESH_MS);
      return { status: 200, body: presentProviderKey(kept) };
    }
    const message = `There are ${SECRETS_PER_NAME_MAX} keys for ${name} already. Delete one at /api/v1/provider-keys.`;
    throw conflict('too_many_provider_keys', message);
  },
});

export const listProviderKeys = defineKeyRoute({
  ...common,
  method: 'GET',
  path: '/api/v1/provider-keys',
  operationId: 'listProviderKeys',
  summary: 'The account’s own keys at providers; never the keys themselves',
  bodyKind: 'none',
  params: noParameters,
  body: noBody,
  responses: {
    200: { description: 'By provider.', schema: z.object({ data: z.array(providerKeySchema) }) },
    403: notLive,
  },
  handle: async (_input, { caller, dependencies }) => {
    requireLive(caller);
    const found = await accountSecrets.list(dependencies.database, caller.accountId, 'provider');
    return { status: 200, body: { data: found.map(presentProviderKey) } };
  },
});

export const deleteProviderKey = defineKeyRoute({
  ...common,
  method: 'DELETE',
  path: '/api/v1/provider-keys/:providerKeyId',
  operationId: 'deleteProviderKey',
  summary:
    'Forgets a key: nothing is sent under it after two seconds; jobs sent before wait until it is added again',
  bodyKind: 'none',
  params: z.object({ providerKeyId: z.string().max(100) }),
  body: noBody,
  responses: {
    204: { description: 'It is gone.' },
    403: notLive,
    404: { description: 'Unknown key, or not yours.', schema: errorSchema },
  },
  handle: async ({ params }, { caller, dependencies }) => {
    requireLive(caller);
    const { database } = dependencies;
    if (!(await accountSecrets.delete(database, caller.accountId, 'provider', params.providerKeyId)))
      throw notFound(
        'provider_key_not_found',
        'There is no such key. They are listed at /api/v1/provider-keys.',
      );
    return { status: 204 };
  },
});

/** What live executions spend money with is not to be seen or moved by a key that may not spend. */
function requireLive({ mode }: Caller): void {
  if (mode === 'live') return;
  const message = 'Keys at providers serve live executions; the sandbox needs none. Use a live API key.';
  throw new ApiError({ status: 403, code: 'mode_not_allowed', message });
}

function presentProviderKey(secret: AccountSecret): z.infer<typeof providerKeySchema> {
  const { id: providerKeyId, name: provider, label: name, last4, createdAt } = secret;
  return { providerKeyId, provider, name, last4, createdAt: createdAt.toISOString() };
}
