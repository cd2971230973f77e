import { z } from 'zod';
import { executions } from '../../store/database/executions';
import type { ExecutionRow } from '../../store/database/executions/execution';
import { executionFailureSchema } from '../../pipeline/execution-view';
import type { ApiSettings } from '../dependencies';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { cursorInvalid, invalidSchema, pageQuery, time } from '../schemas';
import { executionLinks } from '../views/links';

const statusSchema = z.enum(['RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED']);

export const executionSummarySchema = z
  .object({
    executionId: z.string(),
    workflowId: z.string(),
    workflowName: z.string(),
    version: z.number().nullable(),
    variant: z.string().nullable(),
    status: statusSchema,
    attempt: z.number(),
    mode: z.enum(['live', 'test']),
    tags: z.array(z.string()),
    credits: z.object({ held: z.number(), charged: z.number(), released: z.number() }),
    failure: executionFailureSchema.nullable(),
    cancelRequested: z.boolean(),
    createdAt: z.string(),
    completedAt: z.string().nullable(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'ExecutionSummary' });

export const listExecutions = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/workflows/executions',
  operationId: 'listExecutions',
  summary: 'Executions, newest first',
  tag: 'executions',
  scope: 'executions:read',
  bodyKind: 'none',
  params: noParameters,
  query: z.object({
    ...pageQuery,
    status: statusSchema.optional(),
    workflow: z.string().max(200).optional().describe('Workflow id.'),
    tag: z.string().max(100).optional(),
    mode: z.enum(['live', 'test']).optional(),
    createdAfter: time.optional().describe('This moment included.'),
    createdBefore: time.optional().describe('This moment excluded.'),
  }),
  body: noBody,
  responses: {
    200: {
      description: 'One page.',
      schema: z.object({
        data: z.array(executionSummarySchema),
        hasMore: z.boolean(),
        nextCursor: z.string().nullable(),
      }),
    },
    400: { description: 'The cursor is not one of ours.', schema: invalidSchema },
    422: { description: 'A filter is not as described.', schema: invalidSchema },
  },
  handle: async ({ query }, { caller, dependencies }) => {
    const filters = {
      status: query.status,
      workflowId: query.workflow,
      tag: query.tag,
      mode: query.mode,
      createdFrom: toDate(query.createdAfter),
      createdBefore: toDate(query.createdBefore),
    };
    const page = { cursor: query.cursor, limit: query.limit };
    const found = await executions
      .list(dependencies.database, caller.accountId, filters, page)
      .catch(cursorInvalid);
    const data = found.executions.map((row) => summarizeExecution(row, dependencies.settings));
    return { status: 200, body: { data, hasMore: found.nextCursor !== null, nextCursor: found.nextCursor } };
  },
});

export function summarizeExecution(
  row: ExecutionRow,
  settings: ApiSettings,
): z.infer<typeof executionSummarySchema> {
  return {
    executionId: row.id,
    workflowId: row.workflowId,
    workflowName: row.workflowName,
    version: row.version,
    variant: row.variant,
    status: row.status,
    attempt: row.attempt,
    mode: row.mode,
    tags: [...row.tags],
    credits: { ...row.credits },
    failure: row.failure,
    cancelRequested: row.cancelRequestedAt !== null,
    createdAt: row.createdAt.toISOString(),
    completedAt: row.completedAt?.toISOString() ?? null,
    links: executionLinks(settings, row.id),
  };
}

function toDate(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
