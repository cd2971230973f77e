import { z } from 'zod';
import { catalogEntrySchema, describeNode, type CatalogEntry } from '../../pipeline/catalog-entry';
import { filterCatalog } from '../../pipeline/filter-catalog';
import { nodeDefinitions } from '../../pipeline/nodes';
import { notFound } from '../api-error';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { errorSchema } from '../schemas';

const entrySchema = catalogEntrySchema.meta({ id: 'NodeType' });

/** The catalog does not change while the process runs. */
let described: readonly CatalogEntry[] | undefined;

function catalog(): readonly CatalogEntry[] {
  return (described ??= nodeDefinitions.map(describeNode));
}

const common = {
  tag: 'nodes',
  scope: 'nodes:read',
  bodyKind: 'none',
  query: noParameters,
  body: noBody,
} as const;

export const listNodeTypes = defineKeyRoute({
  ...common,
  method: 'GET',
  path: '/api/v1/nodes',
  operationId: 'listNodeTypes',
  summary: 'The catalog: ports, JSON Schema of config, candidates and prices of every node type',
  params: noParameters,
  query: z.object({
    category: z.string().max(50).optional().describe('The part of a type before the colon.'),
    provider: z.string().max(50).optional().describe('A provider that serves it; local: none is needed.'),
    search: z.string().max(200).optional().describe('Words that must all be in its type, words or models.'),
  }),
  responses: { 200: { description: 'The node types.', schema: z.object({ data: z.array(entrySchema) }) } },
  handle: async ({ query }) => ({ status: 200, body: { data: filterCatalog(catalog(), query) } }),
});

export const getNodeType = defineKeyRoute({
  ...common,
  method: 'GET',
  path: '/api/v1/nodes/:type',
  operationId: 'getNodeType',
  summary: 'One node type',
  params: z.object({ type: z.string().max(100) }),
  responses: {
    200: { description: 'The node type.', schema: entrySchema },
    404: { description: 'No such node type.', schema: errorSchema },
  },
  handle: async ({ params }) => {
    const entry = catalog().find(({ type }) => type === params.type);
    if (entry === undefined)
      throw notFound('node_type_not_found', 'There is no such node type. See /api/v1/nodes.');
    return { status: 200, body: entry };
  },
});
