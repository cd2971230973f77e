import { sql } from 'kysely';
import type { JsonObject } from '../../../workflows/contract';
import { callFunction, scopeFields } from '../call-function';
import type { Database } from '../database';
import type { WriteScope } from '../executions/execution';
import { toJson } from '../json';
import type { JobState } from '../tables';
import type { JobSend } from './job';

export interface Acceptance {
  readonly jobId: string;
  readonly handle: JsonObject;
  readonly send: Pick<JobSend, 'latencyMs' | 'startedAt'>;
}

/**
 * SUBMITTING or UNKNOWN → ACCEPTED with its send, as a write of its own, through the fence: one statement. The first
 * answer counts, whoever holds the claim by then.
 * @returns the job's state after it; the sends made for the node so far (0 when it was not the first to accept);
 * `isSurplus`: the provider has a second job for it, which is not the one on record
 */
export async function writeAcceptance(
  database: Database,
  scope: WriteScope,
  { jobId, handle, send }: Acceptance,
): Promise<{ readonly state: JobState; readonly attempts: number; readonly isSurplus: boolean }> {
  return callFunction(
    sql<{ state: JobState; attempts: number; isSurplus: boolean }>`
      select state, attempts, is_surplus as "isSurplus" from write_acceptance(${scopeFields(scope)}, ${jobId},
        ${toJson(handle)}::json, ${Math.round(send.latencyMs)}::int, ${send.startedAt})`,
    database.queries,
  );
}
