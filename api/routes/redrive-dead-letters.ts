import { z } from 'zod';
import { credits } from '../../store/database/credits';
import { deadLetters } from '../../store/database/dead-letters';
import type { DeadLetter, RedriveSchedule } from '../../store/database/dead-letters/dead-letter';
import { newId } from '../../store/ids';
import { conflict, notFound } from '../api-error';
import type { Caller } from '../caller';
import { toStoredJson } from '../graph-body';
import { replay, replyOnce, type StoreReply } from '../idempotent-reply';
import { planRedrive, type PlannedRedrive } from '../redrive';
import { defineKeyRoute, noParameters, type CallerContext, type Reply } from '../route';
import { errorSchema, invalidSchema } from '../schemas';
import { dryRun, letterFilters, toFilters } from './dead-letters';
import { resumeReceiptSchema } from './resume-execution';

const MINUTE_MS = 60_000;
/** Letters that one redrive takes in; longest failed first. */
const LETTERS_MAX = 500;

const redriveBody = z
  .strictObject({
    ids: z.array(z.string().min(1).max(100)).min(1).max(LETTERS_MAX).optional().describe('These letters.'),
    ...letterFilters,
    dryRun,
    throttle: z
      .strictObject({ perMinute: z.int().min(1).max(6_000) })
      .optional()
      .describe('Executions that go on per minute; as fast as it goes unless given.'),
  })
  .refine(({ ids, provider, code, nodeType, batchId, from, to }) => {
    const isFiltered = [provider, code, nodeType, batchId, from, to].some((given) => given !== undefined);
    return (ids === undefined) === isFiltered;
  }, 'Give ids, or at least one of provider, code, nodeType, batchId, from and to, not both.');

const redriveReceiptSchema = z
  .object({
    redriveId: z
      .string()
      .nullable()
      .describe('Null with `dryRun`. `GET /dead-letters?redriveId=…&state=all` shows how it goes.'),
    letters: z.number().describe('That are tried again.'),
    executions: z.array(
      z.object({
        executionId: z.string(),
        deadLetterIds: z.array(z.string()),
        dueAt: z.string().nullable().describe('When it goes on, at the earliest.'),
        receipt: resumeReceiptSchema.nullable(),
        refusal: z
          .object({ code: z.string(), message: z.string() })
          .nullable()
          .describe('Why it cannot go on.'),
      }),
    ),
    price: z.object({ minCredits: z.number(), maxCredits: z.number() }).describe('Of all that goes on.'),
    availableCredits: z.number(),
    hasMore: z
      .boolean()
      .describe(`More letters match than one redrive takes in (${LETTERS_MAX}): repeat it.`),
  })
  .meta({ id: 'RedriveReceipt' });

type Body = z.infer<typeof redriveBody>;

export const redriveDeadLetters = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/dead-letters/redrive',
  operationId: 'redriveDeadLetters',
  summary:
    'Tries many again, such as all that failed at one provider within a time; with a throttle that outlives restarts',
  tag: 'dead letters',
  scope: 'executions:write',
  bodyKind: 'json',
  params: noParameters,
  query: noParameters,
  body: redriveBody,
  requestHeaders: {
    'Idempotency-Key': 'Repeats with one key within 24 h plan once and get the first answer.',
  },
  responses: {
    200: { description: 'With `dryRun`: count and price.', schema: redriveReceiptSchema },
    202: {
      description:
        'Planned; the first go on within seconds. One that cannot, for want of credits for instance, is open again and has the reason in `redrive.refusal`.',
      schema: redriveReceiptSchema,
    },
    404: { description: 'An id is unknown, or not yours.', schema: errorSchema },
    409: { description: 'A letter is not open, or was redriven at the same time.', schema: errorSchema },
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ body }, context) => {
    if (body.dryRun === true) {
      const selection = await select(body, context);
      return { status: 200, body: await createReceipt(selection, body, null, context) };
    }
    return replyOnce(context, body, async (store) => redrive(body, store, context));
  },
});

interface Selection {
  readonly planned: readonly PlannedRedrive[];
  readonly hasMore: boolean;
}

async function select(body: Body, context: CallerContext): Promise<Selection> {
  const { caller, dependencies } = context;
  const filters = { ...toFilters(body), ids: body.ids, mode: caller.mode };
  // Named ones are looked at whatever their state, so that each can be told apart.
  const state = body.ids === undefined ? ('open' as const) : undefined;
  const found = await deadLetters.selectForRedrive(
    dependencies.database,
    caller.accountId,
    { ...filters, state },
    LETTERS_MAX + 1,
  );
  if (body.ids !== undefined) requireAll(body.ids, found, caller);
  const letters = found.slice(0, LETTERS_MAX);
  return { planned: await planRedrive(letters, context), hasMore: found.length > letters.length };
}

function requireAll(ids: readonly string[], found: readonly DeadLetter[], { mode }: Caller): void {
  const known = new Set(found.map((letter) => letter.id));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0) {
    const message = `There is no such dead letter of ${mode} mode: ${unknown.slice(0, 10).join(', ')}. Check the ids and the API key.`;
    throw notFound('dead_letter_not_found', message);
  }
  const closed = found.filter((letter) => letter.state !== 'open');
  if (closed.length === 0) return;
  const named = closed.slice(0, 10).map(({ id, state }) => `${id} (${state})`);
  throw conflict(
    'dead_letter_not_open',
    `Only open dead letters can be redriven; these are not: ${named.join(', ')}.`,
  );
}

async function redrive(body: Body, store: StoreReply, context: CallerContext): Promise<Reply> {
  const { caller, dependencies } = context;
  const redriveId = newId('rdv');
  const receipt = await createReceipt(await select(body, context), body, redriveId, context);
  const schedule: RedriveSchedule = {
    redriveId,
    accountId: caller.accountId,
    perMinute: body.throttle?.perMinute,
    executions: receipt.executions
      .filter(({ refusal }) => refusal === null)
      .map(({ deadLetterIds }, index) => ({ letterIds: deadLetterIds, delayMs: delayMs(index, body) })),
  };
  const stored = store(202, toStoredJson(receipt));
  const result = await deadLetters.scheduleRedrive(dependencies.database, schedule, stored);
  switch (result.kind) {
    case 'scheduled':
      return { status: 202, body: receipt };
    case 'changed':
      throw conflict(
        'dead_letters_changed',
        'Some of these dead letters were redriven at the same time; nothing was planned. Repeat the request.',
        1,
      );
    case 'replayed':
    case 'fingerprint_mismatch':
      return replay(result);
  }
}

function delayMs(index: number, { throttle }: Body): number {
  return throttle === undefined ? 0 : (index * MINUTE_MS) / throttle.perMinute;
}

async function createReceipt(
  { planned, hasMore }: Selection,
  body: Body,
  redriveId: string | null,
  { caller, dependencies }: CallerContext,
): Promise<z.infer<typeof redriveReceiptSchema>> {
  const { database, clock } = dependencies;
  const nowMs = clock();
  let begun = 0;
  const executions = planned.map(({ executionId, letterIds, receipt, refusal }) => {
    const dueAt = refusal === null ? new Date(nowMs + delayMs(begun++, body)).toISOString() : null;
    return { executionId, deadLetterIds: [...letterIds], dueAt, receipt, refusal };
  });
  const going = executions.filter(({ refusal }) => refusal === null);
  const sum = (read: (execution: (typeof going)[number]) => number) =>
    going.reduce((total, execution) => total + read(execution), 0);
  const { available } = await credits.balance(database, caller.accountId, caller.mode);
  return {
    redriveId,
    letters: sum(({ deadLetterIds }) => deadLetterIds.length),
    executions,
    price: {
      minCredits: sum(({ receipt }) => receipt?.quote.minCredits ?? 0),
      maxCredits: sum(({ receipt }) => receipt?.quote.maxCredits ?? 0),
    },
    availableCredits: available,
    hasMore,
  };
}
