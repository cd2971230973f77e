import type { JobInput, SubmitJobResult } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { driveJob } from './drive-job';
import { writeFenced } from './fence';
import { withHeartbeat } from './heartbeat';
import { openJobContext } from './job-context';
import { settledResult } from './settled-result';

/** Starts a job at a provider, once, and returns when its id is durable. A job that was started before is adopted. */
export function submitJob(deps: ActivityDependencies, input: JobInput): Promise<SubmitJobResult> {
  return withHeartbeat(async (signal) => {
    const context = await openJobContext(deps, input, 'queue', signal);
    const driven = await driveJob(context, context.operation.submit);
    if (driven.kind === 'happened') {
      const { job } = driven;
      if (job.state === 'SETTLED')
        return { status: 'completed', result: await settledResult(deps, input, job) };
      return { status: 'accepted', jobId: job.id, attempts: 0 };
    }
    const { job, claim, value, startedAt, latencyMs } = driven;
    const { attempts } = await writeFenced(deps, input, async (writer) => {
      await writer.acceptJob(job.id, claim.token, value);
      return writer.recordSend({ jobId: job.id, outcome: 'accepted', startedAt, latencyMs });
    });
    return { status: 'accepted', jobId: job.id, attempts };
  });
}
