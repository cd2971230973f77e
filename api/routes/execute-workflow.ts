import { z } from 'zod';
import { graphFaults } from '../compile-posted';
import { executeBody, toStoredJson, workflowParameters, type ExecuteBody } from '../graph-body';
import { holdForChange, isSettled, type ReadExecution } from '../hold-for-change';
import { preferredWaitSeconds } from '../http/prefer';
import { replay, replyOnce, type StoreReply } from '../idempotent-reply';
import { defineKeyRoute, noParameters, type CallerContext, type Reply } from '../route';
import { receiptSchema, runWorkflow, type Receipt } from '../run-workflow';
import { errorSchema, invalidSchema } from '../schemas';
import { presentExecution } from '../views/present-execution';

export const insufficientCreditsSchema = errorSchema
  .extend({
    requiredCredits: z.number(),
    availableCredits: z.number(),
    breakdown: z.array(z.object({ nodeId: z.string(), nodeType: z.string(), credits: z.number() })),
  })
  .meta({ id: 'InsufficientCredits' });

export const executeWorkflow = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/workflows/:id/execute',
  operationId: 'executeWorkflow',
  summary: 'Runs a saved workflow, or the graph that is posted',
  tag: 'executions',
  scope: 'executions:write',
  bodyKind: 'json',
  params: workflowParameters,
  query: noParameters,
  body: executeBody,
  requestHeaders: {
    'Idempotency-Key': 'Repeats with one key within 24 h start one run and get the first answer.',
    Prefer: '`wait=n`: answer when the run ends or waits, after n seconds (at most 60) at the latest.',
  },
  responses: {
    201: { description: 'It runs. Poll `links.poll`.', schema: receiptSchema },
    402: { description: 'Too few credits; nothing was started.', schema: insufficientCreditsSchema },
    404: { description: 'No such workflow or version, and no graph was posted.', schema: errorSchema },
    409: {
      description:
        'The workflow is not published, or the first request with this Idempotency-Key is still in work.',
      schema: errorSchema,
    },
    422: { description: 'The body or its graph is faulty: every fault in `issues`.', schema: invalidSchema },
  },
  furtherIssues: (body, context) => graphFaults(body, context, context.caller),
  handle: async ({ params, body }, context) =>
    replyOnce(context, body, async (store) => execute(params.id, body, store, context)),
});

async function execute(
  workflowId: string,
  body: ExecuteBody,
  store: StoreReply,
  context: CallerContext,
): Promise<Reply> {
  const { caller: runner, dependencies } = context;
  const toStore = (receipt: Receipt) => store(201, toStoredJson(receipt));
  const result = await runWorkflow(dependencies, { runner, workflowId, body, toStore });
  return result.kind === 'started' ? withWait(result.receipt, context) : replay(result.repeat);
}

/** `Prefer: wait=n` changes when the answer comes and what it shows, never what is done. */
async function withWait(receipt: Receipt, context: CallerContext): Promise<Reply> {
  const waitSeconds = preferredWaitSeconds(context.request.get('prefer'));
  return { status: 201, ...(await waitForReceipt(receipt, waitSeconds, context)) };
}

/** The receipt at once, or with the execution as it is after the wait. */
export async function waitForReceipt(
  receipt: Receipt,
  waitSeconds: number | undefined,
  { caller, dependencies, signal }: CallerContext,
): Promise<{ readonly headers: Readonly<Record<string, string>>; readonly body: Receipt }> {
  const headers = { Location: receipt.links.self ?? '' };
  if (waitSeconds === undefined) return { headers, body: receipt };
  const { executionId } = receipt;
  const { accountId } = caller;
  const isEnough = ({ view }: ReadExecution) => isSettled(view);
  const held = await holdForChange(dependencies, {
    ...{ accountId, executionId, waitSeconds, isEnough, signal },
    until: 'settled',
    isNew: true,
  });
  const { settings, clock } = dependencies;
  const execution = presentExecution(held.view, { settings, accountId, nowMs: clock() });
  return {
    headers: { ...headers, 'Preference-Applied': `wait=${waitSeconds}` },
    body: { ...receipt, execution },
  };
}
