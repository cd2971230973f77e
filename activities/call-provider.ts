import { billedCredits } from '../pipeline/price';
import type { JobInput, LaterChange, StepResult } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { driveJob } from './drive-job';
import { withHeartbeat } from './heartbeat';
import { NEVER_ABORTS, openJobContext } from './job-context';
import { finishCall } from './late-answer';
import { reuseResult } from './reuse-result';
import { laterChange } from './later-change';
import { settledResult } from './settled-result';
import { untilRecorded } from './until-recorded';

/** One short request to a provider whose answer is the result. */
export function callProvider(deps: ActivityDependencies, input: JobInput): Promise<StepResult | LaterChange> {
  return withHeartbeat(async (signal) => {
    const later = await laterChange(deps, input);
    if (later) return later;
    const context = await openJobContext(deps, input, 'sync', signal);
    const reused = await reuseResult(context);
    if (reused) return reused;
    const driven = await driveJob(context, context.operation.call);
    if (driven.kind === 'happened') return settledResult(deps, input, driven.job);
    const { job, value: reply, startedAt, latencyMs } = driven;
    const { candidate, definition, request } = context.resolved;
    const credits = billedCredits(candidate, request, reply);
    const send = { outcome: 'completed', startedAt, latencyMs } as const;
    const { session } = context;
    // The answer is nowhere but here: neither a cancellation nor a full disk may lose it.
    const finished = { job, reply, definition, candidate, session, signal: NEVER_ABORTS, credits, send };
    return untilRecorded(deps, () => finishCall(deps, input, finished));
  });
}
