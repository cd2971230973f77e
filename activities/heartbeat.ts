import { Context } from '@temporalio/activity';

const HEARTBEAT_INTERVAL_MS = 1_000;

/**
 * Runs work while a timer tells Temporal that this worker lives. The work itself never has to remember to.
 *
 * @param work - Gets a signal that aborts when the activity is cancelled or the worker shuts down.
 */
export async function withHeartbeat<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}
