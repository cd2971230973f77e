import { z } from 'zod';
import { batches } from '../../store/database/batches';
import { executions } from '../../store/database/executions';
import { executionNotFound } from '../hold-for-change';
import { defineKeyRoute, noParameters } from '../route';
import { errorSchema, executionParameters } from '../schemas';
import { executionLinks } from '../views/links';
import { TemporalUnavailableError } from '../temporal-executions';

const cancelledSchema = z
  .object({
    executionId: z.string(),
    status: z.enum(['RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED']),
    cancelRequested: z.boolean(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'CancelReceipt' });

export const cancelExecution = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/workflows/executions/:id/cancel',
  operationId: 'cancelExecution',
  summary: 'Cancels an execution; idempotent. It is CANCELLED once paid submits have drained',
  tag: 'executions',
  scope: 'executions:write',
  bodyKind: 'json',
  params: executionParameters,
  query: noParameters,
  body: z.strictObject({}).optional(),
  responses: {
    200: { description: 'It had ended before; nothing to cancel.', schema: cancelledSchema },
    202: { description: 'The cancel is noted and on its way.', schema: cancelledSchema },
    404: { description: 'Unknown execution, or not yours.', schema: errorSchema },
  },
  handle: async ({ params }, { caller, dependencies }) => {
    const { database, temporal, settings, logger } = dependencies;
    const result = await executions.requestCancel(database, caller.accountId, params.id);
    if (result.kind === 'not_found') throw executionNotFound();
    const common = {
      executionId: params.id,
      status: result.status,
      links: executionLinks(settings, params.id),
    };
    await batches.cancelItems(database, params.id);
    if (result.kind === 'ended') return { status: 200, body: { ...common, cancelRequested: false } };
    try {
      await temporal.cancel(params.id);
    } catch (error) {
      if (!(error instanceof TemporalUnavailableError)) throw error;
      // The wish is in the row: the sweeper passes it on when Temporal is back.
      logger.warn({ error, executionId: params.id }, 'A cancel waits for Temporal.');
    }
    return { status: 202, body: { ...common, cancelRequested: true } };
  },
});
