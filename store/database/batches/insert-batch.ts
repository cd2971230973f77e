import { sql } from 'kysely';
import { newId } from '../../ids';
import type { DatabaseTransaction } from '../database';
import { toJson } from '../json';
import type { NewBatch } from './batch';

/** In the transaction that accepts the batch's execution: its items lie ready, and none of them is an execution yet. */
export async function insertBatch(
  transaction: DatabaseTransaction,
  executionId: string,
  { places, itemPlan, items, allowPartial, autoRedrive }: NewBatch,
): Promise<void> {
  await sql`
    insert into batches (execution_id, places, item_plan, allow_partial, redrive_times, redrive_after_seconds)
    values (${executionId}, ${toJson(places)}::json, ${toJson(itemPlan)}::json, ${allowPartial},
      ${autoRedrive?.times ?? 0}::int, ${autoRedrive?.afterSeconds ?? 0}::int)
  `.execute(transaction);
  await sql`update executions set item_count = ${items.length}::int where id = ${executionId}`.execute(
    transaction,
  );
  await sql`
    insert into batch_items (execution_id, item_index, item_execution_id, item_values, patch, quote,
      min_credits, max_credits)
    select ${executionId}, i.number - 1, i.id, i.item_values, i.patch, i.quote, i.min_credits, i.max_credits
    from unnest(
      ${items.map(() => newId('exe'))}::text[],
      ${items.map(({ values }) => toJson(values))}::json[],
      ${items.map(({ patch }) => toJson(patch))}::json[],
      ${items.map(({ quote }) => toJson(quote))}::json[],
      ${items.map(({ quote }) => quote.minCredits)}::bigint[],
      ${items.map(({ quote }) => quote.maxCredits)}::bigint[]
    ) with ordinality as i(id, item_values, patch, quote, min_credits, max_credits, number)
  `.execute(transaction);
}
