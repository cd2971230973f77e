import { sql } from 'kysely';
import { reviveItems } from '../batches/read-items';
import type { Database, DatabaseTransaction } from '../database';
import type { PendingResume, WaitingResumeRequest, WaitingResumeResult } from './execution';
import { idempotentTransaction } from './idempotent-transaction';
import { moneyLeft, raiseHold, type MoneyLeft } from './raise-hold';
import { explainRefusal, type ResumeRefusal } from './resume-execution';
import { recordEvent } from './write-context';

/**
 * WAITING → RUNNING in the same Temporal run: what is not done is PENDING again, the hold covers what is left, a signal is
 * due. The caller then sends it and calls `resumeSent`; a crash in between is found by `pendingResumes`. Exactly one of
 * racing resumes wins; the others get `conflict`. One that is being cancelled cannot be resumed.
 */
export async function resumeWaiting(
  database: Database,
  request: WaitingResumeRequest,
): Promise<WaitingResumeResult> {
  return idempotentTransaction<WaitingResumeResult, ResumeRefusal>(
    database,
    request.accountId,
    request.idempotency,
    async (transaction, refuse) => {
      const { executionId } = request;
      const woken = await wake(transaction, request);
      if (woken === undefined) return refuse(await explainRefusal(transaction, request));
      await resetNodes(transaction, executionId);
      await reviveItems(transaction, executionId);
      const held = await raiseHold(transaction, request, woken);
      if (typeof held !== 'number') return refuse(held);
      const { attempt } = woken;
      await recordEvent(transaction, executionId, { type: 'resumed', data: { status: 'RUNNING', attempt } });
      return { kind: 'resumed', resume: toPendingResume(woken), heldCredits: held };
    },
  );
}

/** The run has the resume with that number. */
export async function resumeSent(
  database: Database,
  { executionId, signal }: Pick<PendingResume, 'executionId' | 'signal'>,
): Promise<void> {
  await database.queries
    .updateTable('executions')
    .set({ resume_requested_at: null })
    .where('id', '=', executionId)
    .where('resume_number', '=', signal.resumeNumber)
    .execute();
}

/** Resumes requested longer ago than `olderThanMs` of which the run may know nothing; oldest first, at most `limit` (100). */
export async function pendingResumes(
  database: Database,
  olderThanMs: number,
  limit = 100,
): Promise<readonly PendingResume[]> {
  const { rows } = await sql<WokenRow>`
    select ${wokenColumns} from executions
    where resume_requested_at <= now() - ${olderThanMs} * interval '1 millisecond'
      and status = 'RUNNING' and temporal_run_id is not null
    order by resume_requested_at limit ${limit}
  `.execute(database.queries);
  return rows.map(toPendingResume);
}

interface WokenRow {
  readonly id: string;
  readonly runId: string;
  readonly resumeNumber: number;
  readonly resumedAtMs: number;
  readonly resubmitUnknown: boolean;
}

/** Milliseconds are rounded up: a job that was opened before the resume is never of the same millisecond. */
const wokenColumns = sql`
  id, temporal_run_id as "runId", resume_number as "resumeNumber", resubmit_unknown as "resubmitUnknown",
  ceil(extract(epoch from resume_requested_at) * 1000)::bigint as "resumedAtMs"`;

async function wake(
  transaction: DatabaseTransaction,
  request: WaitingResumeRequest,
): Promise<(WokenRow & MoneyLeft & { readonly attempt: number }) | undefined> {
  const { rows } = await sql<WokenRow & MoneyLeft & { readonly attempt: number }>`
    update executions
    set status = 'RUNNING', failure = null, resume_number = resume_number + 1, resume_requested_at = now(),
        resubmit_unknown = ${request.resubmitUnknown ?? false},
        quote_min_credits = credits_charged + ${request.hold.minCredits},
        quote_max_credits = credits_charged + ${request.hold.maxCredits},
        budget_credits = coalesce(${request.budgetCredits ?? null}::bigint, budget_credits)
    where id = ${request.executionId} and account_id = ${request.accountId}
      and status = 'WAITING' and cancel_requested_at is null
      and attempt = ${request.expectedAttempt} and resume_number = ${request.expectedResumeNumber}
    returning attempt, ${moneyLeft}, ${wokenColumns}
  `.execute(transaction);
  return rows[0];
}

/** What it has cost so far stays; its results are kept. */
async function resetNodes(transaction: DatabaseTransaction, executionId: string): Promise<void> {
  await sql`
    update execution_nodes
    set status = 'PENDING', outputs = null, provider = null, model = null, fallback_from = '[]', cached = false,
        error = null, started_at = null, completed_at = null
    where execution_id = ${executionId} and status not in ('COMPLETED', 'PENDING')
  `.execute(transaction);
}

function toPendingResume({ id, runId, resumeNumber, resumedAtMs, resubmitUnknown }: WokenRow): PendingResume {
  return { executionId: id, runId, signal: { resumeNumber, resumedAtMs, resubmitUnknown } };
}
