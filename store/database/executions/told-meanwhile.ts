import { sql } from 'kysely';
import type { ExecutionScope } from '../../../workflows/contract';
import type { Database } from '../database';

/** Of a callback that comes while its run is about to wait, milliseconds. */
const OVERLAP_MS = 10_000;

/**
 * Executions that wait for nothing but the fate of sends, and since then one has become known: its callback came, or the
 * sender that everybody took for dead has written the provider's answer. At most `limit` (100).
 */
export async function toldMeanwhile(
  database: Database,
  limit = 100,
): Promise<readonly Pick<ExecutionScope, 'executionId' | 'accountId' | 'mode'>[]> {
  const { rows } = await sql<Pick<ExecutionScope, 'executionId' | 'accountId' | 'mode'>>`
    select e.id as "executionId", e.account_id as "accountId", e.mode
    from executions e
    cross join lateral (
      select max(v.at) - ${OVERLAP_MS} * interval '1 millisecond' as since
      from events v where v.execution_id = e.id and v.data->>'status' = 'WAITING'
    ) paused
    where e.status in ('RUNNING', 'WAITING') and e.status = 'WAITING' and e.cancel_requested_at is null
      and not exists (
        -- To go on would try those again too, which is for the user to say.
        select from execution_nodes n
        where n.execution_id = e.id and n.status = 'WAITING'
          and coalesce(n.error->>'code', '') <> 'submission_unknown'
      )
      and exists (
        select from jobs j
        join execution_nodes n on n.execution_id = j.execution_id and n.step = j.step and n.status = 'WAITING'
        where j.execution_id = e.id and (
          j.state = 'ACCEPTED' and j.accepted_at >= paused.since
          or j.state = 'UNKNOWN' and exists (
            select from callbacks c
            where c.job_id = j.id and c.handled_at is null and c.received_at >= paused.since))
      )
    order by e.id
    limit ${limit}
  `.execute(database.queries);
  return rows;
}
