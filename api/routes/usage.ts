import { z } from 'zod';
import { usage } from '../../store/database/usage';
import { unprocessable } from '../api-error';
import { findPlan } from '../plans';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { invalidSchema, time } from '../schemas';

const DAY_MS = 86_400_000;
const USUAL_DAYS = 30;
const DAYS_MAX = 400;

const sum = { credits: z.number().int(), jobs: z.number().int().describe('Paid jobs.') };
const limit = z.number().int().nullable().describe('null: no limit.');

const usageSchema = z
  .object({
    mode: z.enum(['live', 'test']),
    from: z.string(),
    to: z.string(),
    plan: z.object({
      name: z.string(),
      requestsPerMinute: limit,
      executionsPerMinute: limit,
      executionsPerDay: limit,
    }),
    executions: z
      .object({
        started: z.number().int(),
        completed: z.number().int(),
        failed: z.number().int(),
        cancelled: z.number().int(),
      })
      .describe('Those that began in this time, as they stand now.'),
    ...sum,
    days: z.array(z.object({ day: z.string().describe('YYYY-MM-DD, UTC.'), ...sum })),
    models: z.array(z.object({ provider: z.string(), model: z.string(), ...sum })),
    nodeTypes: z.array(z.object({ nodeType: z.string(), ...sum })),
  })
  .meta({ id: 'Usage' });

export const getUsage = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/usage',
  operationId: 'getUsage',
  summary:
    'What the account has used in the mode of the key: executions, credits by day, model and node type',
  tag: 'credits',
  scope: 'credits:read',
  bodyKind: 'none',
  params: noParameters,
  query: z.object({
    from: time.optional().describe(`Included; ${USUAL_DAYS} days before \`to\` unless given.`),
    to: time.optional().describe('Excluded; now unless given.'),
  }),
  body: noBody,
  responses: {
    200: { description: 'The usage.', schema: usageSchema },
    422: { description: 'The times are not as described.', schema: invalidSchema },
  },
  handle: async ({ query }, { caller: { accountId, mode, plan }, dependencies }) => {
    const to = query.to === undefined ? new Date(dependencies.clock()) : new Date(query.to);
    const from =
      query.from === undefined ? new Date(to.getTime() - USUAL_DAYS * DAY_MS) : new Date(query.from);
    refuseOddWindow(from, to);
    const used = await usage.read(dependencies.database, { accountId, mode, from, to });
    const window = { from: from.toISOString(), to: to.toISOString() };
    return { status: 200, body: { mode, ...window, plan: findPlan(plan), ...used } };
  },
});

function refuseOddWindow(from: Date, to: Date): void {
  const days = (to.getTime() - from.getTime()) / DAY_MS;
  if (days > 0 && days <= DAYS_MAX) return;
  const message = `From ${from.toISOString()} to ${to.toISOString()} are ${Math.floor(days)} days.`;
  const fix = `Ask for a time that ends after it begins and lasts at most ${DAYS_MAX} days.`;
  throw unprocessable('request_invalid', message, [
    { path: 'query.from', code: 'window_invalid', message, fix },
  ]);
}
