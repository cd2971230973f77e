import { z } from 'zod';
import {
  accountSecrets,
  deliveryKind,
  NAMES_MAX,
  type AccountSecret,
} from '../../store/database/account-secrets';
import { hostsOf, labelOfHosts } from '../../store/named-secret';
import { conflict, notFound } from '../api-error';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { errorSchema, invalidSchema } from '../schemas';

const name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, { error: 'A name is of a-z, 0-9 and -, at most 63.' });
const host = z
  .string()
  .trim()
  .regex(
    /^(?:\*\.)?(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9-]{1,63}$|^\[[0-9A-Fa-f:.]+\]$/,
    {
      error: 'Write a host such as cms.example.com, or *.example.com; no scheme, port or path.',
    },
  )
  .max(253);

const secretSchema = z
  .object({
    name: z.string(),
    hosts: z.array(z.string()),
    last4: z
      .string()
      .describe('Of the value, which nothing else shows; empty for one of less than 16 characters.'),
    createdAt: z.string(),
  })
  .meta({ id: 'Secret' });

const putBody = z.strictObject({
  value: z
    .string()
    .trim()
    // What may stand in a header of HTTP, where most of them go.
    .regex(/^[\x20-\x7e]{8,4096}$/, {
      error: 'A secret has 8 to 4096 characters, all of them printable ASCII.',
    })
    .describe('It is stored encrypted.'),
  hosts: z
    .array(host)
    .min(1)
    .max(10)
    .describe('Where it may be sent, such as cms.example.com; *.example.com for all below.'),
});

const parameters = z.object({ name });
const common = { tag: 'secrets', scope: 'secrets:manage', query: noParameters } as const;

export const setSecret = defineKeyRoute({
  ...common,
  method: 'PUT',
  path: '/api/v1/secrets/:name',
  operationId: 'setSecret',
  summary:
    'Keeps a secret by its name for deliveries of executions of the key’s mode, in the place of one before',
  bodyKind: 'json',
  params: parameters,
  body: putBody,
  responses: {
    200: { description: 'It is kept.', schema: secretSchema },
    409: { description: `There are ${NAMES_MAX} already.`, schema: errorSchema },
    422: { description: 'The name or the body is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, body }, { caller, dependencies }) => {
    const { database, settings } = dependencies;
    const { accountId, mode } = caller;
    const kept = await accountSecrets.replace(database, settings.assetSecrets, {
      ...{ accountId, kind: deliveryKind(mode), name: params.name },
      ...{ label: labelOfHosts(body.hosts), secret: body.value },
    });
    if (kept !== undefined) return { status: 200, body: presentSecret(kept) };
    throw conflict(
      'too_many_secrets',
      `There are ${NAMES_MAX} secrets already. Delete one at /api/v1/secrets.`,
    );
  },
});

export const listSecrets = defineKeyRoute({
  ...common,
  method: 'GET',
  path: '/api/v1/secrets',
  operationId: 'listSecrets',
  summary: 'Secrets for deliveries, of the key’s mode; never the secrets themselves',
  bodyKind: 'none',
  params: noParameters,
  body: noBody,
  responses: { 200: { description: 'By name.', schema: z.object({ data: z.array(secretSchema) }) } },
  handle: async (_input, { caller, dependencies }) => {
    const found = await accountSecrets.list(
      dependencies.database,
      caller.accountId,
      deliveryKind(caller.mode),
    );
    return { status: 200, body: { data: found.map(presentSecret) } };
  },
});

export const deleteSecret = defineKeyRoute({
  ...common,
  method: 'DELETE',
  path: '/api/v1/secrets/:name',
  operationId: 'deleteSecret',
  summary: 'Forgets a secret; deliveries that name it fail, and can be resumed once it is there again',
  bodyKind: 'none',
  params: parameters,
  body: noBody,
  responses: {
    204: { description: 'It is gone.' },
    404: { description: 'There is none of that name, or it is not yours.', schema: errorSchema },
    422: { description: 'It is no name of a secret.', schema: invalidSchema },
  },
  handle: async ({ params }, { caller, dependencies }) => {
    const { accountId, mode } = caller;
    const kind = deliveryKind(mode);
    if (!(await accountSecrets.deleteNamed(dependencies.database, accountId, kind, params.name)))
      throw notFound('secret_not_found', 'There is no such secret. They are listed at /api/v1/secrets.');
    return { status: 204 };
  },
});

function presentSecret({
  name: given,
  label,
  last4,
  createdAt,
}: AccountSecret): z.infer<typeof secretSchema> {
  return { name: given, hosts: [...hostsOf(label)], last4, createdAt: createdAt.toISOString() };
}
