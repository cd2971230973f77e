import type { CandidateDefinition, NodeDefinition } from '../pipeline/node-definition';
import { callbacks } from '../store/database/callbacks';
import { jobs } from '../store/database/jobs';
import type { Job } from '../store/database/jobs/job';
import { failpoint } from '../store/failpoints';
import type { AwaitJobInput, AwaitJobResult } from '../workflows/contract';
import { checkJob, isSilentOnJob } from './check-job';
import type { ActivityDependencies } from './dependencies';
import { writeFenced } from './fence';
import { finishJob } from './finish-job';
import { withHeartbeat } from './heartbeat';
import { findOperation, handleOf } from './job-context';
import type { ProviderSession } from './provider-access';
import type { JobCheck, JobHandle, QueueOperation } from './providers/provider';
import type { ProviderError } from './providers/provider-error';
import { jobStopped, recordedFailure, stillUndecided } from './recorded-failure';
import { requireCandidate, requireDefinition } from './resolve-request';
import { view } from './send-job';
import { settledResult } from './settled-result';
import { jobPending, providerFailureType, StepError } from './to-application-failure';

/** Polled in process this long; then the slot is given back until the next look. */
const WINDOW_MS = 6_000;
const FIRST_INTERVAL_MS = 200;
const INTERVAL_MAX_MS = 2_000;
const YIELD_MIN_MS = 1_000;
const YIELD_MAX_MS = 10_000;

/**
 * Waits for an accepted job and turns its result into the node's.
 *
 * A provider's callback completes this activity by id from the API (`notified`), also while it waits for its next
 * attempt; the workflow then schedules it again. Two of them may overlap: storing and settling are idempotent.
 */
export function awaitJob(deps: ActivityDependencies, input: AwaitJobInput): Promise<AwaitJobResult> {
  return withHeartbeat(async (signal) => {
    const job = await requireJob(deps, input.jobId);
    if (job.state === 'SETTLED')
      return { status: 'completed', result: await settledResult(deps, input, job) };
    const failure = recordedFailure(job);
    if (failure) throw failure;
    return (await openWait(deps, input, job, signal)).run();
  });
}

/** Whatever keeps us from asking says nothing of the job: it goes on, and may be paid, so no other candidate is tried. */
async function openWait(
  deps: ActivityDependencies,
  input: AwaitJobInput,
  job: Job,
  signal: AbortSignal,
): Promise<JobWait> {
  const handle = requireHandle(job);
  try {
    const session = await deps.providerAccess.open(job.provider, input, job.credentialId);
    return new JobWait(deps, input, job, handle, session, signal);
  } catch (error) {
    if (!(error instanceof StepError) || error.type === 'CredentialMissing') throw error;
    const message = `The job of node "${input.nodeId}" was accepted but cannot be asked for: ${error.message}`;
    throw new StepError('Internal', message, {
      provider: job.provider,
      retryAfterMs: YIELD_MAX_MS,
      cause: error,
    });
  }
}

async function requireJob(deps: ActivityDependencies, jobId: string): Promise<Job> {
  const job = await jobs.find(deps.database, jobId);
  if (job) return job;
  throw new StepError(
    'Internal',
    `Job ${jobId} is not in the database. Was the database restored from a backup?`,
  );
}

class JobWait {
  private readonly operation: QueueOperation;
  private readonly definition: NodeDefinition;
  private readonly candidate: CandidateDefinition;

  constructor(
    private readonly deps: ActivityDependencies,
    private readonly input: AwaitJobInput,
    private readonly job: Job,
    private readonly handle: JobHandle,
    private readonly session: ProviderSession,
    private readonly signal: AbortSignal,
  ) {
    this.definition = requireDefinition(input.nodeType);
    this.candidate = requireCandidate(this.definition, input);
    this.operation = findOperation(this.session, this.candidate, this.definition, 'queue');
  }

  async run(): Promise<AwaitJobResult> {
    const endsAtMs = this.deps.now() + WINDOW_MS;
    await this.noteCallbacks();
    for (let intervalMs = FIRST_INTERVAL_MS; ; intervalMs = Math.min(intervalMs * 1.5, INTERVAL_MAX_MS)) {
      failpoint('poll.before');
      const check = await this.check();
      failpoint('poll.after');
      if (check.status === 'succeeded') return this.finish(check);
      const waitMs = Math.max(intervalMs, check.retryAfterMs ?? 0);
      if (this.deps.now() + waitMs > endsAtMs) throw jobPending(this.yieldMs(check.retryAfterMs));
      await this.deps.sleep(waitMs, this.signal);
    }
  }

  /** A callback is only a hint: the provider itself is asked next, so they need not even be genuine. */
  private async noteCallbacks(): Promise<void> {
    const stored = await callbacks.unhandled(this.deps.database, this.job.id);
    if (stored.length > 0)
      await callbacks.markHandled(
        this.deps.database,
        stored.map((callback) => callback.id),
      );
  }

  /** An outage while polling never ends the job. */
  private async check(): Promise<JobCheck> {
    const { job, operation, handle } = this;
    const asked = {
      database: this.deps.database,
      job,
      operation,
      handle,
      call: this.session.call(this.signal),
    };
    const check = await checkJob(asked).catch((error: unknown) => {
      throw isSilentOnJob(error) ? jobPending(this.yieldMs(error.retryAfterMs)) : error;
    });
    if (check.status === 'failed') throw await this.recordFailure(check.error);
    return check;
  }

  private async recordFailure(error: ProviderError): Promise<StepError> {
    const { job, deps, input } = this;
    const billedCredits = error.billed ? job.priceReserved : 0;
    // Our own doing, when the run before had ended: nothing is wrong with the provider.
    if (job.cancelRequestedAt !== null) {
      await writeFenced(deps, input, (writer) => writer.cancelJob(job.id, { billedCredits }));
      return jobStopped(job);
    }
    const { provider, message } = error;
    const failure = stillUndecided(
      job,
      new StepError(providerFailureType(error), message, { provider, cause: error }),
    );
    await writeFenced(deps, input, (writer) => writer.failJob(job.id, view(failure), { billedCredits }));
    return failure;
  }

  private async finish({ reply }: Extract<JobCheck, { status: 'succeeded' }>): Promise<AwaitJobResult> {
    const { definition, candidate, session, signal, job } = this;
    const finished = { job, reply, definition, candidate, session, signal, credits: job.priceReserved };
    const result = await finishJob(this.deps, this.input, finished);
    return { status: 'completed', result };
  }

  /** The longer it has taken, the less often it is asked for: a tenth of its age, 1 to 10 s. */
  private yieldMs(retryAfterMs = 0): number {
    const ageMs = this.deps.now() - (this.job.acceptedAt ?? this.job.createdAt).getTime();
    return Math.max(Math.min(Math.max(ageMs / 10, YIELD_MIN_MS), YIELD_MAX_MS), retryAfterMs);
  }
}

function requireHandle(job: Job): JobHandle {
  const handle = handleOf(job);
  if (handle && job.state === 'ACCEPTED') return handle;
  if (job.state === 'CANCELLED') throw jobStopped(job);
  const message = `Job ${job.id} of node "${job.nodeId}" was given up meanwhile (${job.state}). Resume the execution to open a new one.`;
  throw new StepError('Internal', message, { provider: job.provider });
}
