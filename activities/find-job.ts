import { callbacks } from '../store/database/callbacks';
import type { Job } from '../store/database/jobs/job';
import type { ActivityDependencies } from './dependencies';
import type { ProviderSession } from './provider-access';
import type { JobHandle } from './providers/provider';
import { ProviderError } from './providers/provider-error';

export const UNREACHABLE = Symbol('unreachable');

/** A provider that cannot be asked tells nothing of the job: its failure must not send the node to another provider. */
export async function unlessUnreachable<T>(ask: () => Promise<T>): Promise<T | typeof UNREACHABLE> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ProviderError) return UNREACHABLE;
    throw error;
  }
}

/**
 * A callback that came for a job brings the id that we failed to record. Those that are not genuine are put aside.
 *
 * @returns `UNREACHABLE` when one could not be checked and no other one tells.
 */
export async function handleFromCallbacks(
  { database }: Pick<ActivityDependencies, 'database'>,
  session: ProviderSession,
  job: Job,
  signal: AbortSignal,
): Promise<JobHandle | typeof UNREACHABLE | undefined> {
  const { readCallback } = session.provider;
  if (!readCallback) return undefined;
  let isUnsure = false;
  for (const message of await callbacks.unhandled(database, job.id)) {
    const call = session.call(signal);
    const handle = await unlessUnreachable(() => readCallback({ ...message, model: job.model }, call));
    if (handle === UNREACHABLE) isUnsure = true;
    else if (handle) return handle;
    else await callbacks.markHandled(database, [message.id]);
  }
  return isUnsure ? UNREACHABLE : undefined;
}
