import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isJsonObject } from '../pipeline/pure/values';
import type { Quote } from '../pipeline/quote';
import { executions } from '../store/database/executions';
import type { IdempotencyRepeat, NewExecution, PendingStart } from '../store/database/executions/execution';
import { failpoint } from '../store/failpoints';
import { newId } from '../store/ids';
import type { Caller } from './caller';
import { compileRun, type CompiledRun } from './batch/compile-run';
import type { ApiDependencies, ApiSettings } from './dependencies';
import { quoteSchema, toStoredJson, type ExecuteBody } from './graph-body';
import { insufficientCredits, type IdempotencyToStore } from './idempotent-reply';
import { withPinnedWorkflows } from './load-sub-workflows';
import { resolveGraph, type ResolvedGraph } from './resolve-graph';
import { executionSchema } from './schemas';
import { startAccepted } from './start-execution';
import { requireTemporal } from './temporal-gate';
import { executionLinks } from './views/links';

const DEFAULT_PRIORITY = 3;

export const receiptSchema = z
  .object({
    executionId: z.string(),
    workflowId: z.string(),
    version: z.number().nullable(),
    variant: z.string().optional().describe('Of a workflow that has variants.'),
    status: z.literal('RUNNING'),
    quote: quoteSchema,
    links: z.record(z.string(), z.string()),
    execution: executionSchema.optional().describe('With `Prefer: wait=n`: the poll body after the wait.'),
  })
  .meta({ id: 'ExecuteReceipt' });

export type Receipt = z.infer<typeof receiptSchema>;

/** For whom a workflow runs: the caller of a route, or who made a webhook or a schedule. */
export type Runner = Pick<Caller, 'accountId' | 'mode' | 'plan'>;

export type RunDependencies = Pick<
  ApiDependencies,
  'database' | 'temporal' | 'rateLimits' | 'logger' | 'clock' | 'settings'
>;

export interface RunRequest {
  readonly runner: Runner;
  /** A saved workflow, `inline`, or a name for the posted graph. */
  readonly workflowId: string;
  readonly body: ExecuteBody;
  /** The answer to repeats, stored in the transaction that accepts the run. */
  readonly toStore?: (receipt: Receipt) => IdempotencyToStore | undefined;
}

export type RunResult =
  | { readonly kind: 'started'; readonly receipt: Receipt }
  | { readonly kind: 'repeated'; readonly repeat: IdempotencyRepeat };

/**
 * The one way in which an execution begins: graph, plan, limits, hold and row, then its Temporal run.
 *
 * @throws ApiError 402, 404, 409, 422, 429, 503: nothing was started.
 */
export async function runWorkflow(dependencies: RunDependencies, request: RunRequest): Promise<RunResult> {
  const { runner, body } = request;
  const executionId = newId('exe');
  const point = pointOf(executionId);
  const resolved = await resolveGraph(dependencies, runner.accountId, request.workflowId, body, point);
  const compiled = await compileRun(dependencies, runner, resolved, body);
  await requireTemporal(dependencies);
  const execution = newExecution(executionId, { resolved, compiled }, body, runner);
  const receipt = createReceipt(execution, compiled.quote, dependencies.settings);
  const uncount = await dependencies.rateLimits.countExecution(runner);
  const { minCredits, maxCredits } = compiled.quote;
  failpoint('exec.before_row');
  const result = await executions.accept(dependencies.database, {
    execution,
    hold: { minCredits, maxCredits },
    idempotency: request.toStore?.(receipt),
  });
  if (result.kind !== 'accepted') await uncount();
  switch (result.kind) {
    case 'insufficient_credits':
      throw insufficientCredits(result, compiled.quote);
    case 'replayed':
    case 'fingerprint_mismatch':
      return { kind: 'repeated', repeat: result };
    case 'accepted':
      failpoint('exec.after_row');
      await startAccepted(dependencies, pendingStartOf(execution, dependencies.clock()));
      return { kind: 'started', receipt };
  }
}

function batchSettingsOf({ allowPartial = false, autoRedrive }: ExecuteBody) {
  if (autoRedrive === undefined) return { allowPartial };
  return { allowPartial, autoRedrive: { times: autoRedrive.times, afterSeconds: autoRedrive.after } };
}

/** The same execution always picks the same variant. */
function pointOf(executionId: string): number {
  return createHash('sha256').update(executionId).digest().readUInt32BE(0) / 2 ** 32;
}

function newExecution(
  id: string,
  {
    resolved,
    compiled,
  }: {
    readonly resolved: ResolvedGraph;
    readonly compiled: CompiledRun;
  },
  body: ExecuteBody,
  { accountId, mode }: Runner,
): NewExecution {
  const { triggerData, budgetCredits, failFast, tags, priority, callbackUrl } = body;
  return {
    id,
    accountId,
    mode,
    ...resolved,
    graph: withPinnedWorkflows(resolved.graph, compiled.workflows),
    triggerData: isJsonObject(triggerData) ? triggerData : {},
    plan: compiled.plan,
    ...(compiled.batch ? { batch: { ...compiled.batch, ...batchSettingsOf(body) } } : {}),
    quote: toStoredJson(compiled.quote),
    ...{ budgetCredits, failFast, tags, priority, callbackUrl },
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
    batchId: null,
    priority: execution.priority ?? DEFAULT_PRIORITY,
    startRequestedAt: new Date(nowMs),
    cancelRequestedAt: null,
  };
}

function createReceipt(execution: NewExecution, quote: Quote, settings: ApiSettings): Receipt {
  const { id: executionId, workflowId, version } = execution;
  const links = executionLinks(settings, executionId);
  return {
    ...{ executionId, workflowId, version, status: 'RUNNING', links },
    ...(typeof execution.variant === 'string' ? { variant: execution.variant } : {}),
    quote: { ...quote, nodes: [...quote.nodes] },
  };
}
