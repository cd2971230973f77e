import { z } from 'zod';
import { webhooks } from '../../store/database/webhooks';
import { newWebhookId } from '../../store/database/workflows/publish';
import type { Webhook } from '../../store/database/workflows/webhooks';
import { newWebhookSecret } from '../../store/webhook-secrets';
import { notFound } from '../api-error';
import type { ApiSettings } from '../dependencies';
import { toStoredJson } from '../graph-body';
import { idempotency } from '../../store/database/idempotency';
import { replay, replyOnce } from '../idempotent-reply';
import { workflowNotFound } from '../resolve-graph';
import { type CallerContext, defineKeyRoute, noBody, noParameters } from '../route';
import { errorSchema, invalidSchema } from '../schemas';
import { rotationBody, secretRotation } from '../secret-rotation';
import { webhookUrl } from '../views/links';
import { readWorkflow, savedParameters, unknownWorkflow } from './workflows';

const webhookSchema = z
  .object({
    webhookId: z.string(),
    workflowId: z.string(),
    name: z.string(),
    mode: z.enum(['live', 'test']).describe('Of the executions that it starts.'),
    isDefault: z.boolean().describe('The one that publishing made.'),
    signed: z.boolean().describe('Calls must carry a Standard Webhooks signature.'),
    triggerUrl: z.string(),
    createdAt: z.string(),
  })
  .meta({ id: 'Webhook' });

const withSecret = webhookSchema
  .extend({
    secret: z.string().optional().describe('`whsec_…`, shown this once; not in the answer to a repeat.'),
  })
  .meta({ id: 'CreatedWebhook' });

const common = { tag: 'webhooks', query: noParameters } as const;
const oneParameters = savedParameters.extend({ webhookId: z.string().max(100) });
const unknown = { description: 'Unknown workflow or webhook, or not yours.', schema: errorSchema };
const once = {
  'Idempotency-Key': 'Repeats with one key within 24 h do it once; the answer to a repeat lacks `secret`.',
};

export const listWebhooks = defineKeyRoute({
  ...common,
  method: 'GET',
  path: '/api/v1/workflows/:id/webhooks',
  operationId: 'listWebhooks',
  summary: 'Addresses that run the published version without a key',
  scope: 'workflows:read',
  bodyKind: 'none',
  params: savedParameters,
  body: noBody,
  responses: {
    200: { description: 'The webhooks.', schema: z.object({ data: z.array(webhookSchema) }) },
    404: unknownWorkflow,
  },
  handle: async ({ params }, context) => {
    const { caller, dependencies } = context;
    await readWorkflow(params.id, context);
    const found = await webhooks.list(dependencies.database, caller.accountId, params.id);
    // A test key must never learn of what spends money.
    const own = found.filter(({ mode }) => mode === caller.mode);
    const data = own.map((webhook) => presentWebhook(webhook, dependencies.settings));
    return { status: 200, body: { data } };
  },
});

export const createWebhook = defineKeyRoute({
  ...common,
  method: 'POST',
  path: '/api/v1/workflows/:id/webhooks',
  operationId: 'createWebhook',
  summary: 'One more webhook, of the mode of the key; its secret is shown this once',
  scope: 'workflows:write',
  bodyKind: 'json',
  params: savedParameters,
  body: z
    .strictObject({
      name: z.string().trim().min(1).max(100).optional(),
      signed: z.boolean().optional().describe('True unless given: calls must be signed with the secret.'),
    })
    .optional(),
  requestHeaders: once,
  responses: {
    201: { description: 'The webhook.', schema: withSecret },
    404: unknownWorkflow,
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, body = {} }, context) =>
    replyOnce(context, body, async (store) => {
      const { caller, dependencies } = context;
      const { database, settings, clock } = dependencies;
      const { accountId, mode } = caller;
      const { signed = true, name = 'webhook' } = body;
      const made = signed ? newWebhookSecret(settings.assetSecrets) : undefined;
      const fresh = { id: newWebhookId(), accountId, workflowId: params.id, mode, name, isDefault: false };
      const webhook = { ...fresh, sealedSecrets: made === undefined ? [] : [made.sealed] };
      const answer = presentWebhook({ ...webhook, createdAt: new Date(clock()) }, settings);
      const result = await webhooks.create(database, webhook, store(201, toStoredJson(answer)));
      if (result === undefined) throw workflowNotFound(params.id);
      if ('kind' in result) return replay(result);
      return { status: 201, body: { ...answer, secret: made?.secret } };
    }),
});

export const rotateWebhookSecret = defineKeyRoute({
  ...common,
  method: 'POST',
  path: '/api/v1/workflows/:id/webhooks/:webhookId/rotate-secret',
  operationId: 'rotateWebhookSecret',
  summary: 'A new secret, shown this once; from then on calls must be signed',
  scope: 'workflows:write',
  bodyKind: 'json',
  params: oneParameters,
  body: rotationBody,
  requestHeaders: once,
  responses: {
    200: { description: 'The webhook with its new secret.', schema: withSecret },
    404: unknown,
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, body }, context) =>
    replyOnce(context, body, async (store) => {
      const { caller, dependencies } = context;
      const { database, settings } = dependencies;
      const { accountId } = caller;
      await refuseOtherMode(params.webhookId, context);
      const { secret, change } = secretRotation(dependencies, body);
      const name = { accountId, workflowId: params.id, webhookId: params.webhookId };
      const webhook = await webhooks.changeSecrets(database, name, change);
      if (webhook === undefined) throw webhookNotFound();
      const answer = presentWebhook(webhook, settings);
      const toStore = store(200, toStoredJson(answer));
      const repeat = toStore && (await idempotency.store(database, accountId, toStore));
      return repeat === undefined ? { status: 200, body: { ...answer, secret } } : replay(repeat);
    }),
});

export const deleteWebhook = defineKeyRoute({
  ...common,
  method: 'DELETE',
  path: '/api/v1/workflows/:id/webhooks/:webhookId',
  operationId: 'deleteWebhook',
  summary: 'Closes a webhook at once; publishing does not bring it back',
  scope: 'workflows:write',
  bodyKind: 'none',
  params: oneParameters,
  body: noBody,
  responses: { 204: { description: 'It is gone.' }, 404: unknown },
  handle: async ({ params }, context) => {
    const { caller, dependencies } = context;
    await refuseOtherMode(params.webhookId, context);
    const name = { accountId: caller.accountId, workflowId: params.id, webhookId: params.webhookId };
    if (!(await webhooks.delete(dependencies.database, name))) throw webhookNotFound();
    return { status: 204 };
  },
});

/** @throws ApiError 404, as for an unknown one. */
async function refuseOtherMode(webhookId: string, { caller, dependencies }: CallerContext): Promise<void> {
  const found = await webhooks.find(dependencies.database, webhookId);
  if (found?.mode !== caller.mode) throw webhookNotFound();
}

function webhookNotFound(): Error {
  return notFound('webhook_not_found', 'The workflow has no such webhook. They are listed at …/webhooks.');
}

function presentWebhook(webhook: Webhook, settings: ApiSettings): z.infer<typeof webhookSchema> {
  const { id: webhookId, workflowId, name, mode, isDefault, sealedSecrets, createdAt } = webhook;
  return {
    ...{ webhookId, workflowId, name, mode, isDefault },
    signed: sealedSecrets.length > 0,
    triggerUrl: webhookUrl(settings, webhookId),
    createdAt: createdAt.toISOString(),
  };
}
