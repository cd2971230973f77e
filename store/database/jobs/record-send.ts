import { sql } from 'kysely';
import { refreshNodeCosts } from '../executions/update-nodes';
import type { WriteContext } from '../executions/write-context';
import { newId } from '../../ids';
import { JobStateError, type JobSend } from './job';

/** Appends a send with the next number of its job and shows it at its node. */
export async function recordSend(
  context: WriteContext,
  send: JobSend,
): Promise<{ readonly attempts: number; readonly jobSends: number }> {
  const { step, number } = await appendSend(context, send);
  return { ...(await refreshNodeCosts(context, step)), jobSends: number };
}

/** Appends a send; whoever goes on to refresh the node's costs need not do so twice. */
export async function appendSend(
  context: WriteContext,
  send: JobSend,
): Promise<{ step: string; number: number }> {
  const { rows } = await sql<{ step: string; number: number }>`
    insert into job_sends (id, job_id, execution_id, step, provider, model, number, outcome, failure_code, message,
      http_status, latency_ms, started_at)
    select ${newId('snd')}, j.id, j.execution_id, j.step, j.provider, j.model,
      1 + (select count(*) from job_sends s where s.job_id = j.id),
      ${send.outcome}, ${send.failureCode ?? null}, ${withoutNul(send.message)}, ${send.httpStatus ?? null}::int,
      ${Math.round(send.latencyMs)}::int, ${send.startedAt}
    from jobs j where j.id = ${send.jobId} and j.execution_id = ${context.execution.id}
    returning step, number
  `.execute(context.transaction);
  const [row] = rows;
  if (row === undefined) {
    throw new JobStateError(`execution ${context.execution.id} has no job ${send.jobId}`);
  }
  return row;
}

/** Text columns cannot hold it, and a provider's words may. */
function withoutNul(text: string | undefined): string | null {
  return text?.replaceAll('\0', '') ?? null;
}
