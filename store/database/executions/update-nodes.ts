import { sql, type RawBuilder } from 'kysely';
import { callFunction, callSetFunction, scopeFields } from '../call-function';
import type { Database } from '../database';
import { toNullableJson } from '../json';
import type { NodeStatus } from '../tables';
import type { WriteScope } from './execution';
import type { NodeChange } from './execution-writer';
import { isOpenStatus, type WriteContext } from './write-context';

/** Sets node rows in one statement; see `update_nodes`. A stale whole-state vector that comes late undoes nothing. */
export async function updateNodes(context: WriteContext, changes: readonly NodeChange[]): Promise<void> {
  const { id, attempt, status } = context.execution;
  if (changes.length === 0 || !isOpenStatus(status)) return;
  const changed = await callSetFunction(
    sql<{ step: string; status: NodeStatus }>`
      select step, status from update_nodes(${id}, ${attempt}::int, ${nodeColumns(changes)})`,
    context.transaction,
  );
  for (const node of changed) context.changes.nodes.set(node.step, node.status);
}

/** The same as a write of its own, through the fence; nothing else can be written with it. */
export async function writeNodes(
  database: Database,
  scope: WriteScope,
  changes: readonly NodeChange[],
): Promise<void> {
  await callFunction(
    sql`select write_nodes(${scopeFields(scope)}, ${nodeColumns(changes)})`,
    database.queries,
  );
}

/** Brings attempts, credits and the duplicate flag of a node up to what its jobs and sends say. */
export async function refreshNodeCosts(context: WriteContext, step: string): Promise<{ attempts: number }> {
  const { attempts, changed_status } = await callFunction(
    sql<{ attempts: number; changed_status: NodeStatus | null }>`
      select attempts, changed_status from refresh_node_costs(${context.execution.id}, ${step})`,
    context.transaction,
  );
  if (changed_status) context.changes.nodes.set(step, changed_status);
  return { attempts };
}

/** The parameters of `update_nodes` from `p_steps` on: one array per column. */
export function nodeColumns(changes: readonly NodeChange[]): RawBuilder<unknown> {
  const column = <T>(read: (change: NodeChange) => T | undefined) =>
    changes.map((change) => read(change) ?? null);
  return sql`
    ${column((change) => change.step ?? change.nodeId)}::text[],
    ${column((change) => change.nodeId)}::text[],
    ${column((change) => change.status)}::text[],
    ${column((change) => toNullableJson(change.outputs))}::json[],
    ${column((change) => change.provider)}::text[],
    ${column((change) => change.model)}::text[],
    ${column((change) => change.attempts)}::int[],
    ${column((change) => toNullableJson(change.fallbackFrom))}::json[],
    ${column((change) => change.cached)}::boolean[],
    ${column((change) => toNullableJson(change.error))}::json[]`;
}
