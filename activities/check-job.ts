import type { Database } from '../store/database/database';
import { jobs } from '../store/database/jobs';
import type { Job } from '../store/database/jobs/job';
import type { JobCheck, JobHandle, ProviderCall, QueueOperation } from './providers/provider';
import { ProviderError, type ProviderErrorKind } from './providers/provider-error';

/** The provider could not be asked, also for a key or an account of ours: the accepted job goes on without us. */
const SAYS_NOTHING_OF_THE_JOB: ReadonlySet<ProviderErrorKind> = new Set([
  'rate_limited',
  'unavailable',
  'ambiguous',
  'authentication',
  'billing',
]);

/**
 * An id that a provider gave a moment ago may not be found yet, and a gateway may answer in its place: only when polls
 * have been answered so for this long, on several looks, is the job lost. No provider documents a time.
 */
const ODD_ANSWER_MS = 60_000;

export type CheckedJob = JobCheck | { readonly status: 'failed'; readonly error: ProviderError };

/** How a job ended, by the word of its provider. */
export type EndedCheck = Exclude<CheckedJob, { status: 'pending' }>;

export interface JobToCheck {
  readonly database: Database;
  readonly job: Job;
  readonly operation: QueueOperation;
  readonly handle: JobHandle;
  readonly call: ProviderCall;
}

/**
 * Asks for a job once.
 *
 * @throws ProviderError when the answer says nothing of the job.
 */
export async function checkJob(asked: JobToCheck): Promise<CheckedJob> {
  const { database, job, operation, handle, call } = asked;
  try {
    const check = await operation.check(handle, call);
    if (job.oddSince !== null) await jobs.forgetOddAnswers(database, job.id);
    return check;
  } catch (error) {
    if (!(error instanceof ProviderError) || SAYS_NOTHING_OF_THE_JOB.has(error.kind)) throw error;
    if (error.isOdd && (await jobs.noteOddAnswer(database, job.id)) < ODD_ANSWER_MS)
      return { status: 'pending' };
    return { status: 'failed', error };
  }
}

/** An answer that says nothing of the job: it is asked for again. */
export function isSilentOnJob(error: unknown): error is ProviderError {
  return error instanceof ProviderError && SAYS_NOTHING_OF_THE_JOB.has(error.kind);
}
