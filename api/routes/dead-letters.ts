import { z } from 'zod';
import { FAILURE_CODES, type FailureCode } from '../../workflows/contract';
import { deadLetters } from '../../store/database/dead-letters';
import { notFound } from '../api-error';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { cursorInvalid, errorSchema, invalidSchema, pageQuery, time } from '../schemas';
import {
  deadLetterDetailSchema,
  deadLetterSchema,
  presentLetter,
  presentLetterDetail,
} from '../views/present-letter';

const failureCodes = Object.values(FAILURE_CODES) as [FailureCode, ...FailureCode[]];

/** Which letters; for the list and for a redrive. */
export const letterFilters = {
  provider: z.string().min(1).max(100).optional().describe('One of those that were asked, such as `fal`.'),
  code: z
    .enum(failureCodes)
    .optional()
    .describe('Failure code of the node or of a candidate; with `provider`, of that provider.'),
  nodeType: z.string().min(1).max(200).optional(),
  batchId: z.string().min(1).max(100).optional().describe('Of the items of this batch.'),
  from: time.optional().describe('Last failed at this moment or later.'),
  to: time.optional().describe('Last failed before this moment.'),
};

export const dryRun = z
  .boolean()
  .optional()
  .describe('Answer what it would do and cost; nothing is started.');

export const listDeadLetters = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/dead-letters',
  operationId: 'listDeadLetters',
  summary: 'Nodes that failed at every candidate, newest first; open ones unless asked otherwise',
  tag: 'dead letters',
  scope: 'executions:read',
  bodyKind: 'none',
  params: noParameters,
  query: z.object({
    ...pageQuery,
    ...letterFilters,
    state: z.enum(['open', 'redriven', 'resolved', 'all']).default('open'),
    mode: z.enum(['live', 'test']).optional(),
    redriveId: z.string().max(100).optional().describe('Those that a redrive of many took in.'),
  }),
  body: noBody,
  responses: {
    200: {
      description: 'One page.',
      schema: z.object({
        data: z.array(deadLetterSchema),
        hasMore: z.boolean(),
        nextCursor: z.string().nullable(),
      }),
    },
    400: { description: 'The cursor is not one of ours.', schema: invalidSchema },
    422: { description: 'A filter is not as described.', schema: invalidSchema },
  },
  handle: async ({ query }, { caller, dependencies }) => {
    const { state, mode, redriveId, cursor, limit } = query;
    const filters = { ...toFilters(query), mode, redriveId, state: state === 'all' ? undefined : state };
    const page = await deadLetters
      .list(dependencies.database, caller.accountId, filters, { cursor, limit })
      .catch(cursorInvalid);
    const data = page.letters.map((letter) => presentLetter(letter, dependencies.settings));
    return { status: 200, body: { data, hasMore: page.nextCursor !== null, nextCursor: page.nextCursor } };
  },
});

export const getDeadLetter = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/dead-letters/:id',
  operationId: 'getDeadLetter',
  summary: 'One node that failed at every candidate, with what it was given',
  tag: 'dead letters',
  scope: 'executions:read',
  bodyKind: 'none',
  params: z.object({ id: z.string().max(100) }),
  query: noParameters,
  body: noBody,
  responses: {
    200: { description: 'The dead letter.', schema: deadLetterDetailSchema },
    404: { description: 'Unknown dead letter, or not yours.', schema: errorSchema },
  },
  handle: async ({ params }, { caller, dependencies }) => {
    const { database, settings, clock } = dependencies;
    const letter = await deadLetters.find(database, caller.accountId, params.id);
    if (letter === undefined) throw deadLetterNotFound();
    const presenter = { settings, accountId: caller.accountId, nowMs: clock() };
    return { status: 200, body: presentLetterDetail(letter, presenter) };
  },
});

export function toFilters(given: {
  readonly [Name in keyof typeof letterFilters]?: z.infer<(typeof letterFilters)[Name]>;
}) {
  const { provider, code, nodeType, batchId, from, to } = given;
  return {
    ...{ provider, code, nodeType, batchId },
    failedFrom: from === undefined ? undefined : new Date(from),
    failedBefore: to === undefined ? undefined : new Date(to),
  };
}

export function deadLetterNotFound(): Error {
  return notFound('dead_letter_not_found', 'There is no such dead letter. Check its id and the API key.');
}
