import { jobs } from '../store/database/jobs';
import type { JobInput, LaterChange } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';

/** States of a job that is under way, or done: it is neither given up nor bought again. */
const TAKEN_UP: ReadonlySet<string> = new Set(['SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED', 'SETTLED']);

/**
 * Where an earlier Temporal run of this execution has come to with the changes of a node: a resume and a reset begin with
 * its config as posted, and must not give up, or buy again, what a later try has under way.
 */
export async function laterChange(
  { database }: Pick<ActivityDependencies, 'database'>,
  input: JobInput,
): Promise<LaterChange | undefined> {
  const { change, step, nodeKey, executionId } = input;
  if (!change || change.number === change.of) return undefined;
  const numbers = (await jobs.ofExecution(database, executionId))
    .filter((job) => job.step === step && job.nodeKey === nodeKey && TAKEN_UP.has(job.state))
    .map((job) => job.changeNumber);
  const latest = Math.max(0, ...numbers);
  return latest > change.number ? { status: 'changed', changeNumber: latest } : undefined;
}
