import { proxyActivities } from '@temporalio/workflow';
import type { Activities, ExecutionScope } from './contract';

/**
 * Settles what an execution has left behind at providers: jobs that were open when it was ended from outside, and jobs
 * that were given up whose cancel was lost. The sweeper starts it; its id makes it single.
 *
 * One activity whose attempts are looks: they cost no history, and it may take a day until a provider answers again.
 */
export async function settleExecution(scope: ExecutionScope): Promise<void> {
  await settleJobs(scope);
}

const { settleJobs } = proxyActivities<Pick<Activities, 'settleJobs'>>({
  // A result may have to be downloaded.
  startToCloseTimeout: '15 min',
  heartbeatTimeout: '4 s',
  summary: 'Settle the jobs that were left behind',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '5 min' },
});
