import type { ExecutionView } from '../pipeline/execution-view';
import { isOver } from '../pipeline/execution-view';
import { executions } from '../store/database/executions';
import { notFound } from './api-error';
import type { ApiDependencies } from './dependencies';

export interface ReadExecution {
  readonly revision: number;
  /** As the store gives it, without URLs. */
  readonly view: ExecutionView;
}

/** @throws ApiError 404, the same for an unknown and a foreign id. */
export async function readExecution(
  dependencies: Pick<ApiDependencies, 'database'>,
  accountId: string,
  executionId: string,
): Promise<ReadExecution> {
  const found = await executions.view(dependencies.database, accountId, executionId);
  if (found === undefined) throw executionNotFound();
  return found;
}

export function executionNotFound(): Error {
  return notFound('execution_not_found', 'There is no such execution. Check its id and the API key.');
}

/** The run has ended, or waits for its owner: nothing more comes by waiting. */
export function isSettled(view: ExecutionView): boolean {
  return isOver(view.status) || view.status === 'WAITING';
}

export interface HoldOptions {
  readonly accountId: string;
  readonly executionId: string;
  readonly waitSeconds: number;
  /** True when there is nothing more to wait for. */
  readonly isEnough: (execution: ReadExecution) => boolean;
  /** What is worth a look: `settled` when only the end counts, so that a busy run costs its waiters nothing. */
  readonly until: 'changed' | 'settled';
  readonly signal: AbortSignal;
  /** It has just been accepted, so there is nothing to read before something happens. */
  readonly isNew?: boolean;
}

/** Reads an execution until it is enough, time is up, or the signal aborts; then gives it as it is. */
export async function holdForChange(
  dependencies: Pick<ApiDependencies, 'database' | 'listener'>,
  options: HoldOptions,
): Promise<ReadExecution> {
  const { accountId, executionId, signal } = options;
  const endsAtMs = performance.now() + options.waitSeconds * 1_000;
  if (options.isNew) {
    const waitMs = options.waitSeconds * 1_000;
    await dependencies.listener.waitForChange(executionId, 0, waitMs, signal, options.until);
  }
  for (;;) {
    const execution = await readExecution(dependencies, accountId, executionId);
    const restMs = endsAtMs - performance.now();
    if (options.isEnough(execution) || restMs <= 0 || signal.aborted) return execution;
    await dependencies.listener.waitForChange(executionId, execution.revision, restMs, signal, options.until);
  }
}
