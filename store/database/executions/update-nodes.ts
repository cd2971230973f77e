import { sql, type RawBuilder } from 'kysely';
import { toNullableJson } from '../json';
import type { NodeStatus } from '../tables';
import type { NodeChange } from './execution-writer';
import { isOpenStatus, type WriteContext } from './write-context';

/**
 * Sets node rows in one statement. A row changes only when
 * - it moves forward (PENDING, then RUNNING or WAITING, then FAILED, SKIPPED or CANCELLED, then COMPLETED), or
 * - it stays at its height and something of it is new, or
 * - it was completed by an earlier attempt and this attempt ended the node otherwise.
 * So a stale whole-state vector that comes after a settled job undoes nothing.
 */
export async function updateNodes(context: WriteContext, changes: readonly NodeChange[]): Promise<void> {
  if (changes.length === 0 || !isOpenStatus(context.execution.status)) return;
  const rows = changeRows(changes);
  if (changes.some(hasOwnStep)) await insertSteps(context, rows);
  const { id, attempt } = context.execution;
  const { rows: changed } = await sql<{ step: string; status: NodeStatus }>`
    update execution_nodes n
    set status = c.status,
        outputs = case when c.status = 'COMPLETED' then coalesce(c.outputs, n.outputs) else c.outputs end,
        provider = coalesce(c.provider, n.provider),
        model = coalesce(c.model, n.model),
        attempts = coalesce(c.attempts, n.attempts),
        fallback_from = coalesce(c.fallback_from, n.fallback_from),
        cached = coalesce(c.cached, n.cached),
        error = c.error,
        run_attempt = ${attempt}::int,
        started_at = case when c.status in ('RUNNING', 'WAITING', 'COMPLETED', 'FAILED')
          then coalesce(n.started_at, now()) else n.started_at end,
        completed_at = case when c.status in ('PENDING', 'RUNNING', 'WAITING') then null else now() end
    from ${rows}
    where n.execution_id = ${id} and n.step = c.step and case
      when n.status = 'COMPLETED' then n.run_attempt < ${attempt}::int and (
        c.status in ('FAILED', 'SKIPPED', 'CANCELLED')
        or c.status = 'COMPLETED' and c.outputs::text <> n.outputs::text)
      when ${height('c.status')} = ${height('n.status')} then
        (c.status, coalesce(c.provider, n.provider), coalesce(c.model, n.model), coalesce(c.attempts, n.attempts),
          c.error::text)
        is distinct from (n.status, n.provider, n.model, n.attempts, n.error::text)
      else ${height('c.status')} > ${height('n.status')} end
    returning n.step, n.status
  `.execute(context.transaction);
  for (const { step, status } of changed) context.changes.nodes.set(step, status);
}

/** Brings attempts, credits and the duplicate flag of a node up to what its jobs and sends say. */
export async function refreshNodeCosts(context: WriteContext, step: string): Promise<{ attempts: number }> {
  const { id } = context.execution;
  const { rows } = await sql<{ attempts: number; changed_status: NodeStatus | null }>`
    with cost as (
      select (select count(*)::int from job_sends where execution_id = ${id} and step = ${step}) as attempts,
        coalesce(sum(credits_charged), 0)::bigint as credits,
        coalesce(bool_or(possible_duplicate), false) as possible_duplicate
      from jobs where execution_id = ${id} and step = ${step}
    ), changed as (
      update execution_nodes n
      set attempts = cost.attempts, credits = cost.credits, possible_duplicate = cost.possible_duplicate
      from cost
      where n.execution_id = ${id} and n.step = ${step}
        and (n.attempts, n.credits, n.possible_duplicate)
          is distinct from (cost.attempts, cost.credits, cost.possible_duplicate)
      returning n.status
    )
    select cost.attempts, (select status from changed) as changed_status from cost
  `.execute(context.transaction);
  const [row] = rows;
  if (row?.changed_status) context.changes.nodes.set(step, row.changed_status);
  return { attempts: row?.attempts ?? 0 };
}

/** A step inside a loop gets a row of its own, made after its node's. */
async function insertSteps(context: WriteContext, rows: RawBuilder<unknown>): Promise<void> {
  await sql`
    insert into execution_nodes
      (execution_id, step, node_id, position, node_type, label, node_key, is_output, run_attempt)
    select n.execution_id, c.step, n.node_id, n.position, n.node_type, n.label, n.node_key, false,
      ${context.execution.attempt}::int
    from ${rows}
    join execution_nodes n on n.execution_id = ${context.execution.id} and n.step = c.node_id
    where c.step <> c.node_id
    on conflict do nothing
  `.execute(context.transaction);
}

function hasOwnStep(change: NodeChange): boolean {
  return change.step !== undefined && change.step !== change.nodeId;
}

/** Arrays and not `json_to_recordset`: that would decode strings inside documents, and refuse NUL. */
function changeRows(changes: readonly NodeChange[]): RawBuilder<unknown> {
  const column = <T>(read: (change: NodeChange) => T | undefined) =>
    changes.map((change) => read(change) ?? null);
  return sql`unnest(
    ${column((change) => change.step ?? change.nodeId)}::text[],
    ${column((change) => change.nodeId)}::text[],
    ${column((change) => change.status)}::text[],
    ${column((change) => toNullableJson(change.outputs))}::json[],
    ${column((change) => change.provider)}::text[],
    ${column((change) => change.model)}::text[],
    ${column((change) => change.attempts)}::int[],
    ${column((change) => toNullableJson(change.fallbackFrom))}::json[],
    ${column((change) => change.cached)}::boolean[],
    ${column((change) => toNullableJson(change.error))}::json[]
  ) as c(step, node_id, status, outputs, provider, model, attempts, fallback_from, cached, error)`;
}

function height(column: 'c.status' | 'n.status'): RawBuilder<number> {
  return sql`case ${sql.ref(column)} when 'PENDING' then 0 when 'RUNNING' then 1 when 'WAITING' then 1
    when 'COMPLETED' then 3 else 2 end`;
}
