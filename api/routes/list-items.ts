import { z } from 'zod';
import { executionFailureSchema, outputViewSchema } from '../../pipeline/execution-view';
import { batches } from '../../store/database/batches';
import type { ItemPage, ItemRow } from '../../store/database/batches/batch';
import { notFound } from '../api-error';
import { readExecution } from '../hold-for-change';
import { defineKeyRoute, noBody } from '../route';
import { cursorInvalid, errorSchema, executionParameters, invalidSchema, pageQuery } from '../schemas';
import { executionLinks } from '../views/links';
import { presentOutputs, type Presenter } from '../views/present-execution';

const itemStatus = z.enum(['PENDING', 'RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED']);

const itemSchema = z
  .object({
    index: z.number().describe('From 0, in the order of the values.'),
    status: itemStatus.describe('PENDING: not begun, so it is no execution yet.'),
    executionId: z
      .string()
      .nullable()
      .describe('An item is an execution of its own: poll, resume, cancel or export it by this id.'),
    values: z
      .array(z.object({ nodeId: z.string(), path: z.string().nullable(), value: z.unknown() }))
      .describe('What it runs with, in the order of iteratorConfigs.'),
    output: z.record(z.string(), outputViewSchema).describe('As in the poll body: by node id.'),
    credits: z.number().describe('Charged for the item; what ran once for all is charged to the batch.'),
    attempt: z.number().describe('0 before it has begun.'),
    redrives: z.number().describe('Times that it was tried again by itself.'),
    failure: executionFailureSchema.nullable(),
    openedAt: z.string().nullable(),
    completedAt: z.string().nullable(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'BatchItem' });

export const listItems = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/workflows/executions/:id/items',
  operationId: 'listItems',
  summary: 'Items of a batch in their order, with their results; while it runs as well',
  tag: 'executions',
  scope: 'executions:read',
  bodyKind: 'none',
  params: executionParameters,
  query: z.object({ ...pageQuery, status: itemStatus.optional() }),
  body: noBody,
  responses: {
    200: {
      description: 'One page.',
      schema: z.object({
        data: z.array(itemSchema),
        hasMore: z.boolean(),
        nextCursor: z.string().nullable(),
      }),
    },
    400: { description: 'The cursor is not one of ours.', schema: invalidSchema },
    404: { description: 'Unknown execution, not yours, or no batch.', schema: errorSchema },
    422: { description: 'A filter is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, query }, { caller, dependencies }) => {
    const { status, cursor, limit } = query;
    const { database, settings, clock } = dependencies;
    const { accountId } = caller;
    const page = await batches
      .list(database, accountId, params.id, { status }, { cursor, limit })
      .catch(cursorInvalid);
    if (page === undefined) throw await explainAbsence(dependencies, accountId, params.id);
    const presenter = { settings, accountId, nowMs: clock() };
    const data = page.items.map((item) => presentItem(item, page.places, presenter));
    return { status: 200, body: { data, hasMore: page.nextCursor !== null, nextCursor: page.nextCursor } };
  },
});

async function explainAbsence(
  dependencies: Parameters<typeof readExecution>[0],
  accountId: string,
  executionId: string,
): Promise<Error> {
  await readExecution(dependencies, accountId, executionId);
  return notFound('not_a_batch', 'This execution is no batch, so it has no items. Poll it instead.');
}

function presentItem(
  item: ItemRow,
  places: ItemPage['places'],
  presenter: Presenter,
): z.infer<typeof itemSchema> {
  const { index, status, executionId, attempt, redrives, credits, failure, openedAt, completedAt } = item;
  const output = Object.entries(item.outputs).map(
    ([nodeId, outputs]) => [nodeId, presentOutputs(outputs, presenter)] as const,
  );
  return {
    ...{ index, status, executionId, attempt, redrives, credits, failure },
    values: places.map(({ nodeId, path }, place) => ({
      nodeId,
      path: path?.join('.') ?? null,
      value: item.values[place] ?? null,
    })),
    output: Object.fromEntries(output),
    openedAt: openedAt?.toISOString() ?? null,
    completedAt: completedAt?.toISOString() ?? null,
    links: executionId === null ? {} : executionLinks(presenter.settings, executionId),
  };
}
