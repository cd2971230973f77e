import { z } from 'zod';
import { isAssetReference, utf8Bytes } from '../../pipeline/pure/values';
import { assets } from '../../store/database/assets';
import { reviews } from '../../store/database/reviews';
import type { NewDecision, Review } from '../../store/database/reviews/review';
import { INLINE_VALUE_BYTES_MAX, type JsonValue, type PortValue } from '../../workflows/contract';
import { ApiError, conflict, notFound, unprocessable } from '../api-error';
import { deliverDecided } from '../deliver-review';
import { defineKeyRoute, noBody, noParameters, type CallerContext } from '../route';
import { cursorInvalid, errorSchema, invalidSchema, pageQuery } from '../schemas';
import { presentReview, reviewSchema } from '../views/present-review';

export const listReviews = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/reviews',
  operationId: 'listReviews',
  summary: 'What runs ask persons to decide, newest first; open ones unless asked otherwise',
  tag: 'reviews',
  scope: 'executions:read',
  bodyKind: 'none',
  params: noParameters,
  query: z.object({
    ...pageQuery,
    state: z.enum(['open', 'decided', 'timed_out', 'closed', 'all']).default('open'),
    executionId: z.string().max(100).optional().describe('Of a batch: of its items, too.'),
    mode: z.enum(['live', 'test']).optional(),
  }),
  body: noBody,
  responses: {
    200: {
      description: 'One page.',
      schema: z.object({
        data: z.array(reviewSchema),
        hasMore: z.boolean(),
        nextCursor: z.string().nullable(),
      }),
    },
    400: { description: 'The cursor is not one of ours.', schema: invalidSchema },
    422: { description: 'A filter is not as described.', schema: invalidSchema },
  },
  handle: async ({ query: { state, cursor, limit, ...filters } }, context) => {
    const { caller, dependencies } = context;
    const page = await reviews
      .list(
        dependencies.database,
        caller.accountId,
        { ...filters, ...(state === 'all' ? {} : { state }) },
        { cursor, limit },
      )
      .catch(cursorInvalid);
    const data = page.reviews.map((review) => presentReview(review, presenterOf(context)));
    return { status: 200, body: { data, hasMore: page.nextCursor !== null, nextCursor: page.nextCursor } };
  },
});

const decisionBody = z.strictObject({
  decision: z.enum(['approve', 'reject', 'replace']),
  comment: z.string().max(4_000).default('').describe('Feeds the next round where the graph leads it there.'),
  assetId: z.string().max(100).optional().describe('With `replace`, for media: an asset of the same type.'),
  value: z
    .custom<JsonValue>()
    .optional()
    .meta({
      type: ['string', 'number', 'boolean', 'object', 'array', 'null'],
      description: 'With `replace`, for texts, numbers and JSON, at most 8 KB.',
    }),
});

export const decideReview = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/reviews/:id',
  operationId: 'decideReview',
  summary:
    'Approves, rejects or replaces what a run asks about; the first decision counts, the same again is harmless',
  tag: 'reviews',
  scope: 'executions:write',
  bodyKind: 'json',
  params: z.object({ id: z.string().max(100) }),
  query: noParameters,
  body: decisionBody,
  responses: {
    200: { description: 'Decided; the run goes on.', schema: reviewSchema },
    403: { description: 'A live review needs a live key, a test one a test key.', schema: errorSchema },
    404: { description: 'Unknown review, or not yours.', schema: errorSchema },
    409: {
      description: 'Decided otherwise before, timed out, or its execution has ended.',
      schema: errorSchema,
    },
    422: { description: 'The replacement does not fit.', schema: invalidSchema },
  },
  handle: async ({ params, body }, context) => {
    const { caller, dependencies } = context;
    const { database } = dependencies;
    const asked = await reviews.find(database, caller.accountId, params.id);
    if (asked === undefined) throw reviewNotFound();
    requireMode(asked, context);
    const decision = { ...(await toDecision(asked, body, context)), decidedBy: caller.keyId };
    const result = await reviews.decide(database, caller.accountId, params.id, decision);
    if (result.kind === 'not_found') throw reviewNotFound();
    const { review } = result;
    if (result.kind === 'conflict') throw notOpen(review);
    await deliverDecided(dependencies, review);
    return { status: 200, body: presentReview(review, presenterOf(context)) };
  },
});

async function toDecision(
  { value }: Review,
  { decision, comment, assetId, value: given }: z.infer<typeof decisionBody>,
  { caller, dependencies }: CallerContext,
): Promise<NewDecision> {
  if (decision !== 'replace') {
    if (assetId === undefined && given === undefined) return { decision, comment };
    throw unfit('decision', `A replacement goes with the decision "replace", not with "${decision}".`);
  }
  if (!isAssetReference(value)) return { decision, comment, replacement: plainReplacement(value, given) };
  if (assetId === undefined)
    throw unfit('assetId', `The reviewed ${value.type} is replaced by an asset. Give "assetId".`);
  const replacement = await assets.find(dependencies.database, caller.accountId, assetId);
  if (replacement === undefined) throw unfit('assetId', 'There is no such asset. Check its id.');
  if (replacement.type === value.type) return { decision, comment, replacement };
  throw unfit('assetId', `The asset is ${replacement.type}; the reviewed value is ${value.type}.`);
}

/** A text stays a text, a number a number: what follows was connected for that. */
function plainReplacement(value: PortValue, given: unknown): PortValue {
  if (given === undefined) throw unfit('value', 'Say what takes its place in "value".');
  const isOther = ['string', 'number', 'boolean'].some(
    (type) => (typeof value === type) !== (typeof given === type),
  );
  if (isOther) throw unfit('value', `The reviewed value is of type ${typeof value}, the replacement is not.`);
  if (utf8Bytes(JSON.stringify(given)) > INLINE_VALUE_BYTES_MAX)
    throw unfit('value', `The replacement has more than ${INLINE_VALUE_BYTES_MAX} bytes.`);
  return given as PortValue;
}

function unfit(path: string, message: string): ApiError {
  const issue = { path, code: 'replacement_invalid', message, fix: 'GET /reviews shows what is reviewed.' };
  return unprocessable('replacement_invalid', message, [issue]);
}

function presenterOf({ caller, dependencies: { settings, clock } }: CallerContext) {
  return { settings, accountId: caller.accountId, nowMs: clock() };
}

function requireMode({ mode }: Review, { caller }: CallerContext): void {
  if (mode === caller.mode) return;
  const message = `This is a review of a ${mode} execution. Decide it with a ${mode} key.`;
  throw new ApiError({ status: 403, code: 'mode_not_allowed', message });
}

function notOpen({ state, decision }: Review): ApiError {
  const reason =
    state === 'decided'
      ? `was decided before: ${decision ?? ''}`
      : state === 'timed_out'
        ? 'has timed out'
        : 'is closed: its execution has ended, and a resume asks again';
  return conflict('review_not_open', `The review ${reason}.`);
}

function reviewNotFound(): Error {
  return notFound('review_not_found', 'There is no such review. Check its id and the API key.');
}
