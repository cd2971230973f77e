import { executions } from '../store/database/executions';
import type { ExecutionWriter } from '../store/database/executions/execution-writer';
import { JobStateError } from '../store/database/jobs/job';
import type { ExecutionScope, NodeOutputs } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { finishJob, readOutputs, unusable, type FinishedReply } from './finish-job';
import { view } from './send-job';
import { StepError } from './to-application-failure';

/**
 * The answer to a synchronous call, which is nowhere but here: {@link finishJob}, also when the run or the job was replaced
 * while the provider was at it. It was paid, so it is stored, charged and listed. A run that has the job now takes it
 * from there; where another job is in its place, it stays beside that one's.
 */
export async function finishCall(
  deps: ActivityDependencies,
  scope: ExecutionScope,
  finished: FinishedReply,
): ReturnType<typeof finishJob> {
  try {
    return await finishJob(deps, scope, finished);
  } catch (error) {
    if (isReplaced(error)) await keepAnswer(deps, scope, finished);
    throw error;
  }
}

function isReplaced(error: unknown): boolean {
  return error instanceof JobStateError || (error instanceof StepError && error.type === 'StaleRun');
}

async function keepAnswer(
  deps: ActivityDependencies,
  { executionId }: ExecutionScope,
  finished: FinishedReply,
): Promise<void> {
  const answer = await readAnswer(deps, finished);
  await executions.settle(deps.database, executionId, async (writer) => {
    if (await writeAnswer(writer, finished, answer)) await recordSend(writer, finished);
  });
}

type Answer =
  | { readonly outputs: NodeOutputs; readonly failure?: undefined }
  | { readonly outputs?: undefined; readonly failure: StepError };

async function readAnswer(deps: ActivityDependencies, finished: FinishedReply): Promise<Answer> {
  try {
    return { outputs: await readOutputs(deps, finished) };
  } catch (error) {
    const failure = unusable(finished, error);
    if (!failure) throw error;
    return { failure };
  }
}

/** @returns false when it is known already */
async function writeAnswer(
  writer: ExecutionWriter,
  { job: { id }, credits }: FinishedReply,
  { outputs, failure }: Answer,
): Promise<boolean> {
  switch ((await writer.job(id)).state) {
    case 'SUBMITTING':
    case 'UNKNOWN':
      if (failure) return writer.failJob(id, view(failure), { billedCredits: credits });
      return (await writer.settleJob(id, { outputs, credits, isOfAnEarlierRun: true })).isFirst;
    case 'SUPERSEDED':
    case 'CANCELLED':
      return writer.closeJob(id, { billedCredits: credits, ...(outputs ? { outputs } : {}) });
    default:
      return false;
  }
}

async function recordSend(writer: ExecutionWriter, { job, send }: FinishedReply): Promise<void> {
  if (send) await writer.recordSend({ jobId: job.id, ...send });
}
