import type { CandidateDefinition, NodeDefinition } from '../pipeline/node-definition';
import { jobs } from '../store/database/jobs';
import type { Job } from '../store/database/jobs/job';
import type { ExecutionScope, NodeOutputs } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import type { JobWrite } from './fence';
import { handleFromCallbacks, UNREACHABLE } from './find-job';
import { finishJob, readOutputs, unusable, type FinishedReply } from './finish-job';
import { findOperation, handleOf } from './job-context';
import { checkJob, type EndedCheck } from './check-job';
import type { ProviderSession } from './provider-access';
import type { JobHandle, QueueOperation, SyncOperation } from './providers/provider';
import { requireCandidate, requireDefinition } from './resolve-request';
import { view } from './send-job';
import { providerFailureType, StepError } from './to-application-failure';

/**
 * What became of a job that no run waits for any more:
 * - `ended`: its end is known and written, or a run has taken it over again;
 * - `pending`: it is to be looked at again;
 * - `unknown`: nobody can tell whether it was accepted, before a callback comes.
 */
export type JobEnding = 'ended' | 'pending' | 'unknown';

export interface EndingContext {
  readonly deps: ActivityDependencies;
  readonly scope: ExecutionScope;
  readonly signal: AbortSignal;
  readonly write: JobWrite;
  /** Has its provider stop it. Otherwise its result is only collected. */
  readonly stops: boolean;
}

/**
 * Brings a job that no run waits for to its end: one that succeeded was paid, so its result is stored and charged; one
 * that can be stopped is stopped, and asked for once more, since it may have been done by then. Idempotent.
 *
 * @throws ProviderError, StepError when its provider cannot be asked.
 */
export async function endJob(context: EndingContext, job: Job): Promise<JobEnding> {
  const { write } = context;
  switch (job.state) {
    case 'INTENT':
      await write((writer) => writer.cancelJob(job.id));
      return 'ended';
    case 'SUBMITTING':
      // By the database's clock; its sender may still bring the answer, also after that.
      await write((writer) => writer.unknownJob(job.id));
      return 'pending';
    case 'UNKNOWN':
      return findUnknown(context, job);
    case 'ACCEPTED':
      return endAccepted(context, job, requireHandle(job));
    case 'STORED':
      await write((writer) => writer.settleJob(job.id, { credits: job.priceReserved }));
      return 'ended';
    case 'SUPERSEDED':
    case 'CANCELLED':
      return closeGivenUp(context, job);
    case 'SETTLED':
    case 'REJECTED':
    case 'FAILED':
      return 'ended';
  }
}

async function findUnknown(context: EndingContext, job: Job): Promise<JobEnding> {
  const { deps, signal, write } = context;
  const source = await openSource(context, job);
  const handle = await handleFromCallbacks(deps, source.session, job, signal);
  if (handle === UNREACHABLE) return 'pending';
  const found = handle ?? (await source.lookup?.());
  if (found) {
    await write((writer) => writer.adoptJob(job.id, found));
    return endAccepted(context, job, found);
  }
  if (!source.lookup) return 'unknown';
  if (!(await jobs.isSenderGone(deps.database, job.id, deps.providerAccess.requestTimeoutMs)))
    return 'pending';
  const absent = new StepError('Cancelled', 'The provider never got this job; the run had ended by then.');
  await write((writer) => writer.rejectJob(job.id, null, view(absent)));
  return 'ended';
}

async function endAccepted(context: EndingContext, job: Job, handle: JobHandle): Promise<JobEnding> {
  const { write, stops, deps, scope } = context;
  const source = await openSource(context, job);
  let check = await look(context, source, job, handle);
  let wasStopped = job.cancelRequestedAt !== null;
  if (check === 'pending' && stops) {
    wasStopped = true;
    if (!(await write((writer) => writer.stopJob(job.id)))) return 'pending';
    check = await stopAndLook(context, source, job, handle);
  }
  if (check === 'pending') return 'pending';
  if (check.status === 'succeeded') {
    await finishJob(deps, scope, finishedReply(context, source, job, check), write);
    return 'ended';
  }
  const { error } = check;
  const billedCredits = error.billed ? job.priceReserved : 0;
  const failure = new StepError(providerFailureType(error), error.message, { provider: error.provider });
  await write((writer) =>
    wasStopped
      ? writer.cancelJob(job.id, { billedCredits })
      : writer.failJob(job.id, view(failure), { billedCredits }),
  );
  return 'ended';
}

/** Its place was given to another job, or it was called cancelled before its provider had said so. */
async function closeGivenUp(context: EndingContext, job: Job): Promise<JobEnding> {
  const { deps, signal, write } = context;
  if (job.outputs !== null) return close(context, job, { billedCredits: job.priceReserved });
  const source = await openSource(context, job);
  const handle = handleOf(job) ?? (await handleFromCallbacks(deps, source.session, job, signal));
  if (handle === UNREACHABLE) return 'pending';
  if (handle === undefined) return close(context, job, {});
  let check = await look(context, source, job, handle);
  if (check === 'pending') check = await stopAndLook(context, source, job, handle);
  if (check === 'pending') {
    // What a callback told is kept: it is looked for no second time.
    if (!handleOf(job)) await write((writer) => writer.reopenJob(job.id, handle));
    return 'pending';
  }
  if (check.status === 'failed')
    return close(context, job, { billedCredits: check.error.billed ? job.priceReserved : 0 });
  const finished = finishedReply(context, source, job, check);
  const outputs = await readOutputs(deps, finished).catch((error: unknown) => {
    // Nobody waits for this output: one that cannot be had is charged without it, unless another try may have it.
    if (unusable(finished, error)) return undefined;
    throw error;
  });
  return close(context, job, { billedCredits: job.priceReserved, ...(outputs ? { outputs } : {}) });
}

async function close(
  { write }: EndingContext,
  job: Job,
  end: { readonly outputs?: NodeOutputs; readonly billedCredits?: number },
): Promise<JobEnding> {
  await write((writer) => writer.closeJob(job.id, end));
  return 'ended';
}

/** Where a job is asked for. */
interface JobSource {
  readonly session: ProviderSession;
  readonly operation: QueueOperation | undefined;
  readonly definition: NodeDefinition;
  readonly candidate: CandidateDefinition;
  /** Finds it, or proves its absence. */
  readonly lookup: (() => Promise<JobHandle | undefined>) | undefined;
}

async function openSource({ deps, scope, signal }: EndingContext, job: Job): Promise<JobSource> {
  const { provider, model, nodeType } = job;
  const definition = requireDefinition(nodeType);
  const wanted = { provider, model, execution: 'queue', priceCredits: 0 } as const;
  const candidate = requireCandidate(definition, { nodeType, candidate: wanted });
  const session = await deps.providerAccess.open(provider, scope, job.credentialId);
  const operation = operationOf(session, candidate, definition);
  const { lookup } = operation ?? {};
  return {
    session,
    operation,
    definition,
    candidate,
    lookup: lookup && (() => lookup(job.id, session.call(signal))),
  };
}

/** Undefined for a synchronous call: its answer was its result, and it cannot be asked for. */
function operationOf(
  session: ProviderSession,
  candidate: CandidateDefinition,
  definition: NodeDefinition,
): QueueOperation | undefined {
  const named: SyncOperation | QueueOperation | undefined = session.provider.operations[candidate.operation];
  return named?.kind === 'sync' ? undefined : findOperation(session, candidate, definition, 'queue');
}

async function look(
  { deps, signal }: EndingContext,
  { operation, session }: JobSource,
  job: Job,
  handle: JobHandle,
): Promise<EndedCheck | 'pending'> {
  if (!operation) return 'pending';
  const call = session.call(signal);
  const check = await checkJob({ database: deps.database, job, operation, handle, call });
  return check.status === 'pending' ? 'pending' : check;
}

async function stopAndLook(
  context: EndingContext,
  source: JobSource,
  job: Job,
  handle: JobHandle,
): Promise<EndedCheck | 'pending'> {
  await source.operation?.cancel?.(handle, source.session.call(context.signal));
  return look(context, source, job, handle);
}

function finishedReply(
  { signal }: EndingContext,
  { session, definition, candidate }: JobSource,
  job: Job,
  { reply }: Extract<EndedCheck, { status: 'succeeded' }>,
): FinishedReply {
  return { job, reply, definition, candidate, session, signal, credits: job.priceReserved };
}

function requireHandle(job: Job): JobHandle {
  const handle = handleOf(job);
  if (handle) return handle;
  throw new StepError('Internal', `Job ${job.id} was accepted, but its row has no handle.`);
}
