import { acceptJob } from './accept-job';
import type { Job, JobDraft } from './job';
import { send, type Answer, type Visit } from './visit';

/**
 * Takes a job and waits for its end, as a synchronous call does.
 * @param failed The provider's words for a job that ended badly; a refusal counts as an end that the caller words itself.
 * @returns undefined when the caller was answered already, or never will be.
 */
export async function performJob(
  visit: Visit,
  draft: JobDraft,
  refusal: 'answer' | 'job',
  failed: (job: Job) => Answer,
): Promise<Job | undefined> {
  const job = await acceptJob(visit, draft, refusal);
  if (job === undefined) return undefined;
  await visit.services.jobs.ended(job);
  if (job.state === 'succeeded' || job.failure?.kind === 'refused') return job;
  send(visit.response, failed(job));
  return undefined;
}
