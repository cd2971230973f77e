import { compileRun } from '../batch/compile-run';
import { graphFaults } from '../compile-posted';
import { quoteBody, quoteSchema, workflowParameters } from '../graph-body';
import { defineKeyRoute, noParameters } from '../route';
import { errorSchema, invalidSchema } from '../schemas';
import { resolveGraph } from '../resolve-graph';

export const quoteWorkflow = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/workflows/:id/quote',
  operationId: 'quoteWorkflow',
  summary: 'What a run would cost, per node; nothing is started',
  tag: 'executions',
  scope: 'executions:read',
  bodyKind: 'json',
  params: workflowParameters,
  query: noParameters,
  body: quoteBody,
  responses: {
    200: { description: 'The quote, credits (US$0.001).', schema: quoteSchema },
    404: { description: 'No such workflow or version, and no graph was posted.', schema: errorSchema },
    409: { description: 'The workflow is not published.', schema: errorSchema },
    422: { description: 'The body or its graph is faulty: every fault in `issues`.', schema: invalidSchema },
  },
  furtherIssues: (body, context) => graphFaults(body, context, context.caller),
  handle: async ({ params, body }, { caller, dependencies }) => {
    const { graph, workflowId } = await resolveGraph(dependencies, caller.accountId, params.id, body);
    const { quote, batch } = await compileRun(dependencies, caller, { graph, workflowId }, body);
    return { status: 200, body: batch ? { ...quote, items: batch.items.length } : quote };
  },
});
