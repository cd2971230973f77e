import { sql, type RawBuilder } from 'kysely';
import { insertBatch } from '../batches/insert-batch';
import { callFunction } from '../call-function';
import { availableCredits, holdCredits } from '../credits';
import type { Database, DatabaseTransaction } from '../database';
import { DEFAULT_IDEMPOTENCY_LIFETIME_MS, readRepeat } from '../idempotency';
import { BudgetReachedError } from '../jobs/job';
import { toJson } from '../json';
import { retryConflicts } from '../retry-conflicts';
import type {
  AcceptRequest,
  AcceptResult,
  HoldBounds,
  IdempotencyRequest,
  InsufficientCredits,
} from './execution';
import { planNodes } from './plan-nodes';

/**
 * Writes an execution, its node rows, its hold and its idempotency row in one statement, so that a crash leaves all or
 * nothing. The caller then starts the Temporal workflow and calls `executions.started`; a crash in between is found by
 * `executions.pendingStarts`. Fifty at once with one key: one is accepted, the others get its stored response.
 */
export async function acceptExecution(database: Database, request: AcceptRequest): Promise<AcceptResult> {
  const { execution, idempotency } = request;
  try {
    for (;;) {
      const accept = () => accepted(database, request);
      const { is_accepted: isAccepted, held_credits: heldCredits } = await retryConflicts(accept);
      if (isAccepted) return { kind: 'accepted', heldCredits };
      // Undefined when the other one's has expired meanwhile.
      const repeat = idempotency && (await readRepeat(database.queries, execution.accountId, idempotency));
      if (repeat) return repeat;
    }
  } catch (error) {
    if (!(error instanceof BudgetReachedError)) throw error;
    const { neededCredits: requiredCredits, availableCredits: available } = error;
    return { kind: 'insufficient_credits', requiredCredits, availableCredits: available };
  }
}

interface AcceptedRow {
  readonly is_accepted: boolean;
  readonly held_credits: number;
}

async function accepted(database: Database, request: AcceptRequest): Promise<AcceptedRow> {
  const { id, batch } = request.execution;
  const statement = acceptance(request);
  if (!batch) return callFunction(statement, database.queries);
  return database.queries.transaction().execute(async (transaction) => {
    const row = await callFunction(statement, transaction);
    if (row.is_accepted) await insertBatch(transaction, id, batch);
    return row;
  });
}

function acceptance({ execution, hold, idempotency }: AcceptRequest): RawBuilder<AcceptedRow> {
  return sql`select is_accepted, held_credits from accept_execution(${execution.id}, ${execution.accountId},
    ${execution.mode}, ${execution.workflowId}, ${execution.workflowName}, ${execution.version},
    ${toJson(execution.graph)}::json, ${toJson(execution.triggerData)}::json, ${toJson(execution.plan)}::json,
    ${toJson(execution.quote)}::json, ${hold.minCredits}, ${hold.maxCredits}, ${execution.budgetCredits ?? null},
    ${execution.failFast ?? false}, ${[...(execution.tags ?? [])]}, ${execution.priority ?? 3},
    ${execution.callbackUrl ?? null}, ${execution.variant ?? null}, ${planNodes(execution.plan)}::json,
    ${idempotencyFields(idempotency)})`;
}

function idempotencyFields(request: IdempotencyRequest | undefined): RawBuilder<unknown> {
  if (!request) return sql`null, null, null, null, null, null`;
  const { scope, key, fingerprint, response, lifetimeMs = DEFAULT_IDEMPOTENCY_LIFETIME_MS } = request;
  return sql`${scope}, ${key}, ${fingerprint}, ${response.status}, ${toJson(response.body)}::json, ${lifetimeMs}`;
}

/** hold = min(quote's maximum, budget, available), refused when less than the quote's minimum is available. */
export async function openHold(
  transaction: DatabaseTransaction,
  executionId: string,
  hold: HoldBounds,
  budgetLeft: number | undefined,
): Promise<number | InsufficientCredits> {
  const maximum = Math.min(hold.maxCredits, budgetLeft ?? hold.maxCredits);
  const held = await holdCredits(transaction, executionId, { minimum: hold.minCredits, maximum });
  if (held !== undefined) return held;
  return {
    kind: 'insufficient_credits',
    requiredCredits: hold.minCredits,
    availableCredits: await availableCredits(transaction, executionId),
  };
}
