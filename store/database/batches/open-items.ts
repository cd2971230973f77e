import { sql } from 'kysely';
import type { Quote } from '../../../pipeline/quote';
import {
  ITEMS_NODE_ID,
  type ExecutionFailure,
  type ItemsLook,
  type ItemToStart,
  type JsonObject,
} from '../../../workflows/contract';
import { callFunction, scopeFields } from '../call-function';
import { holdCredits } from '../credits';
import type { Database, DatabaseTransaction } from '../database';
import type { WriteScope } from '../executions/execution';
import { isOpenStatus, recordEvent } from '../executions/write-context';
import type { ExecutionStatus } from '../tables';
import { isDue, readBatchState, type BatchState } from './item-counts';
import { lookAtItems, stopsOpening } from './look-at-items';
import { insertItem, readItemBase, type ItemBase, type ItemToOpen } from './open-item';
import { readItemToReopen, reopenItem } from './reopen-item';

/**
 * Opens as many items of a batch as there are places in its window and credits for, in order; says what to start and how the
 * rest stands. What was opened before and has no run yet is named again, so a crash in between loses none.
 *
 * @throws FenceError another Temporal run holds the batch
 */
export async function openItems(database: Database, scope: WriteScope, window: number): Promise<ItemsLook> {
  return database.queries.transaction().execute(async (transaction) => {
    const { attempt, status } = await callFunction(
      sql<{ attempt: number; status: ExecutionStatus }>`
        select attempt, status from lock_execution(${scopeFields(scope)})`,
      transaction,
    );
    const state = await readBatchState(transaction, scope.executionId);
    if (state === undefined || !isOpenStatus(status))
      return { start: [], open: 0, group: 1, end: await recordedEnd(transaction, scope.executionId) };
    const opener = new ItemOpener(transaction, { batchId: scope.executionId, attempt, state });
    const slots = stopsOpening(state) ? 0 : Math.max(window - state.running, 0);
    await opener.open(slots);
    const start = await itemsToStart(transaction, scope.executionId);
    const { opened, shortage } = opener;
    return lookAtItems(state, { opened: opened.length, start, ...(shortage ? { shortage } : {}) }, window);
  });
}

/**
 * Of a batch that has ended already. Temporal may have a run do its last workflow task again (the end of a child came in
 * between), and it has to end in Temporal as it did here: a run that completed there could never be resumed.
 */
async function recordedEnd(
  transaction: DatabaseTransaction,
  executionId: string,
): Promise<NonNullable<ItemsLook['end']>> {
  const { failure } = await transaction
    .selectFrom('executions')
    .select('failure')
    .where('id', '=', executionId)
    .executeTakeFirstOrThrow();
  return failure ? { failure: { message: failure.message } } : {};
}

interface Candidate extends ItemToOpen {
  readonly isOpened: boolean;
  readonly isResumed: boolean;
}

class ItemOpener {
  readonly opened: number[] = [];
  shortage: ExecutionFailure | undefined;
  private heldFree: number;
  private available: number;
  private budgetLeft: number | null;
  private base: ItemBase | undefined;

  constructor(
    private readonly transaction: DatabaseTransaction,
    private readonly batch: {
      readonly batchId: string;
      readonly attempt: number;
      readonly state: BatchState;
    },
  ) {
    ({ heldFree: this.heldFree, available: this.available, budgetLeft: this.budgetLeft } = batch.state);
  }

  async open(slots: number): Promise<void> {
    const { batchId } = this.batch;
    const candidates = slots === 0 ? [] : await readCandidates(this.transaction, batchId, slots);
    for (const candidate of candidates) {
      await (candidate.isOpened ? this.openAgain(candidate) : this.openFirst(candidate));
      if (this.shortage) break;
    }
    if (this.opened.length === 0) return;
    const items = Object.fromEntries(this.opened.map((index) => [index, 'RUNNING']));
    await recordEvent(this.transaction, batchId, { type: 'changed', data: { items } });
  }

  private async openFirst(item: Candidate): Promise<void> {
    if (!this.isAffordable(item.minCredits)) return;
    await insertItem(this.transaction, await this.readBase(), item, this.allotment(item.maxCredits));
    await this.fund(item, item.maxCredits);
  }

  private async openAgain(item: Candidate): Promise<void> {
    const quote = item.quote as Quote;
    const reopening = await readItemToReopen(
      this.transaction,
      await this.readBase(),
      item.executionId,
      quote,
    );
    if (reopening === undefined) return;
    const { minCredits, maxCredits } = reopening.resume.quote;
    if (!this.isAffordable(minCredits)) return;
    await reopenItem(this.transaction, reopening, this.allotment(maxCredits));
    await this.fund(item, maxCredits);
  }

  private async readBase(): Promise<ItemBase> {
    this.base ??= await readItemBase(this.transaction, this.batch.batchId);
    return this.base;
  }

  /** Otherwise nothing more is opened until the credits are there. */
  private isAffordable(minCredits: number): boolean {
    const there = Math.min(this.heldFree + this.available, this.budgetLeft ?? Infinity);
    if (there >= minCredits) return true;
    this.shortage = budgetReached(
      minCredits,
      there,
      this.budgetLeft !== null && this.budgetLeft < minCredits,
    );
    return false;
  }

  private allotment(maxCredits: number): number | null {
    return this.budgetLeft === null ? null : Math.min(maxCredits, this.budgetLeft);
  }

  private async fund(item: Candidate, maxCredits: number): Promise<void> {
    const { batchId, attempt } = this.batch;
    const wanted = this.allotment(maxCredits) ?? maxCredits;
    const { passed } = await callFunction(
      sql<{ passed: number }>`select pass_hold(${batchId}, ${item.executionId}, ${wanted}::bigint) as passed`,
      this.transaction,
    );
    const missing = wanted - passed;
    const held =
      missing > 0
        ? await holdCredits(this.transaction, item.executionId, { minimum: 0, maximum: missing })
        : 0;
    this.heldFree -= passed;
    this.available -= held ?? 0;
    if (this.budgetLeft !== null) this.budgetLeft -= wanted;
    await sql`
      update batch_items
      set batch_attempt = ${attempt}::int, redrives = redrives + ${item.isOpened && !item.isResumed ? 1 : 0}::int
      where execution_id = ${batchId} and item_index = ${item.index}::int
    `.execute(this.transaction);
    this.opened.push(item.index);
  }
}

async function readCandidates(
  transaction: DatabaseTransaction,
  batchId: string,
  limit: number,
): Promise<readonly Candidate[]> {
  const { rows } = await sql<Omit<Candidate, 'quote'> & { readonly quote: JsonObject }>`
    select bi.item_index as index, bi.item_execution_id as "executionId", bi.item_values as values, bi.patch, bi.quote,
      bi.min_credits as "minCredits", bi.max_credits as "maxCredits", i.id is not null as "isOpened",
      bi.batch_attempt < e.attempt as "isResumed"
    from batch_items bi
    join batches b on b.execution_id = bi.execution_id
    join executions e on e.id = bi.execution_id
    left join executions i on i.id = bi.item_execution_id
    where bi.execution_id = ${batchId} and (i.id is null or ${isDue})
    order by bi.item_index limit ${limit}
  `.execute(transaction);
  return rows;
}

async function itemsToStart(
  transaction: DatabaseTransaction,
  batchId: string,
): Promise<readonly ItemToStart[]> {
  const { rows } = await sql<ItemToStart>`
    select item_index as index, id as "executionId", attempt from executions
    where parent_id = ${batchId} and status = 'RUNNING' and temporal_run_id is null and start_requested_at is null
    order by item_index
  `.execute(transaction);
  return rows;
}

function budgetReached(needed: number, there: number, isBudget: boolean): ExecutionFailure {
  const what = isBudget ? 'The budget of the batch' : 'The balance';
  const mend = isBudget ? 'Resume it with a larger budgetCredits' : 'Add credits and resume it';
  return {
    code: 'budget_reached',
    message: `${what} does not cover the next item: it needs ${needed} credits, ${there} are left. ${mend}; items that are done are kept.`,
    nodeId: ITEMS_NODE_ID,
    retryable: true,
    resumable: true,
  };
}
