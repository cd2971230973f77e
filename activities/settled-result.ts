import type { Job } from '../store/database/jobs/job';
import type { ExecutionScope, StepResult } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { settleResult } from './settle-result';

/** The result of a job that was settled before, by an earlier attempt or an earlier Temporal run; its node shows it again. */
export async function settledResult(
  deps: ActivityDependencies,
  scope: ExecutionScope,
  job: Job,
): Promise<StepResult> {
  const { outputs, credits, attempts } = await settleResult(deps, scope, job.id, {
    credits: job.creditsCharged,
  });
  return { outputs, credits, attempts, cached: false };
}
