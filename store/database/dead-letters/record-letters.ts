import { sql, type RawBuilder } from 'kysely';
import { allNodes } from '../../../pipeline/pure/all-nodes';
import { stepsSeenFrom } from '../../../pipeline/pure/step-path';
import { collectInputs } from '../../../pipeline/pure/node-inputs';
import { fillTemplates, TemplateError } from '../../../pipeline/pure/templates';
import { quoteNodes } from '../../../pipeline/quote';
import type { FailureView, JsonObject, NodeOutputs, PlanNode } from '../../../workflows/contract';
import { newId } from '../../ids';
import type { DatabaseTransaction } from '../database';
import type { LockedExecution } from '../executions/write-context';
import { toJson } from '../json';

/**
 * Brings the letters of an execution up to the end of its attempt, in the transaction of that end: what failed gets one,
 * what is done or not wanted any more is resolved, the rest is open again. Locks are taken in one order everywhere:
 * execution, letters by their ids, balance; else two transactions would wait for each other.
 */
export async function recordLetters(
  transaction: DatabaseTransaction,
  execution: Pick<LockedExecution, 'id' | 'accountId' | 'mode' | 'attempt'>,
  status: 'COMPLETED' | 'FAILED' | 'CANCELLED',
): Promise<void> {
  // A first attempt finds none: the common end costs nothing.
  if (execution.attempt > 1) await closeLetters(transaction, execution.id);
  if (status !== 'FAILED') return;
  const letters = await readFailedNodes(transaction, execution.id);
  if (letters.length > 0) await insertLetters(transaction, execution, letters);
}

/** The execution goes on: whoever made it, its letters wait for the outcome. */
export async function markRedriven(transaction: DatabaseTransaction, executionId: string): Promise<void> {
  await sql`
    with own as (${lockUnresolved(executionId)})
    update dead_letters d
    set state = 'redriven', redriven_at = now(), resolved_at = null, redrive_due_at = null, redrive_refusal = null
    from own where d.id = own.id
  `.execute(transaction);
}

function lockUnresolved(executionId: string): RawBuilder<unknown> {
  return sql`
    select id, execution_id, step from dead_letters
    where execution_id = ${executionId} and state <> 'resolved' order by id for no key update`;
}

async function closeLetters(transaction: DatabaseTransaction, executionId: string): Promise<void> {
  await sql`
    with own as (${lockUnresolved(executionId)}), ended as (
      select own.id, coalesce(n.status in ('COMPLETED', 'SKIPPED'), true) as is_done
      from own left join execution_nodes n on n.execution_id = own.execution_id and n.step = own.step
    )
    update dead_letters d
    set state = case when ended.is_done then 'resolved' else 'open' end,
        resolved_at = case when ended.is_done then now() end, redrive_due_at = null
    from ended where d.id = ended.id
  `.execute(transaction);
}

interface FailedNode {
  readonly step: string;
  readonly node: PlanNode;
  readonly failure: FailureView;
  readonly inputs: JsonObject;
}

/** Of an item of a batch: keys of what has failed for all items. */
const failedOfBatch = sql<readonly string[]>`(
  select coalesce(array_agg(s.node_key), '{}') from execution_nodes s
  where s.execution_id = executions.parent_id and s.status = 'FAILED')`;

async function readFailedNodes(
  transaction: DatabaseTransaction,
  executionId: string,
): Promise<readonly FailedNode[]> {
  const rows = await transaction
    .selectFrom('execution_nodes')
    .select(['step', 'node_id', 'node_key', 'status', 'outputs', 'error'])
    .where('execution_id', '=', executionId)
    .orderBy('position')
    .execute();
  if (!rows.some((row) => row.status === 'FAILED')) return [];
  const { plan, sharedKeys } = await transaction
    .selectFrom('executions')
    .select(['plan', failedOfBatch.as('sharedKeys')])
    .where('id', '=', executionId)
    .executeTakeFirstOrThrow();
  const nodes = new Map(allNodes(plan.nodes).map((node) => [node.id, node]));
  const outputs = new Map(rows.map((row) => [row.step, row.outputs ?? undefined]));
  const shared = new Set(sharedKeys);
  return rows.flatMap(({ step, node_id, node_key, status, error }) => {
    const node = nodes.get(node_id);
    // A group fails by one of its steps, a batch by its items, what items share in the batch: those have letters of their own.
    const hasOwnLetters = node?.body !== undefined || node?.work.kind === 'items' || shared.has(node_key);
    if (status !== 'FAILED' || node === undefined || hasOwnLetters || error === null) return [];
    const lookup = (nodeId: string): NodeOutputs | undefined => {
      const seen = stepsSeenFrom(step, nodeId).find((each) => outputs.has(each));
      return seen === undefined ? undefined : outputs.get(seen);
    };
    return [{ step, node, failure: error, inputs: inputsOf(node, lookup) }];
  });
}

/** As far as it was known when the node failed. */
function inputsOf(node: PlanNode, lookup: (nodeId: string) => NodeOutputs | undefined): JsonObject {
  return { config: configOf(node, lookup), inputs: { ...collectInputs(node, lookup) } as JsonObject };
}

function configOf(node: PlanNode, lookup: (nodeId: string) => NodeOutputs | undefined): JsonObject {
  try {
    return fillTemplates(node.config, node.templates, lookup).config;
  } catch (error) {
    // That may be why it failed.
    if (error instanceof TemplateError) return node.config;
    throw error;
  }
}

/** One statement; arrays and not `json_to_recordset`, which would decode strings inside documents. */
async function insertLetters(
  transaction: DatabaseTransaction,
  execution: Pick<LockedExecution, 'id' | 'accountId' | 'mode' | 'attempt'>,
  failed: readonly FailedNode[],
): Promise<void> {
  const column = <T>(read: (letter: FailedNode) => T) => failed.map(read);
  const price = (letter: FailedNode) => quoteNodes([letter.node]);
  await sql`
    insert into dead_letters (id, account_id, mode, execution_id, attempt, step, node_id, node_type, label, failure,
      inputs, price_min_credits, price_max_credits, providers, reasons)
    select l.id, ${execution.accountId}, ${execution.mode}, ${execution.id}, ${execution.attempt}::int, l.step, l.node_id,
      l.node_type, l.label, l.failure, l.inputs, l.price_min, l.price_max,
      array(select json_array_elements_text(l.providers)), array(select json_array_elements_text(l.reasons))
    from unnest(
      ${column(() => newId('dlt'))}::text[], ${column((letter) => letter.step)}::text[],
      ${column((letter) => letter.node.id)}::text[], ${column((letter) => letter.node.nodeType)}::text[],
      ${column((letter) => letter.node.label)}::text[], ${column((letter) => toJson(letter.failure))}::json[],
      ${column((letter) => toJson(letter.inputs))}::json[],
      ${column((letter) => price(letter).minCredits)}::bigint[],
      ${column((letter) => price(letter).maxCredits)}::bigint[],
      ${column((letter) => toJson(providersOf(letter.failure)))}::json[],
      ${column((letter) => toJson(reasonsOf(letter.failure)))}::json[]
    ) as l(id, step, node_id, node_type, label, failure, inputs, price_min, price_max, providers, reasons)
    on conflict (execution_id, step) do update set state = 'open', attempt = excluded.attempt,
      times_failed = dead_letters.times_failed + 1, node_type = excluded.node_type, label = excluded.label,
      failure = excluded.failure, inputs = excluded.inputs, price_min_credits = excluded.price_min_credits,
      price_max_credits = excluded.price_max_credits, providers = excluded.providers, reasons = excluded.reasons,
      failed_at = now(), redrive_due_at = null, resolved_at = null
  `.execute(transaction);
}

function providersOf({ provider, candidates = [] }: FailureView): string[] {
  const named = candidates.map((candidate) => candidate.provider);
  return [...new Set(provider === undefined ? named : [provider, ...named])];
}

/** See the column: `provider_unavailable`, `fal:provider_unavailable`. */
function reasonsOf({ code, provider, candidates = [] }: FailureView): string[] {
  const own = provider === undefined ? [] : [{ provider, code }];
  const reasons = [...own, ...candidates].flatMap((each) => [each.code, `${each.provider}:${each.code}`]);
  return [...new Set([code, ...reasons])];
}
