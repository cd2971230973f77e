import { z } from 'zod';
import { applyVariant, readVariants } from '../../pipeline/variants';
import { nextVersion } from '../../pipeline/semantic-version';
import { idempotency } from '../../store/database/idempotency';
import { workflows } from '../../store/database/workflows';
import type { WorkflowVersion } from '../../store/database/workflows/workflow';
import { variants, type VariantStats } from '../../store/database/workflows/variants';
import { conflict, notFound } from '../api-error';
import { checkSavedGraph, graphInvalid } from '../compile-posted';
import { toStoredJson } from '../graph-body';
import { executionNotFound } from '../hold-for-change';
import { replay, replyOnce } from '../idempotent-reply';
import { defineKeyRoute, noBody, noParameters, type CallerContext } from '../route';
import { errorSchema, executionParameters, invalidSchema, VERSION_MAX } from '../schemas';
import { presentVersion, versionSchema } from '../views/present-workflow';
import { changedMeanwhile, readWorkflow, savedParameters, unknownWorkflow } from './workflows';

const metric = z
  .string()
  .regex(/^[a-z][a-z0-9_.]{0,63}$/, { error: 'A metric is of a-z, 0-9, _ and ., at most 64.' });

export const giveFeedback = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/workflows/executions/:id/feedback',
  operationId: 'giveFeedback',
  summary: 'What came of an execution outside, such as a click-through; the last value of a metric counts',
  tag: 'workflows',
  scope: 'executions:write',
  bodyKind: 'json',
  params: executionParameters,
  query: noParameters,
  body: z.strictObject({ metric, value: z.number() }),
  responses: {
    200: {
      description: 'Noted.',
      schema: z.object({ executionId: z.string(), metric: z.string(), value: z.number() }),
    },
    404: { description: 'Unknown execution, or not yours.', schema: errorSchema },
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, body }, { caller, dependencies }) => {
    if (!(await variants.giveFeedback(dependencies.database, caller.accountId, params.id, body)))
      throw executionNotFound();
    return { status: 200, body: { executionId: params.id, ...body } };
  },
});

export const variantStatsSchema = z
  .object({
    variant: z.string(),
    weight: z.number().nullable().describe('In the published version; null where it has no such variant.'),
    executions: z.number(),
    completed: z.number(),
    failed: z.number(),
    creditsMean: z.number().nullable(),
    latencyMs: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
    feedback: z.record(z.string(), z.object({ count: z.number(), mean: z.number() })),
  })
  .meta({ id: 'VariantStats' });

export const compareVariants = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/workflows/:id/variants',
  operationId: 'compareVariants',
  summary: 'The variants of a workflow against each other: feedback, cost, latency; in the mode of the key',
  tag: 'workflows',
  scope: 'workflows:read',
  bodyKind: 'none',
  params: savedParameters,
  query: z.object({
    version: z.coerce
      .number()
      .int()
      .positive()
      .max(VERSION_MAX)
      .optional()
      .describe('All versions unless given.'),
  }),
  body: noBody,
  responses: {
    200: { description: 'The variants.', schema: z.object({ data: z.array(variantStatsSchema) }) },
    404: unknownWorkflow,
    422: { description: 'The version is not one.', schema: invalidSchema },
  },
  handle: async ({ params, query }, context) => {
    await readWorkflow(params.id, context);
    const { caller, dependencies } = context;
    const { accountId, mode } = caller;
    const published = await workflows.findVersion(dependencies.database, accountId, params.id);
    const weights = new Map(readVariants(published?.graph ?? {}).map(({ name, weight }) => [name, weight]));
    const scope = { accountId, mode, workflowId: params.id, version: query.version };
    const found = await variants.stats(dependencies.database, scope);
    const names = new Set([...weights.keys(), ...found.map(({ variant }) => variant)]);
    const data = [...names].map((name) => ({
      ...(found.find(({ variant }) => variant === name) ?? nothingYet(name)),
      weight: weights.get(name) ?? null,
    }));
    return { status: 200, body: { data } };
  },
});

export const promoteVariant = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/workflows/:id/variants/:name/promote',
  operationId: 'promoteVariant',
  summary: 'Publishes a version in which this variant of the published one is what all executions run',
  tag: 'workflows',
  scope: 'workflows:write',
  bodyKind: 'none',
  params: savedParameters.extend({ name: z.string().max(100) }),
  query: noParameters,
  body: noBody,
  responses: {
    201: { description: 'The new version.', schema: versionSchema },
    404: { description: 'Unknown workflow or variant, or not yours.', schema: errorSchema },
    409: { description: 'Nothing is published.', schema: errorSchema },
    412: { description: 'The workflow was changed at the same time.', schema: errorSchema },
    422: { description: 'The graph is faulty.', schema: invalidSchema },
  },
  requestHeaders: { 'Idempotency-Key': 'Repeats with one key within 24 h promote once.' },
  handle: async ({ params }, context) =>
    replyOnce(context, undefined, async (store) => {
      const version = presentVersion(await promote(params.id, params.name, context));
      // A repeat after a crash in between finds the variant gone: it makes no second version.
      const toStore = store(201, toStoredJson(version));
      const { accountId } = context.caller;
      const repeat = toStore && (await idempotency.store(context.dependencies.database, accountId, toStore));
      return repeat === undefined ? { status: 201, body: version } : replay(repeat);
    }),
});

async function promote(workflowId: string, name: string, context: CallerContext): Promise<WorkflowVersion> {
  const { caller, dependencies } = context;
  const { database } = dependencies;
  const { accountId, mode } = caller;
  const workflow = await readWorkflow(workflowId, context);
  const published = await workflows.findVersion(database, accountId, workflowId);
  if (published === undefined) throw conflict('workflow_not_published', 'Nothing is published yet.');
  const winner = readVariants(published.graph).find((variant) => variant.name === name);
  if (winner === undefined) throw notFound('variant_not_found', 'The published version has no such variant.');
  const graph = applyVariant(published.graph, winner);
  const issues = await checkSavedGraph(dependencies, accountId, workflowId, graph);
  if (issues.length > 0) throw graphInvalid(issues);
  const tags = (await workflows.listVersions(database, accountId, workflowId)).map(({ tag }) => tag);
  // A draft that somebody works on is left alone.
  const isDraftPublished = JSON.stringify(workflow.draft) === JSON.stringify(published.graph);
  const result = await workflows.publish(database, {
    ...{ accountId, mode, workflowId, revision: workflow.revision },
    ...{ tag: nextVersion(tags, 'minor'), note: `Promotes the variant "${name}".` },
    ...{ graph, replacesDraft: isDraftPublished },
  });
  if (result.kind !== 'published') throw changedMeanwhile();
  return result.version;
}

function nothingYet(variant: string): VariantStats {
  const none = { executions: 0, completed: 0, failed: 0 };
  return { variant, ...none, creditsMean: null, latencyMs: null, feedback: {} };
}
