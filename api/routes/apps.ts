import { z } from 'zod';
import {
  appOutputs,
  defineApp,
  inputSchema,
  outputSchema,
  type AppDefinition,
} from '../../pipeline/app-definition';
import { portsOfWorkflows } from '../../pipeline/sub-workflows';
import { isJsonObject } from '../../pipeline/pure/values';
import { workflows } from '../../store/database/workflows';
import { apps, type App } from '../../store/database/workflows/apps';
import type { JsonObject } from '../../workflows/contract';
import { conflict, notFound, unprocessable, type Issue } from '../api-error';
import { appOpenApi } from '../app-openapi';
import { callbackUrl, executeBody, toStoredJson } from '../graph-body';
import { preferredWaitSeconds, WAIT_SECONDS_MAX } from '../http/prefer';
import { loadSubWorkflows } from '../load-sub-workflows';
import { replay, replyOnce } from '../idempotent-reply';
import { workflowNotFound } from '../resolve-graph';
import { defineKeyRoute, noBody, noParameters, type CallerContext, type Reply } from '../route';
import { receiptSchema, runWorkflow, type Receipt } from '../run-workflow';
import { errorSchema, invalidSchema } from '../schemas';
import { insufficientCreditsSchema, waitForReceipt } from './execute-workflow';
import { savedParameters, unknownWorkflow } from './workflows';

const slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, { error: 'A slug is of a-z, 0-9 and -, at most 63.' });
const slugParameters = z.object({ slug: z.string().max(100) });

const portSchema = z.object({
  name: z.string(),
  nodeId: z.string(),
  type: z.string(),
  label: z.string(),
  schema: z.record(z.string(), z.unknown()).describe('JSON Schema.'),
});

const appSchema = z
  .object({
    slug: z.string(),
    workflowId: z.string(),
    name: z.string(),
    description: z.string(),
    version: z.number().nullable().describe('Null: nothing is published, so it cannot be called.'),
    url: z.string(),
  })
  .meta({ id: 'App' });

const appDetailSchema = appSchema
  .extend({
    inputs: z.array(portSchema.extend({ required: z.boolean() })),
    outputs: z.array(
      portSchema.extend({
        port: z.string(),
        list: z.boolean().optional(),
        mayBeAbsent: z.boolean().optional().describe('Not every run gives it.'),
      }),
    ),
  })
  .meta({ id: 'AppDetail' });

const unknown = { description: 'There is no such app.', schema: errorSchema };
const unpublished = { description: 'Its workflow is not published.', schema: errorSchema };
const common = { tag: 'apps' } as const;
const read = { scope: 'workflows:read', bodyKind: 'none', query: noParameters, body: noBody } as const;

export const setApp = defineKeyRoute({
  ...common,
  method: 'PUT',
  path: '/api/v1/workflows/:id/app',
  operationId: 'setApp',
  summary: 'Makes the workflow callable as an app under a slug; its published version answers',
  scope: 'workflows:write',
  bodyKind: 'json',
  params: savedParameters,
  query: noParameters,
  body: z.strictObject({ slug }),
  responses: {
    200: { description: 'The app.', schema: appSchema },
    404: unknownWorkflow,
    409: { description: 'Another workflow has this slug.', schema: errorSchema },
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, body }, context) => {
    const { caller, dependencies } = context;
    const request = { accountId: caller.accountId, workflowId: params.id, slug: body.slug };
    const result = await apps.set(dependencies.database, request);
    if (result === 'not_found') throw workflowNotFound(params.id);
    if (result === 'taken') throw conflict('app_slug_taken', 'Another workflow of yours has this slug.');
    return { status: 200, body: presentApp(await readApp(body.slug, context), context) };
  },
});

export const removeApp = defineKeyRoute({
  ...common,
  method: 'DELETE',
  path: '/api/v1/workflows/:id/app',
  operationId: 'removeApp',
  summary: 'Ends the app; the workflow stays',
  scope: 'workflows:write',
  bodyKind: 'none',
  params: savedParameters,
  query: noParameters,
  body: noBody,
  responses: { 204: { description: 'It is no app any more.' }, 404: unknown },
  handle: async ({ params }, { caller, dependencies }) => {
    if (!(await apps.remove(dependencies.database, caller.accountId, params.id))) throw appNotFound();
    return { status: 204 };
  },
});

export const listApps = defineKeyRoute({
  ...common,
  ...read,
  method: 'GET',
  path: '/api/v1/apps',
  operationId: 'listApps',
  summary: 'Workflows that are callable as apps',
  params: noParameters,
  responses: { 200: { description: 'The apps.', schema: z.object({ data: z.array(appSchema) }) } },
  handle: async (_input, context) => {
    const found = await apps.list(context.dependencies.database, context.caller.accountId);
    return { status: 200, body: { data: found.map((app) => presentApp(app, context)) } };
  },
});

export const getApp = defineKeyRoute({
  ...common,
  ...read,
  method: 'GET',
  path: '/api/v1/apps/:slug',
  operationId: 'getApp',
  summary: 'What an app takes and gives, by name and type',
  params: slugParameters,
  responses: { 200: { description: 'The app.', schema: appDetailSchema }, 404: unknown, 409: unpublished },
  handle: async ({ params }, context) => {
    const { app, definition } = await readPublishedApp(params.slug, context);
    const inputs = definition.inputs.map(({ default: _shown, ...input }) => ({
      ...input,
      schema: inputSchema({ ...input, default: _shown }),
    }));
    const outputs = definition.outputs.map((output) => ({ ...output, schema: outputSchema(output) }));
    return { status: 200, body: { ...presentApp(app, context), inputs, outputs } };
  },
});

export const getAppOpenApi = defineKeyRoute({
  ...common,
  ...read,
  method: 'GET',
  path: '/api/v1/apps/:slug/openapi.json',
  operationId: 'getAppOpenApi',
  summary: 'OpenAPI 3.1 of one app',
  params: slugParameters,
  responses: {
    200: { description: 'OpenAPI 3.1.', schema: z.record(z.string(), z.unknown()) },
    404: unknown,
    409: unpublished,
  },
  handle: async ({ params }, context) => {
    const { app, definition } = await readPublishedApp(params.slug, context);
    return { status: 200, body: appOpenApi(app, definition, context.dependencies.settings.publicUrl) };
  },
});

const callBody = z
  .strictObject({
    inputs: z.record(z.string(), z.unknown()).optional().describe('By name; see GET /apps/{slug}.'),
    budgetCredits: executeBody.shape.budgetCredits,
    tags: executeBody.shape.tags,
    callbackUrl: callbackUrl.optional(),
  })
  .optional();

export const callApp = defineKeyRoute({
  ...common,
  method: 'POST',
  path: '/api/v1/apps/:slug',
  operationId: 'callApp',
  summary: 'Runs an app and waits for its outputs, 60 s unless `Prefer: wait=n` says otherwise',
  scope: 'executions:write',
  bodyKind: 'json',
  params: slugParameters,
  query: noParameters,
  body: callBody,
  requestHeaders: {
    'Idempotency-Key': 'Repeats with one key within 24 h start one run and get the first answer.',
    Prefer: '`wait=n`, at most 60; `wait=0` answers at once.',
  },
  responses: {
    201: {
      description: 'It runs or has ended; `outputs` are those that are there.',
      schema: receiptSchema.extend({ outputs: z.record(z.string(), z.unknown()) }).meta({ id: 'AppReceipt' }),
    },
    402: { description: 'Too few credits; nothing was started.', schema: insufficientCreditsSchema },
    404: unknown,
    409: {
      description: 'Not published, or the first request with this key is still in work.',
      schema: errorSchema,
    },
    422: { description: 'An input is missing, unknown or of another type.', schema: invalidSchema },
  },
  handle: async ({ params, body = {} }, context) =>
    replyOnce(context, body, async (store) => {
      const { app, definition } = await readPublishedApp(params.slug, context);
      const { inputs: given, ...rest } = body;
      const inputs = isJsonObject(given) ? given : {};
      refuseUnknown(inputs, definition);
      const result = await runWorkflow(context.dependencies, {
        runner: context.caller,
        workflowId: app.workflowId,
        body: { ...rest, triggerData: inputs },
        toStore: (receipt) => store(201, toStoredJson({ ...receipt, outputs: {} })),
      });
      if (result.kind === 'repeated') return replay(result.repeat);
      return answerCall(result.receipt, definition, context);
    }),
});

async function answerCall(
  receipt: Receipt,
  definition: AppDefinition,
  context: CallerContext,
): Promise<Reply> {
  const preference = context.request.get('prefer');
  const asksNotToWait = /(^|,)\s*wait\s*=\s*0\b/.test(preference ?? '');
  const waitSeconds = asksNotToWait ? undefined : (preferredWaitSeconds(preference) ?? WAIT_SECONDS_MAX);
  const { headers, body } = await waitForReceipt(receipt, waitSeconds, context);
  const nodes = body.execution?.nodes ?? {};
  const outputs = appOutputs(definition, (nodeId) => nodes[nodeId]?.output);
  return { status: 201, headers, body: { ...body, outputs } };
}

function refuseUnknown(inputs: JsonObject, definition: AppDefinition): void {
  const known = new Set(definition.inputs.map(({ name }) => name));
  const issues: Issue[] = Object.keys(inputs)
    .filter((name) => !known.has(name))
    .map((name) => ({
      path: `inputs.${name}`,
      code: 'unknown_field',
      message: `The app has no input "${name}".`,
      fix: `Its inputs are: ${[...known].join(', ')}.`,
    }));
  if (issues.length > 0)
    throw unprocessable('request_invalid', 'The inputs have faults; see issues.', issues);
}

async function readApp(name: string, { caller, dependencies }: CallerContext): Promise<App> {
  const app = await apps.find(dependencies.database, caller.accountId, name);
  if (app === undefined) throw appNotFound();
  return app;
}

async function readPublishedApp(name: string, context: CallerContext) {
  const app = await readApp(name, context);
  const { database } = context.dependencies;
  const version = await workflows.findVersion(database, context.caller.accountId, app.workflowId);
  if (version === undefined) {
    throw conflict(
      'workflow_not_published',
      'The workflow of this app has no published version. Publish it first.',
    );
  }
  const inside = await loadSubWorkflows({ database }, context.caller.accountId, version.graph, undefined);
  return { app, definition: defineApp(version.graph, portsOfWorkflows(inside)) };
}

function appNotFound(): Error {
  return notFound('app_not_found', 'There is no such app. They are listed at /api/v1/apps.');
}

function presentApp(app: App, { dependencies }: CallerContext): z.infer<typeof appSchema> {
  return { ...app, url: `${dependencies.settings.publicUrl}/api/v1/apps/${app.slug}` };
}
