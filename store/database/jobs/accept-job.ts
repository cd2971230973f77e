import { sql } from 'kysely';
import type { JsonObject } from '../../../workflows/contract';
import { callFunction, scopeFields } from '../call-function';
import type { Database } from '../database';
import type { WriteScope } from '../executions/execution';
import type { WriteContext } from '../executions/write-context';
import { toJson } from '../json';
import type { JobState } from '../tables';
import type { JobSend } from './job';

/** SUBMITTING or UNKNOWN → ACCEPTED by the claimer. @returns false when the job is in another state */
export async function acceptJob(
  context: WriteContext,
  jobId: string,
  token: string,
  handle: JsonObject,
): Promise<boolean> {
  const { accepted } = await callFunction(
    sql<{ accepted: boolean }>`
      select accept_job(${context.execution.id}, ${jobId}, ${token}::uuid, ${toJson(handle)}::json) as accepted`,
    context.transaction,
  );
  return accepted;
}

export interface Acceptance {
  readonly jobId: string;
  readonly token: string;
  readonly handle: JsonObject;
  readonly send: Pick<JobSend, 'latencyMs' | 'startedAt'>;
}

/**
 * The same with its send as a write of its own, through the fence: one statement.
 * @returns the job's state after it; the sends made for the node so far (0 when it was not the first to accept);
 * `isSurplus`: the provider has a second job for it, which is not the one on record
 */
export async function writeAcceptance(
  database: Database,
  scope: WriteScope,
  { jobId, token, handle, send }: Acceptance,
): Promise<{ readonly state: JobState; readonly attempts: number; readonly isSurplus: boolean }> {
  return callFunction(
    sql<{ state: JobState; attempts: number; isSurplus: boolean }>`
      select state, attempts, is_surplus as "isSurplus" from write_acceptance(${scopeFields(scope)}, ${jobId},
        ${token}::uuid, ${toJson(handle)}::json, ${Math.round(send.latencyMs)}::int, ${send.startedAt})`,
    database.queries,
  );
}
