import { executions } from '../store/database/executions';
import type { ExecutionDetail, PendingResume } from '../store/database/executions/execution';
import type { Job } from '../store/database/jobs/job';
import type { ApiDependencies } from './dependencies';
import { quoteSchema } from './graph-body';
import { planResume, type ResumePlan } from '../pipeline/resume/plan-resume';

/** What a run that waits will do when it goes on: it follows the plan that it has, not one compiled today. */
export function planInPlace(detail: ExecutionDetail): ResumePlan<Job> {
  const { plan, quote } = detail.documents;
  return planResume(plan, quoteSchema.parse(quote), detail);
}

/**
 * Tells the run that waits. Safe to repeat, also by several processes at once: it takes each resume once.
 *
 * @returns false when that run is over or has been replaced
 * @throws TemporalUnavailableError; the resume stays pending and is told by the sweeper.
 */
export async function deliverResume(
  { database, temporal }: Pick<ApiDependencies, 'database' | 'temporal'>,
  resume: PendingResume,
): Promise<boolean> {
  const { executionId, runId, signal } = resume;
  if (!(await temporal.resume(executionId, runId, signal))) return false;
  await executions.resumeSent(database, resume);
  return true;
}

/** For a resume that the database has just accepted: the request has succeeded by then, whatever happens here. */
export async function deliverAccepted(
  dependencies: Pick<ApiDependencies, 'database' | 'temporal' | 'logger'>,
  resume: PendingResume,
): Promise<void> {
  try {
    await deliverResume(dependencies, resume);
  } catch (error) {
    const { executionId } = resume;
    dependencies.logger.warn(
      { error, executionId },
      'An accepted resume waits for the sweeper to tell its run.',
    );
  }
}
