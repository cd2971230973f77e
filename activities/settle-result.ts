import { jobs } from '../store/database/jobs';
import type { SettledJob, Settlement } from '../store/database/jobs/job';
import type { ExecutionScope } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { fencedTogether } from './fence';
import { Together } from './together';

const settlements = new Together(jobs.writeSettlements);

/** A paid result on behalf of the run of this activity; a later call answers the first result. */
export function settleResult(
  deps: Pick<ActivityDependencies, 'database' | 'latestRunId'>,
  scope: ExecutionScope,
  jobId: string,
  settlement: Settlement,
): Promise<Omit<SettledJob, 'job'>> {
  return fencedTogether(deps, scope, settlements, { jobId, settlement });
}
