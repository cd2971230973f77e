import type { Violation } from '../evidence/evidence';
import type { Books } from './books';

/** T1 and W1: what is one account's is nobody else's, and one callback counts once. */
export function checkIsolation({ evidence, executions }: Books): Violation[] {
  const { jobs, assets, callbacks } = evidence.database;
  const accountOf = new Map(jobs.map((job) => [job.id, job.account_id]));
  const foreignJobs = jobs.filter((job) => executions.get(job.execution_id)?.account_id !== job.account_id);
  const foreignAssets = assets.filter(
    ({ source_job_id, account_id }) => source_job_id !== null && accountOf.get(source_job_id) !== account_id,
  );
  const answered = (evidence.foreignAnswers ?? []).filter(({ status }) => status !== 404);
  const twice = callbacks.filter(
    (callback, index) => callbacks.findIndex((other) => isSame(callback, other)) !== index,
  );
  return [
    ...foreignJobs.map(({ id, execution_id }) => t1(execution_id, `job ${id} is of another account`)),
    ...foreignAssets.map(({ id }) => t1(undefined, `asset ${id} is of another account`)),
    ...answered.map(({ executionId, path, status }) =>
      t1(executionId, `a stranger got ${status} at ${path}`),
    ),
    ...twice.map(({ job_id }) => ({
      invariant: 'W1',
      executionId: jobs.find(({ id }) => id === job_id)?.execution_id,
      jobId: job_id,
      evidence: 'the same callback is stored twice',
    })),
  ];
}

function t1(executionId: string | undefined, evidence: string): Violation {
  return { invariant: 'T1', executionId, evidence };
}

type Callback = Books['evidence']['database']['callbacks'][number];

function isSame(one: Callback, other: Callback): boolean {
  return one.job_id === other.job_id && Buffer.compare(one.body, other.body) === 0;
}
