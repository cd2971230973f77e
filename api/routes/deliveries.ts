import { z } from 'zod';
import { deliveries } from '../../store/database/deliveries';
import type { Delivery } from '../../store/database/deliveries/read-deliveries';
import { notFound } from '../api-error';
import { isDatabaseAway } from '../is-database-away';
import { defineKeyRoute, noBody, noParameters, type CallerContext } from '../route';
import { cursorInvalid, errorSchema, invalidSchema, pageQuery } from '../schemas';
import { startDeliveries } from '../start-deliveries';

const stateSchema = z.enum(['pending', 'delivered', 'failed', 'cancelled']);

const deliverySchema = z
  .object({
    deliveryId: z.string().describe('The `webhook-id` of every try.'),
    executionId: z.string(),
    subscriptionId: z.string().nullable().describe('Null: it goes to the callbackUrl of the execution.'),
    url: z.string(),
    type: z.string(),
    state: stateSchema,
    round: z.number().describe('Raised by each redelivery.'),
    attempts: z.number().describe('In this round.'),
    lastStatus: z.number().nullable(),
    lastError: z.string().nullable(),
    nextAttemptAt: z.string().nullable(),
    createdAt: z.string(),
    endedAt: z.string().nullable(),
  })
  .meta({ id: 'Delivery' });

const withTries = deliverySchema
  .extend({
    tries: z.array(
      z.object({
        round: z.number(),
        number: z.number(),
        at: z.string(),
        latencyMs: z.number(),
        httpStatus: z.number().nullable(),
        error: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'DeliveryDetail' });

const common = { tag: 'callbacks', bodyKind: 'none', body: noBody } as const;
const parameters = z.object({ id: z.string().max(100) });
const unknown = { description: 'Unknown delivery, or not yours.', schema: errorSchema };

export const listDeliveries = defineKeyRoute({
  ...common,
  method: 'GET',
  path: '/api/v1/deliveries',
  operationId: 'listDeliveries',
  summary: 'What was told to callbackUrls and subscriptions, newest first',
  scope: 'executions:read',
  params: noParameters,
  query: z.object({
    ...pageQuery,
    executionId: z.string().max(100).optional(),
    subscriptionId: z.string().max(100).optional(),
    state: stateSchema.optional(),
  }),
  responses: {
    200: {
      description: 'One page.',
      schema: z.object({
        data: z.array(deliverySchema),
        hasMore: z.boolean(),
        nextCursor: z.string().nullable(),
      }),
    },
    400: { description: 'The cursor is not one of ours.', schema: invalidSchema },
    422: { description: 'A filter is not as described.', schema: invalidSchema },
  },
  handle: async ({ query }, { caller, dependencies }) => {
    const found = await deliveries.list(dependencies.database, caller, query, query).catch(cursorInvalid);
    const { nextCursor } = found;
    const data = found.deliveries.map(presentDelivery);
    return { status: 200, body: { data, hasMore: nextCursor !== null, nextCursor } };
  },
});

export const getDelivery = defineKeyRoute({
  ...common,
  method: 'GET',
  path: '/api/v1/deliveries/:id',
  operationId: 'getDelivery',
  summary: 'One delivery with every try',
  scope: 'executions:read',
  params: parameters,
  query: noParameters,
  responses: { 200: { description: 'The delivery.', schema: withTries }, 404: unknown },
  handle: async ({ params }, context) => ({ status: 200, body: await readDelivery(params.id, context) }),
});

export const redeliver = defineKeyRoute({
  ...common,
  method: 'POST',
  path: '/api/v1/deliveries/:id/redeliver',
  operationId: 'redeliver',
  summary: 'Delivers it again, now, under the same webhook-id; also before its next try is due',
  scope: 'executions:write',
  params: parameters,
  query: noParameters,
  responses: { 202: { description: 'It is on its way.', schema: withTries }, 404: unknown },
  handle: async ({ params }, context) => {
    const { caller, dependencies } = context;
    if (!(await deliveries.redeliver(dependencies.database, caller, params.id))) throw deliveryNotFound();
    // The row is the order: what cannot be started now is started by the sweeper.
    await startDeliveries(dependencies).catch((error: unknown) => {
      if (isDatabaseAway(error)) throw error;
      dependencies.logger.warn({ error }, 'A redelivery waits for the sweeper.');
    });
    return { status: 202, body: await readDelivery(params.id, context) };
  },
});

async function readDelivery(
  deliveryId: string,
  { caller, dependencies }: Pick<CallerContext, 'caller' | 'dependencies'>,
): Promise<z.infer<typeof withTries>> {
  const found = await deliveries.find(dependencies.database, caller, deliveryId);
  if (found === undefined) throw deliveryNotFound();
  const tries = found.tries.map((attempt) => ({ ...attempt, at: attempt.at.toISOString() }));
  return { ...presentDelivery(found), tries };
}

function deliveryNotFound(): Error {
  return notFound('delivery_not_found', 'There is no such delivery. They are listed at /api/v1/deliveries.');
}

function presentDelivery(delivery: Delivery): z.infer<typeof deliverySchema> {
  const { id, executionId, subscriptionId, url, type, state, round, attempts } = delivery;
  const { lastStatus, lastError, nextAttemptAt, createdAt, endedAt } = delivery;
  return {
    ...{ deliveryId: id, executionId, subscriptionId, url, type, state, round, attempts },
    ...{ lastStatus, lastError },
    nextAttemptAt: nextAttemptAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  };
}
