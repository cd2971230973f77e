import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';
import type { Queries } from './database';
import { ExecutionNotFoundError, FenceError, type WriteScope } from './executions/execution';
import { BudgetReachedError, EarlierFailureError, JobStateError } from './jobs/job';

/**
 * Runs a statement over a function of the database (migrations/0006-write-functions.ts) that answers one row, and gives
 * what the function raised back as the error that it means.
 */
export async function callFunction<Row>(statement: RawBuilder<Row>, queries: Queries): Promise<Row> {
  const rows = await callSetFunction(statement, queries);
  const [row] = rows;
  if (row === undefined) throw new Error('a function of the database answered no row');
  return row;
}

/** As {@link callFunction}, for a function that answers any number of rows. */
export async function callSetFunction<Row>(statement: RawBuilder<Row>, queries: Queries): Promise<Row[]> {
  try {
    return (await statement.execute(queries)).rows;
  } catch (error) {
    throw meaningOf(error) ?? error;
  }
}

/** The first three parameters of each function that passes the fence. */
export function scopeFields({ executionId, runId, continuedFromRunId }: WriteScope): RawBuilder<unknown> {
  return sql`${executionId}, ${runId}, ${continuedFromRunId ?? null}`;
}

/** A function of the database said no: nothing of its statement was written. */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.some((refusal) => error instanceof refusal);
}

const REFUSALS = [FenceError, BudgetReachedError, JobStateError, EarlierFailureError, ExecutionNotFoundError];

const raisedError = z.object({ code: z.string(), message: z.string(), detail: z.string().optional() });

const fence = z.object({
  executionId: z.string(),
  runId: z.string(),
  currentRunId: z.string().nullable(),
  isPast: z.boolean(),
});
const shortage = z.object({
  limit: z.enum(['budget', 'balance']),
  neededCredits: z.number(),
  availableCredits: z.number(),
});

function meaningOf(error: unknown): Error | undefined {
  const raised = raisedError.safeParse(error);
  if (!raised.success) return undefined;
  const { code, message } = raised.data;
  const detail = (): unknown => JSON.parse(raised.data.detail ?? '{}');
  switch (code) {
    case 'EF001': {
      const { executionId, runId, currentRunId, isPast } = fence.parse(detail());
      return new FenceError(executionId, runId, currentRunId, isPast);
    }
    case 'EF002': {
      const { limit, neededCredits, availableCredits } = shortage.parse(detail());
      return new BudgetReachedError(limit, neededCredits, availableCredits);
    }
    case 'EF003':
      return new JobStateError(message);
    case 'EF004':
      return new EarlierFailureError(z.object({ generation: z.number() }).parse(detail()).generation);
    case 'EF404':
      return new ExecutionNotFoundError(z.object({ executionId: z.string() }).parse(detail()).executionId);
    default:
      return undefined;
  }
}
