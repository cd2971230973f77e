import { CancellationScope, isCancellation, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities, ScheduledInput } from './contract';

/**
 * What a schedule starts at each of its times. It lasts as long as the execution does, so that Temporal's overlap policy
 * is about executions.
 */
export async function startScheduled({ scheduleId }: ScheduledInput): Promise<void> {
  const fire = { scheduleId, scheduledAt: nominalTime() };
  try {
    await followFire(fire);
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => cancelFire(fire));
    throw error;
  }
}

/** The time that was meant, also in a backfill; Temporal notes it when a schedule starts a workflow. */
function nominalTime(): string {
  const { searchAttributes, startTime } = workflowInfo();
  const [noted] = searchAttributes['TemporalScheduledStartTime'] ?? [];
  return (noted instanceof Date ? noted : startTime).toISOString();
}

const { followFire, cancelFire } = proxyActivities<Pick<Activities, 'followFire' | 'cancelFire'>>({
  startToCloseTimeout: '30 s',
  summary: 'Wait for the end of the execution',
  retry: { initialInterval: '1 s', backoffCoefficient: 1.5, maximumInterval: '10 s' },
});
