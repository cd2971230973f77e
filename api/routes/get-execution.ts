import { z } from 'zod';
import { executions } from '../../store/database/executions';
import type { ExecutionDetail, SendRow } from '../../store/database/executions/execution';
import type { Job } from '../../store/database/jobs/job';
import { executionNotFound, readExecution } from '../hold-for-change';
import { defineKeyRoute, noBody, noParameters } from '../route';
import { errorSchema, executionParameters, executionSchema } from '../schemas';
import { presentExecution } from '../views/present-execution';
import { migrationReasonSchema } from '../views/present-migrations';
import { executionSummarySchema, summarizeExecution } from './list-executions';

const sendSchema = z.object({
  number: z.number(),
  outcome: z.enum(['accepted', 'rejected', 'ambiguous', 'completed']),
  failureCode: z.string().nullable(),
  message: z.string().nullable(),
  httpStatus: z.number().nullable(),
  latencyMs: z.number(),
  startedAt: z.string(),
});

const jobSchema = z
  .object({
    jobId: z.string(),
    nodeId: z.string(),
    step: z.string(),
    provider: z.string(),
    model: z.string(),
    generation: z.number().describe('1, 2, …: another paid try at the same candidate.'),
    generationReason: z.enum(['first', 'definite_failure', 'changed', 'policy', 'user']),
    changeNumber: z
      .number()
      .describe('Which of `data.retry.changes` it was sent with; 0: the node as posted.'),
    state: z.string(),
    providerJobId: z.string().nullable(),
    creditsReserved: z.number(),
    creditsCharged: z.number(),
    possibleDuplicate: z.boolean(),
    failure: z.object({ code: z.string(), message: z.string() }).loose().nullable(),
    createdAt: z.string(),
    acceptedAt: z.string().nullable(),
    settledAt: z.string().nullable(),
    sends: z.array(sendSchema).describe('Every send to the provider, in order.'),
  })
  .meta({ id: 'Job' });

const executionDetailSchema = executionSummarySchema
  .extend({
    priority: z.number(),
    budgetCredits: z.number().nullable(),
    execution: executionSchema,
    jobs: z.array(jobSchema),
    migration: z
      .object({
        fromVersion: z.number(),
        toVersion: z.number(),
        state: z.enum(['pending', 'migrated', 'stayed']),
        reasons: z.array(migrationReasonSchema).describe('Why it stayed with its version.'),
        requestedAt: z.string(),
        endedAt: z.string().nullable(),
      })
      .nullable()
      .describe('The last move to another version, by a publication with `inFlight: "migrate"`.'),
    graph: z.record(z.string(), z.unknown()).describe('As posted.'),
    triggerData: z.record(z.string(), z.unknown()),
    quote: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'ExecutionDetail' });

export const getExecution = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/workflows/executions/:id',
  operationId: 'getExecution',
  summary: 'Everything about an execution: graph, nodes, every attempt with provider, latency and cost',
  tag: 'executions',
  scope: 'executions:read',
  bodyKind: 'none',
  params: executionParameters,
  query: noParameters,
  body: noBody,
  responses: {
    200: { description: 'The detail.', schema: executionDetailSchema },
    404: { description: 'Unknown execution, or not yours.', schema: errorSchema },
  },
  handle: async ({ params }, { caller, dependencies }) => {
    const { database, settings, clock } = dependencies;
    const detail = await executions.detail(database, caller.accountId, params.id);
    if (detail === undefined) throw executionNotFound();
    const { view } = await readExecution(dependencies, caller.accountId, params.id);
    const { documents, execution } = detail;
    const body = {
      ...summarizeExecution(execution, settings),
      priority: execution.priority,
      budgetCredits: execution.budgetCredits,
      execution: presentExecution(view, { settings, accountId: caller.accountId, nowMs: clock() }),
      jobs: presentJobs(detail),
      migration: presentMigration(await executions.migration(database, execution.id)),
      graph: documents.graph,
      triggerData: documents.triggerData,
      quote: documents.quote,
    };
    return { status: 200, body };
  },
});

function presentMigration(row: Awaited<ReturnType<typeof executions.migration>>) {
  if (row === undefined) return null;
  const { from_version: fromVersion, to_version: toVersion, state, reasons } = row;
  const times = { requestedAt: row.requested_at.toISOString(), endedAt: row.ended_at?.toISOString() ?? null };
  return { fromVersion, toVersion, state, reasons: [...reasons], ...times };
}

function presentJobs({ jobs, sends }: ExecutionDetail): z.infer<typeof jobSchema>[] {
  return jobs.map((job) =>
    presentJob(
      job,
      sends.filter((send) => send.jobId === job.id),
    ),
  );
}

function presentJob(job: Job, sends: readonly SendRow[]): z.infer<typeof jobSchema> {
  const providerJobId = job.providerHandle?.providerJobId;
  return {
    jobId: job.id,
    nodeId: job.nodeId,
    step: job.step,
    provider: job.provider,
    model: job.model,
    generation: job.generation,
    generationReason: job.generationReason,
    changeNumber: job.changeNumber,
    state: job.state,
    providerJobId: typeof providerJobId === 'string' ? providerJobId : null,
    creditsReserved: job.priceReserved,
    creditsCharged: job.creditsCharged,
    possibleDuplicate: job.possibleDuplicate,
    failure: job.failure === null ? null : { ...job.failure },
    createdAt: job.createdAt.toISOString(),
    acceptedAt: job.acceptedAt?.toISOString() ?? null,
    settledAt: job.settledAt?.toISOString() ?? null,
    sends: sends.map(presentSend),
  };
}

function presentSend(send: SendRow): z.infer<typeof sendSchema> {
  const { number, outcome, failureCode, message, httpStatus, latencyMs, startedAt } = send;
  return { number, outcome, failureCode, message, httpStatus, latencyMs, startedAt: startedAt.toISOString() };
}
