import { executions } from '../../store/database/executions';
import { jobs } from '../../store/database/jobs';
import { isOver } from '../../pipeline/execution-view';
import type { Database } from '../../store/database/database';
import type { ExecutionDetail } from '../../store/database/executions/execution';
import { conflict } from '../api-error';
import { executionNotFound } from '../hold-for-change';
import { createManifest, sendBundle } from '../replay-bundle';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { errorSchema, executionParameters } from '../schemas';

export const getBundle = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/workflows/executions/:id/bundle',
  operationId: 'getReplayBundle',
  summary:
    'One archive with graph, plan, requests, results and files, for a replay offline (`everframe replay`)',
  tag: 'executions',
  scope: 'executions:read',
  bodyKind: 'none',
  params: executionParameters,
  query: noParameters,
  body: noBody,
  responses: {
    200: { description: 'A tar archive.', mediaType: 'application/x-tar' },
    404: { description: 'Unknown execution, or not yours.', schema: errorSchema },
    409: { description: 'It has not ended.', schema: errorSchema },
  },
  handle: async ({ params }, { caller, dependencies, request, response }) => {
    const { database, assetStore, logger } = dependencies;
    const detail = await executions.detail(database, caller.accountId, params.id);
    if (detail === undefined) throw executionNotFound();
    const { status, id: executionId } = detail.execution;
    if (!isOver(status))
      throw conflict('execution_not_ended', `The execution is ${status}. Ask again once it has ended.`);
    const whole = await withSharedJobs(database, detail);
    const manifest = await createManifest(whole, await jobs.reused(database, executionId), assetStore);
    response.status(200).set({
      'Content-Type': 'application/x-tar',
      'Content-Disposition': `attachment; filename="${executionId}.tar"`,
      'Cache-Control': 'no-store',
    });
    if (request.method === 'HEAD') response.end();
    else {
      await sendBundle(manifest, caller.accountId, assetStore, response).catch((error: unknown) => {
        // The client went away, or a file did: the broken connection tells it.
        logger.info({ error, executionId }, 'A bundle was not sent whole.');
        response.destroy();
      });
    }
    return 'sent';
  },
});

/** An item of a batch was also made from what the batch has paid for once. */
async function withSharedJobs(database: Database, detail: ExecutionDetail): Promise<ExecutionDetail> {
  const { batchId } = detail.execution;
  if (batchId === null) return detail;
  return { ...detail, jobs: [...(await jobs.ofExecution(database, batchId)), ...detail.jobs] };
}
