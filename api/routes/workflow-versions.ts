import { z } from 'zod';
import { diffGraphs } from '../../pipeline/graph-diff';
import { isSemanticVersion } from '../../pipeline/semantic-version';
import { workflows } from '../../store/database/workflows';
import type { JsonObject } from '../../workflows/contract';
import { conflict } from '../api-error';
import { versionNotFound } from '../resolve-graph';
import { defineKeyRoute, noBody, noParameters, type CallerContext } from '../route';
import { errorSchema, invalidSchema } from '../schemas';
import {
  presentVersion,
  presentVersionWithGraph,
  versionSchema,
  versionWithGraphSchema,
} from '../views/present-workflow';
import { readWorkflow, savedParameters } from './workflows';

/** In a path or query: a number, a tag, or a name of the moment. */
const writtenSelector = z
  .string()
  .refine(
    (text) =>
      text === 'draft' || text === 'published' || /^[1-9]\d{0,8}$/.test(text) || isSemanticVersion(text),
    { error: 'Give a version number, a tag such as 1.2.0, `draft` or `published`.' },
  );

const unknown = { description: 'Unknown workflow or version, or not yours.', schema: errorSchema };
const unpublished = { description: 'Nothing is published yet.', schema: errorSchema };
const common = {
  tag: 'workflows',
  scope: 'workflows:read',
  method: 'GET',
  bodyKind: 'none',
  body: noBody,
} as const;

export const listVersions = defineKeyRoute({
  ...common,
  path: '/api/v1/workflows/:id/versions',
  operationId: 'listWorkflowVersions',
  summary: 'Versions of a workflow, newest first',
  params: savedParameters,
  query: noParameters,
  responses: {
    200: { description: 'The versions.', schema: z.object({ data: z.array(versionSchema) }) },
    404: unknown,
  },
  handle: async ({ params }, context) => {
    await readWorkflow(params.id, context);
    const { caller, dependencies } = context;
    const found = await workflows.listVersions(dependencies.database, caller.accountId, params.id);
    return { status: 200, body: { data: found.map(presentVersion) } };
  },
});

export const getVersion = defineKeyRoute({
  ...common,
  path: '/api/v1/workflows/:id/versions/:version',
  operationId: 'getWorkflowVersion',
  summary: 'One version with its graph, by number, tag or `published`',
  params: savedParameters.extend({ version: writtenSelector }),
  query: noParameters,
  responses: {
    200: { description: 'The version.', schema: versionWithGraphSchema },
    404: unknown,
    409: unpublished,
    422: { description: 'The version is not named as described.', schema: invalidSchema },
  },
  handle: async ({ params }, context) => {
    await readWorkflow(params.id, context);
    return {
      status: 200,
      body: presentVersionWithGraph(await readVersion(params.id, params.version, context)),
    };
  },
});

export const exportWorkflow = defineKeyRoute({
  ...common,
  path: '/api/v1/workflows/:id/export',
  operationId: 'exportWorkflow',
  summary: 'The graph as React Flow JSON, for files in git; creating and saving take it as it is',
  params: savedParameters,
  query: z.object({ version: writtenSelector.default('draft').describe('The draft unless given.') }),
  responses: {
    200: {
      description: '`{name, description, nodes, edges, …}`.',
      schema: z.record(z.string(), z.unknown()),
    },
    404: unknown,
    409: unpublished,
    422: { description: 'The version is not named as described.', schema: invalidSchema },
  },
  handle: async ({ params, query }, context) => {
    const { name, description } = await readWorkflow(params.id, context);
    const graph = await readGraph(params.id, query.version, context);
    return { status: 200, body: { name, description, ...graph } };
  },
});

const nodeName = z.object({ id: z.string(), nodeType: z.string().nullable() });
const valueChange = z.object({ path: z.string(), from: z.unknown().optional(), to: z.unknown().optional() });
const edgeName = z.object({
  source: z.string(),
  sourceHandle: z.string().nullable(),
  target: z.string(),
  targetHandle: z.string().nullable(),
});

const diffSchema = z
  .object({
    from: z.string(),
    to: z.string(),
    isEqual: z.boolean().describe('Both run the same; places on the canvas do not count.'),
    nodes: z.object({
      added: z.array(nodeName),
      removed: z.array(nodeName),
      changed: z.array(z.object({ id: z.string(), changes: z.array(valueChange) })),
    }),
    edges: z.object({ added: z.array(edgeName), removed: z.array(edgeName) }),
    variables: z.array(valueChange),
    variants: z.array(valueChange),
  })
  .meta({ id: 'WorkflowDiff' });

export const diffWorkflow = defineKeyRoute({
  ...common,
  path: '/api/v1/workflows/:id/diff',
  operationId: 'diffWorkflow',
  summary: 'What differs between two versions, or between one and the draft',
  params: savedParameters,
  query: z.object({
    from: writtenSelector.default('published'),
    to: writtenSelector.default('draft'),
  }),
  responses: {
    200: { description: 'Nodes, edges and variables that differ.', schema: diffSchema },
    404: unknown,
    409: unpublished,
    422: { description: 'A version is not named as described.', schema: invalidSchema },
  },
  handle: async ({ params, query }, context) => {
    const [from, to] = [
      await readGraph(params.id, query.from, context),
      await readGraph(params.id, query.to, context),
    ];
    return { status: 200, body: { from: query.from, to: query.to, ...diffGraphs(from, to) } };
  },
});

async function readGraph(workflowId: string, written: string, context: CallerContext): Promise<JsonObject> {
  const { draft } = await readWorkflow(workflowId, context);
  return written === 'draft' ? draft : (await readVersion(workflowId, written, context)).graph;
}

/** @throws ApiError 404, or 409 where nothing is published */
async function readVersion(
  workflowId: string,
  written: string,
  { caller, dependencies }: Pick<CallerContext, 'caller' | 'dependencies'>,
) {
  const named = /^\d+$/.test(written) ? Number(written) : written;
  const selector = written === 'published' ? undefined : named;
  const found = await workflows.findVersion(dependencies.database, caller.accountId, workflowId, selector);
  if (found !== undefined) return found;
  if (selector !== undefined) throw versionNotFound(written);
  throw conflict('workflow_not_published', 'This workflow has no published version. Publish it first.');
}
