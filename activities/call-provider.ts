import { billedCredits } from '../pipeline/price';
import type { JobInput, StepResult } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { driveJob } from './drive-job';
import { finishJob } from './finish-job';
import { withHeartbeat } from './heartbeat';
import { openJobContext } from './job-context';
import { settledResult } from './settled-result';

/** One short request to a provider whose answer is the result. */
export function callProvider(deps: ActivityDependencies, input: JobInput): Promise<StepResult> {
  return withHeartbeat(async (signal) => {
    const context = await openJobContext(deps, input, 'sync', signal);
    const driven = await driveJob(context, context.operation.call);
    if (driven.kind === 'happened') return settledResult(deps, input, driven.job);
    const { job, value: reply, startedAt, latencyMs } = driven;
    const { candidate, definition, request } = context.resolved;
    const credits = billedCredits(candidate, request, reply);
    const send = { outcome: 'completed', startedAt, latencyMs } as const;
    return finishJob(deps, input, {
      job,
      reply,
      definition,
      candidate,
      session: context.session,
      signal,
      credits,
      send,
    });
  });
}
