import {
  UnexpectedReplyError,
  type CandidateDefinition,
  type NodeDefinition,
  type ProviderReply,
} from '../pipeline/node-definition';
import type { Job, JobSend } from '../store/database/jobs/job';
import { failpoint } from '../store/failpoints';
import type { ExecutionScope, NodeOutputs, StepResult } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { writeFenced, type JobWrite } from './fence';
import type { ProviderSession } from './provider-access';
import { ProviderError } from './providers/provider-error';
import { view } from './send-job';
import { settleResult } from './settle-result';
import { DownloadError, storeOutputs } from './store-outputs';
import { providerFailureType, StepError } from './to-application-failure';

export interface FinishedReply {
  readonly job: Job;
  readonly reply: ProviderReply;
  readonly definition: NodeDefinition;
  readonly candidate: CandidateDefinition;
  readonly session: ProviderSession;
  readonly signal: AbortSignal;
  /** What the provider bills for this reply, credits. */
  readonly credits: number;
  /** The send that brought the reply, for synchronous calls. */
  readonly send?: Omit<JobSend, 'jobId'>;
}

/**
 * A paid reply becomes the node's result: bytes stored and hashed, job settled, node row written, in that order.
 * Idempotent: of two that finish one job, the second one's result is ignored.
 *
 * @param settler - Who writes, unless it is the run of this activity.
 * @throws StepError; the job is then FAILED, or still open when storing may succeed later.
 */
export async function finishJob(
  deps: ActivityDependencies,
  scope: ExecutionScope,
  finished: FinishedReply,
  settler?: JobWrite,
): Promise<StepResult> {
  const { job, send, credits } = finished;
  let outputs: NodeOutputs;
  try {
    outputs = await readOutputs(deps, finished);
  } catch (error) {
    throw await recordUnusable(deps, finished, error, settler ?? ((work) => writeFenced(deps, scope, work)));
  }
  failpoint('settle.before');
  const settlement = { outputs, credits, ...(send ? { send } : {}) };
  const settled = await (settler
    ? settler((writer) => writer.settleJob(job.id, settlement))
    : settleResult(deps, scope, job.id, settlement));
  failpoint('settle.after_commit');
  const seconds = (deps.now() - job.createdAt.getTime()) / 1_000;
  // Two may have waited for one job.
  if (settled.isFirst) deps.jobEnded({ ...job, credits: settled.credits, seconds });
  return { outputs: settled.outputs, credits: settled.credits, attempts: settled.attempts, cached: false };
}

export function readOutputs(deps: ActivityDependencies, finished: FinishedReply): Promise<NodeOutputs> {
  const { candidate, definition, reply, job, session, signal } = finished;
  const { accountId, nodeId, id: jobId } = job;
  const source = { accountId, nodeId, jobId, privateOrigins: session.privateOrigins, signal };
  return storeOutputs(deps, definition, candidate.toOutputs(reply), source);
}

/** The provider was paid for something that cannot be used, or that is gone: it is charged, and said so. */
async function recordUnusable(
  deps: ActivityDependencies,
  finished: FinishedReply,
  error: unknown,
  write: JobWrite,
): Promise<unknown> {
  const failure = unusable(finished, error);
  if (!failure) return error;
  const { job, send, credits } = finished;
  const isFirst = await write(async (writer) => {
    const isFailed = await writer.failJob(job.id, view(failure), { billedCredits: credits });
    if (isFailed && send) await writer.recordSend({ jobId: job.id, ...send });
    return isFailed;
  });
  if (isFirst) deps.jobEnded({ ...job, credits });
  return failure;
}

export function unusable({ candidate, job }: FinishedReply, error: unknown): StepError | undefined {
  const { provider, model } = candidate;
  if (error instanceof UnexpectedReplyError) {
    const message = `${provider}:${model} answered node "${job.nodeId}" with something else than it promises: ${error.message}`;
    return new StepError('ProviderResponseInvalid', message, { provider, cause: error });
  }
  if (error instanceof DownloadError && isGone(error.httpStatus)) {
    const message = `${provider} made the result of node "${job.nodeId}" but does not have it any more. It was paid; it is not bought again without your word: resume the execution to do so.`;
    return new StepError('PaidResultUnavailable', message, { provider, cause: error });
  }
  if (error instanceof ProviderError)
    return new StepError(providerFailureType(error), error.message, { provider, cause: error });
  return undefined;
}

function isGone(httpStatus: number | undefined): boolean {
  return httpStatus === 403 || httpStatus === 404 || httpStatus === 410;
}
