import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { idempotency } from '../../store/database/idempotency';
import { schedules } from '../../store/database/schedules';
import type { Schedule, ScheduleFire } from '../../store/database/schedules/schedule';
import { newId } from '../../store/ids';
import { isJsonObject } from '../../pipeline/pure/values';
import { type ApiError, conflict, notFound, unprocessable } from '../api-error';
import { graphFields, toStoredJson, versionSelector } from '../graph-body';
import { replay, replyOnce, type IdempotencyToStore } from '../idempotent-reply';
import { workflowNotFound } from '../resolve-graph';
import { defineKeyRoute, noBody, noParameters, type CallerContext, type Reply } from '../route';
import { errorSchema, invalidSchema, time } from '../schemas';
import { ScheduleInvalidError } from '../temporal-schedules';
import { readWorkflow, savedParameters, unknownWorkflow } from './workflows';

/** Temporal's least. */
const CATCH_UP_SECONDS_MIN = 10;
const CATCH_UP_SECONDS = 60;
const FIRES_SHOWN = 20;
/** A backfill of more starts so many executions that it was hardly meant. */
const BACKFILL_DAYS_MAX = 366;
const DAY_MS = 86_400_000;

const overlap = z
  .enum(['skip', 'buffer_one', 'buffer_all', 'cancel_other', 'allow_all'])
  .describe('When a time comes while the execution of an earlier one has not ended.');
const cron = z.string().trim().min(1).max(200);

const scheduleBody = z.strictObject({
  name: z.string().trim().min(1).max(100).optional(),
  cron: z
    .union([cron, z.array(cron).min(1).max(20)])
    .describe(
      '5 fields, minutes first (`0 9 * * 1-5`); with 7 fields seconds come first. Of several any fires.',
    ),
  timezone: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .optional()
    .describe('IANA name such as `Europe/Berlin`; UTC unless given.'),
  overlap: overlap.optional(),
  catchUpSeconds: z
    .int()
    .min(CATCH_UP_SECONDS_MIN)
    .max(604_800)
    .optional()
    .describe('A time missed while Temporal was down is made up for within so long; 60 unless given.'),
  triggerData: graphFields.triggerData,
  version: versionSelector.optional().describe('The version that is published at the time unless given.'),
  budgetCredits: z.int().positive().optional(),
  paused: z.boolean().optional(),
});

const scheduleSchema = z
  .object({
    scheduleId: z.string(),
    workflowId: z.string(),
    name: z.string(),
    mode: z.enum(['live', 'test']).describe('Of the executions that it starts.'),
    cron: z.array(z.string()),
    timezone: z.string(),
    overlap: overlap,
    catchUpSeconds: z.number(),
    triggerData: z.record(z.string(), z.unknown()),
    version: z.union([z.number(), z.string()]).nullable(),
    budgetCredits: z.number().nullable(),
    paused: z.boolean(),
    note: z.string().describe('Why it is paused.'),
    createdAt: z.string(),
  })
  .meta({ id: 'Schedule' });

const detailSchema = scheduleSchema
  .extend({
    nextRuns: z
      .array(z.string())
      .nullable()
      .describe('The next ten times, UTC; null while Temporal is away.'),
    fires: z.array(
      z.object({
        scheduledAt: z.string(),
        state: z.enum(['pending', 'started', 'refused', 'cancelled']),
        executionId: z.string().nullable(),
        refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
      }),
    ),
  })
  .meta({ id: 'ScheduleDetail' });

const base = '/api/v1/workflows/:id/schedules';
const one = `${base}/:scheduleId`;
const oneParameters = savedParameters.extend({ scheduleId: z.string().max(100) });
const unknown = { description: 'Unknown workflow or schedule, or not yours.', schema: errorSchema };
const invalid = {
  description: 'The body, the cron expression or the time zone is not one.',
  schema: invalidSchema,
};
const shown = { 200: { description: 'The schedule.', schema: detailSchema }, 404: unknown };
const common = { tag: 'schedules', scope: 'workflows:write', query: noParameters } as const;
const withoutBody = { bodyKind: 'none', body: noBody } as const;

export const listSchedules = defineKeyRoute({
  ...common,
  ...withoutBody,
  method: 'GET',
  path: base,
  operationId: 'listSchedules',
  summary: 'When the workflow runs by itself',
  scope: 'workflows:read',
  params: savedParameters,
  responses: {
    200: { description: 'The schedules.', schema: z.object({ data: z.array(scheduleSchema) }) },
    404: unknownWorkflow,
  },
  handle: async ({ params }, context) => {
    await readWorkflow(params.id, context);
    const { caller, dependencies } = context;
    const found = await schedules.list(dependencies.database, caller.accountId, params.id);
    const own = found.filter(({ mode }) => mode === caller.mode);
    return { status: 200, body: { data: own.map(presentSchedule) } };
  },
});

export const createSchedule = defineKeyRoute({
  ...common,
  method: 'POST',
  path: base,
  operationId: 'createSchedule',
  summary: 'Runs the workflow at times, in the mode of the key',
  bodyKind: 'json',
  params: savedParameters,
  body: scheduleBody,
  requestHeaders: { 'Idempotency-Key': 'Repeats with one key within 24 h make one schedule.' },
  responses: {
    201: { description: 'The schedule.', schema: scheduleSchema },
    404: unknownWorkflow,
    422: invalid,
  },
  handle: async ({ params, body }, context) =>
    replyOnce(context, body, async (store) => {
      const { caller, dependencies } = context;
      const { database, temporal, clock } = dependencies;
      const { accountId, mode } = caller;
      const parts = { paused: false, note: '', ...readSchedule(body) };
      const schedule = { id: newId('sch'), accountId, workflowId: params.id, mode, ...parts };
      const answer = toStoredJson(presentSchedule({ ...schedule, createdAt: new Date(clock()) }));
      const result = await schedules
        .create(database, schedule, store(201, answer), (made) => temporal.schedules.put(made))
        .catch(explainInvalid);
      if (result === undefined) throw workflowNotFound(params.id);
      return 'kind' in result ? replay(result) : { status: 201, body: answer };
    }),
});

export const getSchedule = defineKeyRoute({
  ...common,
  ...withoutBody,
  method: 'GET',
  path: one,
  operationId: 'getSchedule',
  summary: 'A schedule with its next times and what became of the last ones',
  scope: 'workflows:read',
  params: oneParameters,
  responses: shown,
  handle: async ({ params }, context) => answerSchedule(params, context),
});

export const saveSchedule = defineKeyRoute({
  ...common,
  method: 'PUT',
  path: one,
  operationId: 'saveSchedule',
  summary: 'Replaces times and input of a schedule; it stays paused, or not, unless `paused` says so',
  bodyKind: 'json',
  params: oneParameters,
  body: scheduleBody,
  responses: { ...shown, 422: invalid },
  handle: async ({ params, body }, context) => change(params, readSchedule(body), context),
});

export const pauseSchedule = defineKeyRoute({
  ...common,
  method: 'POST',
  path: `${one}/pause`,
  operationId: 'pauseSchedule',
  summary: 'Lets no time fire until it is resumed; idempotent',
  bodyKind: 'json',
  params: oneParameters,
  body: z.strictObject({ note: z.string().max(500).optional().describe('Why.') }).optional(),
  responses: { ...shown, 422: invalid },
  handle: async ({ params, body }, context) =>
    change(params, { paused: true, note: body?.note ?? '' }, context),
});

export const resumeSchedule = defineKeyRoute({
  ...common,
  ...withoutBody,
  method: 'POST',
  path: `${one}/resume`,
  operationId: 'resumeSchedule',
  summary: 'Fires again from the next time on; times in between are not made up for; idempotent',
  params: oneParameters,
  responses: shown,
  handle: async ({ params }, context) => change(params, { paused: false, note: '' }, context),
});

export const triggerSchedule = defineKeyRoute({
  ...common,
  ...withoutBody,
  method: 'POST',
  path: `${one}/trigger`,
  operationId: 'triggerSchedule',
  summary: 'Fires now, also while it is paused',
  params: oneParameters,
  responses: { 202: { description: 'It fires.', schema: detailSchema }, 404: unknown, 409: outOfStep() },
  requestHeaders: { 'Idempotency-Key': 'Repeats with one key within 24 h fire once.' },
  handle: async ({ params }, context) =>
    replyOnce(context, undefined, async (store) => {
      const { id } = await findSchedule(params, context);
      const { caller, dependencies } = context;
      // Temporal knows the repeat of a request by its id, so a crash before the answer is stored fires no second time.
      const requestId = requestIdOf(caller.accountId, store(202, null));
      if (!(await dependencies.temporal.schedules.trigger(id, requestId))) throw missingInTemporal();
      const { body } = await answerSchedule(params, context);
      const toStore = store(202, toStoredJson(body));
      const repeat = toStore && (await idempotency.store(dependencies.database, caller.accountId, toStore));
      return repeat === undefined ? { status: 202, body } : replay(repeat);
    }),
});

/** The same for the repeats of a request; a request without a key has no repeats. */
function requestIdOf(
  accountId: string,
  request: Pick<IdempotencyToStore, 'scope' | 'key'> | undefined,
): string {
  if (request === undefined) return randomUUID();
  return createHash('sha256')
    .update(JSON.stringify([accountId, request.scope, request.key]))
    .digest('hex');
}

export const backfillSchedule = defineKeyRoute({
  ...common,
  method: 'POST',
  path: `${one}/backfill`,
  operationId: 'backfillSchedule',
  summary: 'Fires for every time between two moments; one that has fired before fires no second time',
  bodyKind: 'json',
  params: oneParameters,
  body: z.strictObject({ from: time, to: time, overlap: overlap.optional() }),
  responses: {
    202: { description: 'They fire.', schema: detailSchema },
    404: unknown,
    409: outOfStep(),
    422: invalid,
  },
  handle: async ({ params, body }, context) => {
    const schedule = await findSchedule(params, context);
    const range = {
      from: new Date(body.from),
      to: new Date(body.to),
      overlap: body.overlap ?? schedule.spec.overlap,
    };
    const spanMs = range.to.getTime() - range.from.getTime();
    if (
      spanMs < 0 ||
      spanMs > BACKFILL_DAYS_MAX * DAY_MS ||
      range.to.getTime() > context.dependencies.clock()
    ) {
      throw invalidPart(
        'to',
        'range_invalid',
        'A backfill begins before it ends, ends in the past, and is of a year at most.',
      );
    }
    if (!(await context.dependencies.temporal.schedules.backfill(schedule.id, range)))
      throw missingInTemporal();
    return { ...(await answerSchedule(params, context)), status: 202 };
  },
});

export const deleteSchedule = defineKeyRoute({
  ...common,
  ...withoutBody,
  method: 'DELETE',
  path: one,
  operationId: 'deleteSchedule',
  summary: 'Deletes a schedule; executions that it has started go on',
  params: oneParameters,
  responses: { 204: { description: 'It is gone.' }, 404: unknown },
  handle: async ({ params }, context) => {
    const { caller, dependencies } = context;
    await findSchedule(params, context);
    const { database, temporal } = dependencies;
    const name = nameOf(caller.accountId, params);
    if (!(await schedules.delete(database, name, (id) => temporal.schedules.remove(id))))
      throw scheduleNotFound();
    return { status: 204 };
  },
});

type Parameters = z.infer<typeof oneParameters>;

function readSchedule(
  body: z.infer<typeof scheduleBody>,
): Pick<Schedule, 'name' | 'spec' | 'run'> & { readonly paused?: boolean } {
  const { triggerData = {}, version, budgetCredits, paused, name = 'schedule' } = body;
  if (!isJsonObject(triggerData)) {
    throw invalidPart('triggerData', 'trigger_data_invalid', 'triggerData must be an object.');
  }
  const { timezone = 'UTC', catchUpSeconds = CATCH_UP_SECONDS } = body;
  return {
    name,
    spec: {
      ...{ cron: [body.cron].flat(), timezone, catchUpSeconds },
      overlap: body.overlap ?? 'skip',
    },
    run: { triggerData, version, budgetCredits },
    ...(paused === undefined ? {} : { paused }),
  };
}

async function change(
  params: Parameters,
  changes: Partial<Pick<Schedule, 'name' | 'spec' | 'run' | 'paused' | 'note'>>,
  context: CallerContext,
): Promise<Reply> {
  const { caller, dependencies } = context;
  await findSchedule(params, context);
  const { database, temporal } = dependencies;
  const changed = await schedules
    .change(database, nameOf(caller.accountId, params), changes, (made) => temporal.schedules.put(made))
    .catch(explainInvalid);
  if (changed === undefined) throw scheduleNotFound();
  return answerSchedule(params, context);
}

async function findSchedule(params: Parameters, { caller, dependencies }: CallerContext): Promise<Schedule> {
  const found = await schedules.find(dependencies.database, nameOf(caller.accountId, params));
  // A test key must never reach what spends money.
  if (found === undefined || found.mode !== caller.mode) throw scheduleNotFound();
  return found;
}

async function answerSchedule(params: Parameters, context: CallerContext) {
  const schedule = await findSchedule(params, context);
  const { database, temporal } = context.dependencies;
  const fires = await schedules.fires(database, schedule.id, FIRES_SHOWN);
  const nextRuns = await temporal.schedules.nextRuns(schedule.id).catch(() => undefined);
  const body = {
    ...presentSchedule(schedule),
    nextRuns: nextRuns?.map((at) => at.toISOString()) ?? null,
    fires: fires.map(presentFire),
  };
  return { status: 200, body };
}

function nameOf(accountId: string, { id, scheduleId }: Parameters) {
  return { accountId, workflowId: id, scheduleId };
}

function explainInvalid(error: unknown): never {
  if (!(error instanceof ScheduleInvalidError)) throw error;
  throw invalidPart('cron', 'schedule_invalid', error.message);
}

function invalidPart(path: string, code: string, message: string): ApiError {
  const fix = 'Correct it as described at /docs.';
  return unprocessable('request_invalid', message, [{ path, code, message, fix }]);
}

function scheduleNotFound(): ApiError {
  return notFound('schedule_not_found', 'The workflow has no such schedule. They are listed at …/schedules.');
}

function outOfStep() {
  return { description: 'Temporal has lost it: save it again.', schema: errorSchema };
}

/** An operator has removed it there; saving it makes it again. */
function missingInTemporal(): ApiError {
  return conflict('schedule_missing', 'Temporal does not know this schedule any more. Save it again (PUT).');
}

function presentFire({ scheduledAt, state, executionId, refusal }: ScheduleFire) {
  return { scheduledAt: scheduledAt.toISOString(), state, executionId, refusal };
}

function presentSchedule(schedule: Schedule): z.infer<typeof scheduleSchema> {
  const { id, workflowId, name, mode, spec, run, paused, note, createdAt } = schedule;
  return {
    ...{ scheduleId: id, workflowId, name, mode, paused, note },
    ...{ ...spec, cron: [...spec.cron] },
    triggerData: { ...run.triggerData },
    version: run.version ?? null,
    budgetCredits: run.budgetCredits ?? null,
    createdAt: createdAt.toISOString(),
  };
}
