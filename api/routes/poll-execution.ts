import { z } from 'zod';
import { holdForChange, isSettled } from '../hold-for-change';
import { matchesEtag, weakEtag } from '../http/etag';
import { defineKeyRoute, noBody } from '../route';
import { errorSchema, executionParameters, executionSchema, waitSeconds } from '../schemas';
import { presentExecution } from '../views/present-execution';

export const pollExecution = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/workflows/executions/:id/poll',
  operationId: 'pollExecution',
  summary: 'State of an execution: 200 for every known id, also when the run failed',
  tag: 'executions',
  scope: 'executions:read',
  bodyKind: 'none',
  params: executionParameters,
  query: z.object({
    wait: waitSeconds
      .optional()
      .describe(
        'Seconds to hold the answer (at most 60): until the ETag differs from If-None-Match, or without that header ' +
          'until the run ends or waits.',
      ),
  }),
  body: noBody,
  requestHeaders: { 'If-None-Match': 'ETag of the state that you have.' },
  responses: {
    200: { description: 'The state. Carries a weak ETag.', schema: executionSchema },
    304: { description: 'Nothing changed since the ETag that you sent.' },
    404: { description: 'Unknown execution, or not yours.', schema: errorSchema },
  },
  handle: async ({ params, query }, { caller, request, signal, dependencies }) => {
    const known = request.get('if-none-match');
    const { revision, view } = await holdForChange(dependencies, {
      accountId: caller.accountId,
      executionId: params.id,
      waitSeconds: query.wait ?? 0,
      isEnough: (execution) =>
        known === undefined ? isSettled(execution.view) : !matchesEtag(known, execution.revision),
      until: known === undefined ? 'settled' : 'changed',
      signal,
    });
    const headers = { ETag: weakEtag(revision), 'Cache-Control': 'private, no-cache' };
    if (known !== undefined && matchesEtag(known, revision)) return { status: 304, headers };
    const { settings, clock } = dependencies;
    const body = presentExecution(view, { settings, accountId: caller.accountId, nowMs: clock() });
    return { status: 200, headers, body };
  },
});
