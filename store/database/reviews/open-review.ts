import { sql } from 'kysely';
import type { PortValue, ReviewAnswer } from '../../../workflows/contract';
import { newId } from '../../ids';
import { updateNodes } from '../executions/update-nodes';
import { isOpenStatus, type WriteContext } from '../executions/write-context';
import { toJson } from '../json';
import type { ReviewRequest } from './review';

/**
 * The newest review of the step stands if it judges the same value under the same key, in whatever state it is; else
 * another one is opened. One whose time is over is timed out, unless a person was first.
 */
export async function openReview(context: WriteContext, request: ReviewRequest): Promise<ReviewAnswer> {
  const { transaction, execution } = context;
  const value = toJson(request.value);
  const newest = (await readNewest(context, request, value)) ?? (await insertReview(context, request, value));
  if (newest.state === 'open' && newest.remainingMs !== null && newest.remainingMs <= 0) {
    await sql`
      update reviews set state = 'timed_out', decided_at = now() where id = ${newest.id} and state = 'open'
    `.execute(transaction);
    return { status: 'decided', decision: 'timed_out', comment: '', value: request.value };
  }
  if (newest.state === 'open') {
    const { step, nodeId } = request;
    if (isOpenStatus(execution.status)) await updateNodes(context, [{ step, nodeId, status: 'WAITING' }]);
    return { status: 'open', ...(newest.remainingMs === null ? {} : { remainingMs: newest.remainingMs }) };
  }
  const { state, decision, comment, replacement } = newest;
  return {
    status: 'decided',
    decision: state === 'timed_out' || decision === null ? 'timed_out' : decision,
    comment,
    value: replacement ?? request.value,
  };
}

interface NewestReview {
  readonly id: string;
  readonly state: 'open' | 'decided' | 'timed_out';
  readonly decision: 'approve' | 'reject' | 'replace' | null;
  readonly comment: string;
  readonly replacement: PortValue | null;
  /** Whole milliseconds; null without a limit. */
  readonly remainingMs: number | null;
}

const newestColumns = sql`
  id, state, decision, comment, replacement, ceil(extract(epoch from due_at - now()) * 1000)::float8 as "remainingMs"`;

async function readNewest(
  { transaction, execution }: WriteContext,
  { step, nodeKey }: ReviewRequest,
  value: string,
): Promise<NewestReview | undefined> {
  const { rows } = await sql<NewestReview & { readonly fits: boolean }>`
    select ${newestColumns}, node_key = ${nodeKey} and value::text = ${value} as fits
    from reviews where execution_id = ${execution.id} and step = ${step}
    order by number desc limit 1
  `.execute(transaction);
  return rows[0]?.fits ? rows[0] : undefined;
}

async function insertReview(
  { transaction, execution }: WriteContext,
  request: ReviewRequest,
  value: string,
): Promise<NewestReview> {
  const { step, nodeId, nodeKey, label, title, instructions, timeoutSeconds } = request;
  const { rows } = await sql<NewestReview>`
    insert into reviews (id, account_id, mode, execution_id, step, node_id, node_key, number, label, title, instructions,
      value, due_at)
    select ${newId('rev')}, ${execution.accountId}, ${execution.mode}, ${execution.id}, ${step}, ${nodeId}, ${nodeKey},
      1 + coalesce((select max(number) from reviews where execution_id = ${execution.id} and step = ${step}), 0),
      ${label}, ${title}, ${instructions}, ${value}::json, now() + ${timeoutSeconds ?? null}::float8 * interval '1 second'
    returning ${newestColumns}
  `.execute(transaction);
  const [row] = rows;
  if (!row) throw new Error(`The review of ${step} was not opened.`);
  return row;
}
