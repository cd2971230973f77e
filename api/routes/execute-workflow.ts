import { z } from 'zod';
import { isJsonObject } from '../../pipeline/pure/values';
import type { Quote } from '../../pipeline/quote';
import { executions } from '../../store/database/executions';
import type { NewExecution, PendingStart } from '../../store/database/executions/execution';
import { failpoint } from '../../store/failpoints';
import { newId } from '../../store/ids';
import type { Plan } from '../../workflows/contract';
import { compilePosted, graphFaults, graphInvalid } from '../compile-posted';
import { executeBody, quoteSchema, toStoredJson, workflowParameters } from '../graph-body';
import type { ApiSettings } from '../dependencies';
import { holdForChange, isSettled, type ReadExecution } from '../hold-for-change';
import { preferredWaitSeconds } from '../http/prefer';
import { insufficientCredits, replay, replyOnce, type StoreReply } from '../idempotent-reply';
import { defineKeyRoute, noParameters, type CallerContext, type Reply } from '../route';
import { errorSchema, executionSchema, invalidSchema } from '../schemas';
import { startAccepted } from '../start-execution';
import { resolveGraph, type ResolvedGraph } from '../resolve-graph';
import { requireTemporal } from '../temporal-gate';
import { executionLinks } from '../views/links';
import { presentExecution } from '../views/present-execution';

const DEFAULT_PRIORITY = 3;

export const receiptSchema = z
  .object({
    executionId: z.string(),
    workflowId: z.string(),
    version: z.number().nullable(),
    status: z.literal('RUNNING'),
    quote: quoteSchema,
    links: z.record(z.string(), z.string()),
    execution: executionSchema.optional().describe('With `Prefer: wait=n`: the poll body after the wait.'),
  })
  .meta({ id: 'ExecuteReceipt' });

export const insufficientCreditsSchema = errorSchema
  .extend({
    requiredCredits: z.number(),
    availableCredits: z.number(),
    breakdown: z.array(z.object({ nodeId: z.string(), nodeType: z.string(), credits: z.number() })),
  })
  .meta({ id: 'InsufficientCredits' });

type Body = z.infer<typeof executeBody>;

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
  body: Body,
  store: StoreReply,
  context: CallerContext,
): Promise<Reply> {
  const { caller, dependencies } = context;
  const { triggerData, targetNodeIds } = body;
  const resolved = await resolveGraph(dependencies, caller.accountId, workflowId, body);
  const { graph } = resolved;
  const compiled = await compilePosted(dependencies, caller, { graph, triggerData, targetNodeIds });
  if (!compiled.ok) throw graphInvalid(compiled.issues);
  await requireTemporal(dependencies);
  const execution = newExecution(resolved, body, compiled, caller);
  const receipt = createReceipt(execution, compiled.quote, dependencies.settings);
  const uncount = await dependencies.rateLimits.countExecution(caller);
  const { minCredits, maxCredits } = compiled.quote;
  failpoint('exec.before_row');
  const result = await executions.accept(dependencies.database, {
    execution,
    hold: { minCredits, maxCredits },
    idempotency: store(201, toStoredJson(receipt)),
  });
  if (result.kind !== 'accepted') await uncount();
  switch (result.kind) {
    case 'insufficient_credits':
      throw insufficientCredits(result, compiled.quote);
    case 'replayed':
    case 'fingerprint_mismatch':
      return replay(result);
    case 'accepted':
      failpoint('exec.after_row');
      await startAccepted(dependencies, pendingStartOf(execution, dependencies.clock()));
      return withWait(receipt, context);
  }
}

function newExecution(
  resolved: ResolvedGraph,
  body: Body,
  compiled: { readonly plan: Plan; readonly quote: Quote },
  { accountId, mode }: CallerContext['caller'],
): NewExecution {
  const { triggerData, budgetCredits, failFast, tags, priority } = body;
  return {
    id: newId('exe'),
    accountId,
    mode,
    ...resolved,
    triggerData: isJsonObject(triggerData) ? triggerData : {},
    plan: compiled.plan,
    quote: toStoredJson(compiled.quote),
    ...{ budgetCredits, failFast, tags, priority },
  };
}

/** What a start needs, known without reading it back. */
function pendingStartOf(execution: NewExecution, nowMs: number): PendingStart {
  const { id, accountId, mode, workflowName, plan } = execution;
  return {
    ...{ executionId: id, accountId, mode, workflowName, plan },
    attempt: 1,
    carried: [],
    failFast: execution.failFast ?? false,
    resubmitUnknown: false,
    supersededRunId: null,
    priority: execution.priority ?? DEFAULT_PRIORITY,
    startRequestedAt: new Date(nowMs),
    cancelRequestedAt: null,
  };
}

function createReceipt(
  execution: NewExecution,
  quote: Quote,
  settings: ApiSettings,
): z.infer<typeof receiptSchema> {
  const { id: executionId, workflowId, version } = execution;
  const links = executionLinks(settings, executionId);
  return {
    executionId,
    workflowId,
    version,
    status: 'RUNNING',
    quote: { ...quote, nodes: [...quote.nodes] },
    links,
  };
}

/** `Prefer: wait=n` changes when the answer comes and what it shows, never what is done. */
async function withWait(receipt: z.infer<typeof receiptSchema>, context: CallerContext): Promise<Reply> {
  const { request, caller, dependencies, signal } = context;
  const headers = { Location: receipt.links.self ?? '' };
  const waitSeconds = preferredWaitSeconds(request.get('prefer'));
  if (waitSeconds === undefined) return { status: 201, headers, body: receipt };
  const { executionId } = receipt;
  const { accountId } = caller;
  const isEnough = ({ view }: ReadExecution) => isSettled(view);
  const held = await holdForChange(dependencies, {
    ...{ accountId, executionId, waitSeconds, isEnough, signal },
    until: 'settled',
  });
  const { settings, clock } = dependencies;
  const execution = presentExecution(held.view, { settings, accountId, nowMs: clock() });
  const applied = { ...headers, 'Preference-Applied': `wait=${waitSeconds}` };
  return { status: 201, headers: applied, body: { ...receipt, execution } };
}
