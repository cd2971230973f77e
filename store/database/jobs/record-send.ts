import { sql } from 'kysely';
import { callFunction } from '../call-function';
import { refreshNodeCosts } from '../executions/update-nodes';
import type { WriteContext } from '../executions/write-context';
import type { JobSend } from './job';

/** Appends a send with the next number of its job and shows it at its node. */
export async function recordSend(
  context: WriteContext,
  send: JobSend,
): Promise<{ readonly attempts: number; readonly jobSends: number }> {
  const { step, number } = await callFunction(
    sql<{ step: string; number: number }>`
      select step, number from append_send(${context.execution.id}, ${send.jobId}, ${send.outcome},
        ${send.failureCode ?? null}, ${withoutNul(send.message)}, ${send.httpStatus ?? null}::int,
        ${Math.round(send.latencyMs)}::int, ${send.startedAt})`,
    context.transaction,
  );
  return { ...(await refreshNodeCosts(context, step)), jobSends: number };
}

/** Text columns cannot hold it, and a provider's words may. */
function withoutNul(text: string | undefined): string | null {
  return text?.replaceAll('\0', '') ?? null;
}
