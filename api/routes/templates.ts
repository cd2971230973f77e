import { z } from 'zod';
import { notFound } from '../api-error';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { errorSchema } from '../schemas';
import { readTemplates, type Template } from '../templates';

const templateSchema = z
  .object({
    templateId: z.string(),
    name: z.string(),
    description: z.string(),
    nodeTypes: z.array(z.string()),
  })
  .meta({ id: 'Template' });

const withGraph = templateSchema
  .extend({
    nodes: z.array(z.unknown()),
    edges: z.array(z.unknown()),
    triggerData: z.record(z.string(), z.unknown()).describe('What it can be tried with.'),
  })
  .meta({ id: 'TemplateWithGraph' });

const common = {
  tag: 'templates',
  method: 'GET',
  scope: 'nodes:read',
  bodyKind: 'none',
  query: noParameters,
  body: noBody,
} as const;

export const listTemplates = defineKeyRoute({
  ...common,
  path: '/api/v1/templates',
  operationId: 'listTemplates',
  summary: 'Graphs to begin with',
  params: noParameters,
  responses: { 200: { description: 'The templates.', schema: z.object({ data: z.array(templateSchema) }) } },
  handle: async () => ({ status: 200, body: { data: (await readTemplates()).map(summarize) } }),
});

export const getTemplate = defineKeyRoute({
  ...common,
  path: '/api/v1/templates/:id',
  operationId: 'getTemplate',
  summary: 'One template with its graph and values to try it with: the body of an execute call',
  params: z.object({ id: z.string().max(100) }),
  responses: {
    200: { description: 'The template.', schema: withGraph },
    404: { description: 'There is no such template.', schema: errorSchema },
  },
  handle: async ({ params }) => {
    const found = (await readTemplates()).find(({ id }) => id === params.id);
    if (found === undefined)
      throw notFound(
        'template_not_found',
        'There is no such template. They are listed at /api/v1/templates.',
      );
    const { nodes, edges, triggerData } = found;
    return { status: 200, body: { ...summarize(found), nodes, edges, triggerData } };
  },
});

function summarize({ id, name, description, nodeTypes }: Template): z.infer<typeof templateSchema> {
  return { templateId: id, name, description, nodeTypes: [...nodeTypes] };
}
