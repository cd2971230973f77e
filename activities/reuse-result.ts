import { assetsIn } from '../pipeline/pure/values';
import { jobs } from '../store/database/jobs';
import type { Job } from '../store/database/jobs/job';
import type { JobInput, NodeOutputs, StepResult } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { writeFenced } from './fence';
import type { JobContext } from './job-context';

/**
 * The result of the same request in another execution of the account and mode, where the node allows it: no job, no hold,
 * nothing charged. Asked before the intent is opened.
 * @returns undefined when there is none whose files are all there
 */
export async function reuseResult({
  deps,
  input,
  resolved,
}: JobContext<unknown>): Promise<StepResult | undefined> {
  if (input.cache !== 'workspace') return undefined;
  const job = await findReusable(deps, input, resolved.requestHash);
  if (!job?.outputs) return undefined;
  const { nodeId, step, fallbackFrom } = input;
  await writeFenced(deps, input, (writer) => writer.reuseJob(job, { nodeId, step, fallbackFrom }));
  return { outputs: job.outputs, credits: 0, attempts: 0, cached: true };
}

async function findReusable(
  deps: ActivityDependencies,
  { accountId, mode, executionId, step }: JobInput,
  requestHash: string,
): Promise<Job | undefined> {
  const known = await jobs.reusable(deps.database, { accountId, mode, requestHash, executionId, step });
  for (const job of known) if (job.outputs && (await isStored(deps, accountId, job.outputs))) return job;
  return undefined;
}

async function isStored(
  { assetStore }: ActivityDependencies,
  accountId: string,
  outputs: NodeOutputs,
): Promise<boolean> {
  for (const { sha256 } of assetsIn(outputs)) if (!(await assetStore.has(accountId, sha256))) return false;
  return true;
}
