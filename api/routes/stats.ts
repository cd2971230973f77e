import { z } from 'zod';
import { stats, type Outcomes } from '../../store/database/stats';
import { variants } from '../../store/database/workflows/variants';
import { unprocessable } from '../api-error';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { invalidSchema, time } from '../schemas';
import { variantStatsSchema } from './variants';

const DAY_MS = 86_400_000;
const USUAL_DAYS = 7;
const DAYS_MAX = 92;

const outcomes = {
  count: z.number().int(),
  completed: z.number().int(),
  failed: z.number().int(),
  successRate: z
    .number()
    .nullable()
    .describe('completed / (completed + failed); null before the first has ended.'),
  latencyMs: z
    .object({ p50: z.number(), p95: z.number(), p99: z.number() })
    .nullable()
    .describe('Of those that completed.'),
  credits: z.number().int().describe('Charged.'),
};

const statsSchema = z
  .object({
    mode: z.enum(['live', 'test']),
    from: z.string(),
    to: z.string(),
    runs: z.object(outcomes).describe('Executions; a batch counts as one.'),
    workflows: z
      .array(z.object({ workflowId: z.string(), name: z.string(), ...outcomes }))
      .describe('The dearest first, at most 100.'),
    dearestRuns: z.array(
      z.object({ executionId: z.string(), workflowId: z.string(), credits: z.number().int() }),
    ),
    nodeTypes: z
      .array(
        z.object({
          nodeType: z.string(),
          attempts: z.number().int().describe('Of all its steps.'),
          ...outcomes,
        }),
      )
      .describe('Steps that have ended, by node type.'),
    models: z
      .array(
        z.object({
          provider: z.string(),
          model: z.string(),
          sends: z.number().int().describe('Requests that started a job.'),
          rateLimited: z.number().int().describe('Sends that were answered 429.'),
          ...outcomes,
        }),
      )
      .describe('Jobs by model.'),
    reasons: z
      .array(z.object({ reason: z.string(), jobs: z.number().int(), credits: z.number().int() }))
      .describe(
        'Jobs by why they were made: `first`; `fallback` after another model; `definite_failure`, `changed`, `policy`, `user`: once more at the same one.',
      ),
    variants: z
      .array(variantStatsSchema.omit({ weight: true }))
      .describe('With `workflowId`: its variants against each other.'),
  })
  .meta({ id: 'Stats' });

export const getStats = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/stats',
  operationId: 'getStats',
  summary:
    'Latency, success and cost of the executions that began in a time, in the mode of the key: by workflow, node type, model and reason',
  tag: 'executions',
  scope: 'executions:read',
  bodyKind: 'none',
  params: noParameters,
  query: z.object({
    from: time.optional().describe(`Included; ${USUAL_DAYS} days before \`to\` unless given.`),
    to: time.optional().describe('Excluded; now unless given.'),
    workflowId: z.string().max(100).optional().describe('Of this workflow only, with its variants.'),
  }),
  body: noBody,
  responses: {
    200: { description: 'The figures.', schema: statsSchema },
    422: { description: 'The times are not as described.', schema: invalidSchema },
  },
  handle: async ({ query }, { caller: { accountId, mode }, dependencies: { database, clock } }) => {
    const { workflowId } = query;
    const to = query.to === undefined ? new Date(clock()) : new Date(query.to);
    const from =
      query.from === undefined ? new Date(to.getTime() - USUAL_DAYS * DAY_MS) : new Date(query.from);
    refuseOddWindow(from, to);
    const scope = { accountId, mode, from, to, workflowId };
    const [found, compared] = await Promise.all([
      stats.read(database, scope),
      workflowId === undefined ? [] : variants.stats(database, { ...scope, workflowId }),
    ]);
    const body = {
      ...{ mode, from: from.toISOString(), to: to.toISOString() },
      runs: withRate(found.runs),
      workflows: found.workflows.map(withRate),
      dearestRuns: [...found.dearestRuns],
      nodeTypes: found.nodeTypes.map(withRate),
      models: found.models.map(withRate),
      reasons: [...found.reasons],
      variants: [...compared],
    };
    return { status: 200, body };
  },
});

function withRate<T extends Outcomes>(each: T): T & { readonly successRate: number | null } {
  const ended = each.completed + each.failed;
  return { ...each, successRate: ended === 0 ? null : each.completed / ended };
}

function refuseOddWindow(from: Date, to: Date): void {
  const days = (to.getTime() - from.getTime()) / DAY_MS;
  if (days > 0 && days <= DAYS_MAX) return;
  const message = `From ${from.toISOString()} to ${to.toISOString()} are ${Math.floor(days)} days.`;
  const fix = `Ask for a time that ends after it begins and lasts at most ${DAYS_MAX} days.`;
  throw unprocessable('request_invalid', message, [
    { path: 'query.from', code: 'window_invalid', message, fix },
  ]);
}
