import { z } from 'zod';
import { isJsonObject } from '../../pipeline/pure/values';
import { batches } from '../../store/database/batches';
import { executions } from '../../store/database/executions';
import type { ExecutionDetail, HoldBounds, ResumeResult } from '../../store/database/executions/execution';
import type { Job } from '../../store/database/jobs/job';
import { failpoint } from '../../store/failpoints';
import type { CarriedNode, JsonObject, Plan } from '../../workflows/contract';
import { ApiError, conflict } from '../api-error';
import {
  creditsLeft,
  isBatch,
  planBatchResume,
  refuseBatchEdits,
  type BatchResume,
} from '../batch/plan-batch-resume';
import type { Caller } from '../caller';
import { compilePosted, graphInvalid } from '../compile-posted';
import type { ApiDependencies } from '../dependencies';
import { graphFields, quoteSchema, toStoredJson } from '../graph-body';
import { executionNotFound } from '../hold-for-change';
import { insufficientCredits, replay, replyOnce, type StoreReply } from '../idempotent-reply';
import { pinnedWorkflows, withPinnedWorkflows } from '../load-sub-workflows';
import { planItemResume } from '../../pipeline/resume/plan-item-resume';
import type { ResumePlan } from '../../pipeline/resume/plan-resume';
import { defineKeyRoute, noParameters, type Reply } from '../route';
import { errorSchema, executionParameters, invalidSchema } from '../schemas';
import { deliverAccepted, planInPlace } from '../resume-in-place';
import { startAccepted } from '../start-execution';
import { requireTemporal } from '../temporal-gate';
import { executionLinks } from '../views/links';
import { insufficientCreditsSchema } from './execute-workflow';

const resumeBody = z
  .strictObject({
    ...graphFields,
    budgetCredits: z.int().positive().optional().describe('A new limit for the whole execution, credits.'),
    resubmitUnknown: z
      .boolean()
      .optional()
      .describe('After `submission_unknown`: send those jobs again, though they may be paid twice.'),
    dryRun: z.boolean().optional().describe('Answer the receipt only; nothing is started.'),
  })
  .optional();

export const resumeReceiptSchema = z
  .object({
    executionId: z.string(),
    reused: z
      .array(z.object({ nodeId: z.string().describe('Its step, inside of a group.'), credits: z.number() }))
      .describe('Finished results that are kept.'),
    rerun: z.array(z.string()).describe('Nodes that run (again).'),
    adoptedJobs: z
      .array(z.object({ jobId: z.string(), nodeId: z.string(), provider: z.string(), model: z.string() }))
      .describe('Paid jobs under way that are taken over instead of sent again.'),
    creditsNotSpentAgain: z.number(),
    quote: quoteSchema.describe('Of what is left to run.'),
    items: z
      .object({ reused: z.number(), rerun: z.number() })
      .optional()
      .describe('Of a batch: items that are kept, and those that run (again).'),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'ResumeReceipt' });

type Body = NonNullable<z.infer<typeof resumeBody>>;
export type ResumeReceipt = z.infer<typeof resumeReceiptSchema>;

/** Who resumes: a caller with a key, or the sweeper on behalf of one that asked before. */
export interface ResumeContext {
  readonly caller: Pick<Caller, 'accountId' | 'mode'>;
  readonly dependencies: Pick<ApiDependencies, 'database' | 'temporal' | 'logger' | 'settings' | 'clock'>;
}

export const resumeExecution = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/workflows/executions/:id/resume',
  operationId: 'resumeExecution',
  summary:
    'Goes on from the step that failed or waits, with the same graph or an edited one; finished results are not paid again',
  tag: 'executions',
  scope: 'executions:write',
  bodyKind: 'json',
  params: executionParameters,
  query: noParameters,
  body: resumeBody,
  requestHeaders: {
    'Idempotency-Key': 'Repeats with one key within 24 h resume once and get the first answer.',
  },
  responses: {
    200: { description: 'With `dryRun`: what a resume would do.', schema: resumeReceiptSchema },
    202: {
      description: 'It runs again; one that waits goes on in the same run unless it is edited.',
      schema: resumeReceiptSchema,
    },
    402: {
      description: 'Too few credits for what is left; nothing was started.',
      schema: insufficientCreditsSchema,
    },
    404: { description: 'Unknown execution, or not yours.', schema: errorSchema },
    409: { description: 'It runs or has completed: there is nothing to resume.', schema: errorSchema },
    422: { description: 'The body or its graph is faulty: every fault in `issues`.', schema: invalidSchema },
  },
  handle: async ({ params, body = {} }, context) => {
    if (body.dryRun === true) return { status: 200, body: await previewResume(params.id, body, context) };
    return replyOnce(context, body, async (store) => resume(params.id, body, store, context));
  },
});

/** The receipt that a resume would give; nothing is started. */
export async function previewResume(
  executionId: string,
  body: Body,
  context: ResumeContext,
): Promise<ResumeReceipt> {
  const detail = await readResumable(executionId, context);
  if (isBatch(detail)) refuseBatchEdits(body);
  if (goesOnInPlace(detail, body))
    return createReceipt(executionId, await planWaiting(detail, context), context);
  const prepared = await prepare(detail, body, context);
  return createReceipt(executionId, prepared.resume, context);
}

/** @throws ApiError 402, 403, 404, 409, 422: nothing was started. */
export async function resume(
  executionId: string,
  body: Body,
  store: StoreReply,
  context: ResumeContext,
): Promise<Reply> {
  const { dependencies } = context;
  const detail = await readResumable(executionId, context);
  if (isBatch(detail)) refuseBatchEdits(body);
  if (goesOnInPlace(detail, body)) return resumeInPlace(detail, body, store, context);
  const prepared = await prepare(detail, body, context);
  const { quote, carried, reused } = prepared.resume;
  const { missing = [] } = prepared;
  await requireTemporal(dependencies);
  const receipt = createReceipt(executionId, prepared.resume, context);
  const result = await executions.prepareResume(dependencies.database, {
    ...expected(detail),
    plan: prepared.plan,
    carried,
    quote: toStoredJson(quote),
    hold: holdOf(prepared.resume),
    reusedSteps: [...reused, ...missing].map(({ nodeId }) => nodeId),
    graph: prepared.graph,
    triggerData: prepared.triggerData,
    budgetCredits: body.budgetCredits,
    resubmitUnknown: body.resubmitUnknown,
    idempotency: store(202, toStoredJson(receipt)),
  });
  if (result.kind !== 'resumed') return refuse(result, prepared.resume);
  failpoint('resume.after_row');
  await startAccepted(dependencies, await executions.pendingStart(dependencies.database, executionId));
  await tellBatch(detail, context);
  return { status: 202, headers: { Location: receipt.links.self ?? '' }, body: receipt };
}

/** A run that waits is told to go on; only an edited graph needs another run. */
function goesOnInPlace({ execution }: ExecutionDetail, { nodes, edges, triggerData }: Body): boolean {
  const isEdited = nodes !== undefined || edges !== undefined || triggerData !== undefined;
  return execution.status === 'WAITING' && !isEdited;
}

async function resumeInPlace(
  detail: ExecutionDetail,
  body: Body,
  store: StoreReply,
  context: ResumeContext,
): Promise<Reply> {
  const { dependencies } = context;
  const resume = await planWaiting(detail, context);
  await requireTemporal(dependencies);
  const receipt = createReceipt(detail.execution.id, resume, context);
  const result = await executions.resumeWaiting(dependencies.database, {
    ...expected(detail),
    hold: holdOf(resume),
    budgetCredits: body.budgetCredits,
    resubmitUnknown: body.resubmitUnknown,
    idempotency: store(202, toStoredJson(receipt)),
  });
  if (result.kind !== 'resumed') return refuse(result, resume);
  if (isBatch(detail)) await resumeItems(detail, body, context);
  await deliverAccepted(dependencies, result.resume);
  await tellBatch(detail, context);
  return { status: 202, headers: { Location: receipt.links.self ?? '' }, body: receipt };
}

function planWaiting(
  detail: ExecutionDetail,
  { dependencies }: ResumeContext,
): Promise<ResumePlan<Job> | BatchResume> {
  return isBatch(detail) ? planBatchResume(dependencies, detail) : Promise.resolve(planInPlace(detail));
}

function holdOf(resume: ResumePlan<Job> | BatchResume): HoldBounds {
  return 'hold' in resume ? resume.hold : resume.quote;
}

/** Its items that wait for their user hear the same word; one that cannot go on yet waits as before, and says why. */
async function resumeItems(detail: ExecutionDetail, body: Body, context: ResumeContext): Promise<void> {
  const { database, logger } = context.dependencies;
  const { resubmitUnknown } = body;
  const { id, budgetCredits, credits } = detail.execution;
  const budget = body.budgetCredits ?? budgetCredits;
  let left = budget === null ? undefined : Math.max(budget - credits.charged, 0);
  for (const item of await batches.unfinished(database, id)) {
    if (item.status !== 'WAITING' || item.failure === null) continue;
    // Each may spend what it needs at most, of what the others leave.
    const share = left === undefined ? undefined : Math.min(creditsLeft(item).maxCredits, left);
    const limit = share === undefined ? {} : { budgetCredits: item.charged + share };
    try {
      await resume(item.executionId, { resubmitUnknown, ...limit }, () => undefined, context);
      if (left !== undefined) left -= share ?? 0;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      logger.debug({ executionId: item.executionId, code: error.code }, 'An item cannot go on yet.');
    }
  }
}

/** The batch that it is an item of counts on it again. */
async function tellBatch({ execution }: ExecutionDetail, { dependencies }: ResumeContext): Promise<void> {
  const { batchId } = execution;
  if (batchId === null) return;
  await dependencies.temporal.tellItems(batchId).catch((error: unknown) => {
    dependencies.logger.debug({ error, batchId }, 'A batch looks at its items later.');
  });
}

/** What the caller has looked at: whoever resumes it first changes it. */
function expected({ execution }: ExecutionDetail) {
  const { accountId, id, attempt, resumeNumber } = execution;
  return { accountId, executionId: id, expectedAttempt: attempt, expectedResumeNumber: resumeNumber };
}

function refuse(result: Exclude<ResumeResult, { kind: 'resumed' }>, { quote }: ResumePlan<Job>): Reply {
  switch (result.kind) {
    case 'not_found':
      throw executionNotFound();
    case 'conflict':
      throw notResumable(result.status);
    case 'insufficient_credits':
      throw insufficientCredits(result, quote);
    case 'replayed':
    case 'fingerprint_mismatch':
      return replay(result);
  }
}

async function readResumable(
  executionId: string,
  { caller, dependencies }: ResumeContext,
): Promise<ExecutionDetail> {
  const detail = await executions.detail(dependencies.database, caller.accountId, executionId);
  if (detail === undefined) throw executionNotFound();
  requireResumable(detail, caller.mode);
  return detail;
}

interface Prepared {
  readonly plan: Plan;
  readonly resume: ResumePlan<Job> | BatchResume;
  /** What stays as it has failed: of an item of a batch what the batch alone makes again. */
  readonly missing?: readonly CarriedNode[];
  readonly graph?: JsonObject;
  readonly triggerData?: JsonObject;
}

/** Compiles what the execution is to go on with; a batch is compiled already. */
async function prepare(
  detail: ExecutionDetail,
  body: Body,
  { caller, dependencies }: ResumeContext,
): Promise<Prepared> {
  if (isBatch(detail)) {
    const resume = await planBatchResume(dependencies, detail);
    return { plan: detail.documents.plan, resume, missing: resume.missing };
  }
  const edited = editedParts(detail, body);
  const { documents } = detail;
  const graph = edited.graph ?? documents.graph;
  const compiled = await compilePosted(dependencies, caller, {
    graph: { nodes: graph.nodes, edges: graph.edges, variables: graph.variables },
    triggerData: body.triggerData ?? documents.triggerData,
    // An execution of some nodes only stays one, unless its graph is edited.
    targetNodeIds: edited.graph === undefined ? documents.plan.nodes.map((node) => node.id) : undefined,
    workflowId: detail.execution.workflowId,
    pinned: pinnedWorkflows(documents.graph),
  });
  if (!compiled.ok) throw graphInvalid(compiled.issues);
  const { plan, quote, workflows } = compiled;
  const edits = edited.graph ? { ...edited, graph: withPinnedWorkflows(edited.graph, workflows) } : edited;
  const missing = await readMissing(detail, plan, dependencies);
  return { plan, resume: planItemResume(plan, quote, detail, missing), missing, ...edits };
}

/** An edited node is the item's own. */
async function readMissing(
  { execution: { id, batchId } }: ExecutionDetail,
  plan: Plan,
  { database }: Pick<ApiDependencies, 'database'>,
): Promise<readonly CarriedNode[]> {
  if (batchId === null) return [];
  const keys = new Map(plan.nodes.map((node) => [node.id, node.nodeKey]));
  const missing = await batches.missingShared(database, batchId, id);
  return missing.filter(({ node, nodeKey }) => keys.get(node.nodeId) === nodeKey).map(({ node }) => node);
}

function editedParts(
  { documents }: ExecutionDetail,
  { nodes, edges, triggerData }: Body,
): { readonly graph?: JsonObject; readonly triggerData?: JsonObject } {
  const isGraphEdited = nodes !== undefined || edges !== undefined;
  return {
    graph: isGraphEdited
      ? {
          ...documents.graph,
          nodes: nodes ?? documents.graph.nodes ?? [],
          edges: edges ?? documents.graph.edges ?? [],
        }
      : undefined,
    triggerData: isJsonObject(triggerData) ? triggerData : undefined,
  };
}

function requireResumable({ execution }: ExecutionDetail, mode: Caller['mode']): void {
  if (execution.mode !== mode) {
    const message = `This is a ${execution.mode} execution. Resume it with a ${execution.mode} key.`;
    throw new ApiError({ status: 403, code: 'mode_not_allowed', message });
  }
  if (execution.status === 'RUNNING' || execution.status === 'COMPLETED')
    throw notResumable(execution.status);
}

function notResumable(status: string): ApiError {
  const reason =
    status === 'WAITING'
      ? 'is being cancelled, or another resume was first'
      : `is ${status}; only WAITING, FAILED and CANCELLED ones can resume`;
  return conflict('execution_not_resumable', `The execution ${reason}. Poll it to see where it stands.`);
}

/** What a resume keeps, takes over and runs. */
export function createReceipt(
  executionId: string,
  resume: ResumePlan<Job> | BatchResume,
  { dependencies }: { readonly dependencies: Pick<ApiDependencies, 'settings'> },
): ResumeReceipt {
  const { reused, rerun, adoptedJobs, creditsNotSpentAgain, quote } = resume;
  return {
    executionId,
    reused: [...reused],
    rerun: [...rerun],
    adoptedJobs: adoptedJobs.map(({ id, nodeId, provider, model }) => ({
      jobId: id,
      nodeId,
      provider,
      model,
    })),
    creditsNotSpentAgain,
    quote: { ...quote, nodes: [...quote.nodes] },
    ...('items' in resume ? { items: resume.items } : {}),
    links: executionLinks(dependencies.settings, executionId),
  };
}
