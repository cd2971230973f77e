import { z } from 'zod';
import { subscriptions, type Subscription } from '../../store/database/deliveries/subscriptions';
import { idempotency } from '../../store/database/idempotency';
import { newId } from '../../store/ids';
import { newWebhookSecret } from '../../store/webhook-secrets';
import { notFound } from '../api-error';
import type { Caller } from '../caller';
import { callbackUrl, toStoredJson } from '../graph-body';
import { replay, replyOnce } from '../idempotent-reply';
import { workflowNotFound } from '../resolve-graph';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { errorSchema, invalidSchema } from '../schemas';
import { rotationBody, secretRotation } from '../secret-rotation';
import { readWorkflow, savedParameters, unknownWorkflow } from './workflows';

const eventType = z.enum([
  'execution.completed',
  'execution.failed',
  'execution.cancelled',
  'execution.waiting',
]);

const subscriptionSchema = z
  .object({
    subscriptionId: z.string(),
    workflowId: z.string(),
    mode: z.enum(['live', 'test']).describe('Of the executions that it is told of.'),
    url: z.string(),
    types: z.array(z.string()).describe('Empty: all.'),
    createdAt: z.string(),
    disabledAt: z.string().nullable(),
    disabledReason: z.string().nullable(),
  })
  .meta({ id: 'Subscription' });

const withSecret = subscriptionSchema
  .extend({
    secret: z.string().optional().describe('`whsec_…`, shown this once; not in the answer to a repeat.'),
  })
  .meta({ id: 'CreatedSubscription' });

const oneParameters = savedParameters.extend({ subscriptionId: z.string().max(100) });
const unknown = { description: 'Unknown workflow or subscription, or not yours.', schema: errorSchema };
const once = {
  'Idempotency-Key': 'Repeats with one key within 24 h do it once; the answer to a repeat lacks `secret`.',
};
const common = { tag: 'callbacks', scope: 'workflows:write', query: noParameters } as const;
const one = '/api/v1/workflows/:id/subscriptions/:subscriptionId';

export const listSubscriptions = defineKeyRoute({
  ...common,
  method: 'GET',
  path: '/api/v1/workflows/:id/subscriptions',
  operationId: 'listSubscriptions',
  summary: 'Who is told of the ends of the workflow’s executions',
  scope: 'workflows:read',
  bodyKind: 'none',
  params: savedParameters,
  body: noBody,
  responses: {
    200: { description: 'The subscriptions.', schema: z.object({ data: z.array(subscriptionSchema) }) },
    404: unknownWorkflow,
  },
  handle: async ({ params }, context) => {
    await readWorkflow(params.id, context);
    const { caller, dependencies } = context;
    const found = await subscriptions.list(dependencies.database, {
      ...caller,
      workflowId: params.id,
    });
    return { status: 200, body: { data: found.map(presentSubscription) } };
  },
});

export const createSubscription = defineKeyRoute({
  ...common,
  method: 'POST',
  path: '/api/v1/workflows/:id/subscriptions',
  operationId: 'createSubscription',
  summary:
    'Tells a URL of every end of the workflow’s executions, of the mode of the key; its secret is shown this once',
  bodyKind: 'json',
  params: savedParameters,
  body: z.strictObject({
    url: callbackUrl,
    types: z.array(eventType).max(10).optional().describe('All unless given.'),
  }),
  requestHeaders: once,
  responses: {
    201: { description: 'The subscription.', schema: withSecret },
    404: unknownWorkflow,
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, body }, context) =>
    replyOnce(context, body, async (store) => {
      const { caller, dependencies } = context;
      const { settings, clock, database } = dependencies;
      const { secret, sealed } = newWebhookSecret(settings.assetSecrets);
      const { accountId, mode } = caller;
      const fresh = { id: newId('sub'), accountId, mode, workflowId: params.id, sealedSecrets: [sealed] };
      const subscription = { ...fresh, url: body.url, types: body.types ?? [] };
      const state = { createdAt: new Date(clock()), disabledAt: null, disabledReason: null };
      const answer = presentSubscription({ ...subscription, ...state });
      const result = await subscriptions.create(database, subscription, store(201, toStoredJson(answer)));
      if (result === undefined) throw workflowNotFound(params.id);
      return 'kind' in result ? replay(result) : { status: 201, body: { ...answer, secret } };
    }),
});

export const enableSubscription = defineKeyRoute({
  ...common,
  method: 'POST',
  path: `${one}/enable`,
  operationId: 'enableSubscription',
  summary: 'Tells it again, after its receiver has answered 410; idempotent',
  bodyKind: 'none',
  params: oneParameters,
  body: noBody,
  responses: { 200: { description: 'The subscription.', schema: subscriptionSchema }, 404: unknown },
  handle: async ({ params }, { caller, dependencies }) => {
    const found = await subscriptions.enable(dependencies.database, nameOf(caller, params));
    if (found === undefined) throw subscriptionNotFound();
    return { status: 200, body: presentSubscription(found) };
  },
});

export const rotateSubscriptionSecret = defineKeyRoute({
  ...common,
  method: 'POST',
  path: `${one}/rotate-secret`,
  operationId: 'rotateSubscriptionSecret',
  summary: 'A new secret, shown this once; while they overlap, both sign',
  bodyKind: 'json',
  params: oneParameters,
  body: rotationBody,
  requestHeaders: once,
  responses: {
    200: { description: 'The subscription with its new secret.', schema: withSecret },
    404: unknown,
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, body }, context) =>
    replyOnce(context, body, async (store) => {
      const { caller, dependencies } = context;
      const { database } = dependencies;
      const { secret, change } = secretRotation(dependencies, body);
      const name = nameOf(caller, params);
      const found = await subscriptions.changeSecrets(database, name, change);
      if (found === undefined) throw subscriptionNotFound();
      const answer = presentSubscription(found);
      const toStore = store(200, toStoredJson(answer));
      const repeat = toStore && (await idempotency.store(database, caller.accountId, toStore));
      return repeat === undefined ? { status: 200, body: { ...answer, secret } } : replay(repeat);
    }),
});

export const deleteSubscription = defineKeyRoute({
  ...common,
  method: 'DELETE',
  path: one,
  operationId: 'deleteSubscription',
  summary: 'Tells it no more; what is on its way is cancelled',
  bodyKind: 'none',
  params: oneParameters,
  body: noBody,
  responses: { 204: { description: 'It is gone.' }, 404: unknown },
  handle: async ({ params }, { caller, dependencies }) => {
    if (!(await subscriptions.delete(dependencies.database, nameOf(caller, params))))
      throw subscriptionNotFound();
    return { status: 204 };
  },
});

function nameOf({ accountId, mode }: Caller, params: z.infer<typeof oneParameters>) {
  return { accountId, mode, workflowId: params.id, subscriptionId: params.subscriptionId };
}

function subscriptionNotFound(): Error {
  const message = 'The workflow has no such subscription. They are listed at …/subscriptions.';
  return notFound('subscription_not_found', message);
}

function presentSubscription(subscription: Subscription): z.infer<typeof subscriptionSchema> {
  const { id, workflowId, mode, url, types, createdAt, disabledAt, disabledReason } = subscription;
  return {
    ...{ subscriptionId: id, workflowId, mode, url, types: [...types] },
    createdAt: createdAt.toISOString(),
    disabledAt: disabledAt?.toISOString() ?? null,
    disabledReason,
  };
}
