import { z } from 'zod';
import { deliveries } from '../../store/database/deliveries';
import { newWebhookSecret, readSecrets } from '../../store/webhook-secrets';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { invalidSchema } from '../schemas';
import { rotationBody, secretRotation } from '../secret-rotation';

const secretSchema = z
  .object({ secret: z.string().describe('`whsec_…`; signs what goes to the `callbackUrl` of an execution.') })
  .meta({ id: 'CallbackSecret' });

const common = {
  tag: 'callbacks',
  scope: 'workflows:write',
  params: noParameters,
  query: noParameters,
} as const;

export const getCallbackSecret = defineKeyRoute({
  ...common,
  method: 'GET',
  path: '/api/v1/callback-secret',
  operationId: 'getCallbackSecret',
  summary: 'The secret that signs callbacks to the `callbackUrl` of an execution',
  bodyKind: 'none',
  body: noBody,
  responses: { 200: { description: 'The secret of the account.', schema: secretSchema } },
  handle: async (_input, { caller, dependencies }) => {
    const { database, settings, clock } = dependencies;
    const make = () => newWebhookSecret(settings.assetSecrets).sealed;
    const sealed = await deliveries.ensureSecret(database, caller.accountId, make);
    const [newest] = readSecrets(settings.assetSecrets, sealed, clock());
    return { status: 200, body: { secret: newest?.secret } };
  },
});

export const rotateCallbackSecret = defineKeyRoute({
  ...common,
  method: 'POST',
  path: '/api/v1/callback-secret/rotate',
  operationId: 'rotateCallbackSecret',
  summary: 'A new secret for callbacks; while they overlap, both sign',
  bodyKind: 'json',
  body: rotationBody,
  responses: {
    200: { description: 'The new secret.', schema: secretSchema },
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ body }, { caller, dependencies }) => {
    const { secret, change } = secretRotation(dependencies, body);
    await deliveries.rotateSecret(dependencies.database, caller.accountId, change);
    return { status: 200, body: { secret } };
  },
});
