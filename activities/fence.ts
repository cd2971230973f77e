import { Context } from '@temporalio/activity';
import { executions } from '../store/database/executions';
import { FenceError, type WriteScope } from '../store/database/executions/execution';
import type { ExecutionWriter } from '../store/database/executions/execution-writer';
import type { ExecutionScope } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { inTurn } from './in-turn';
import { StepError } from './to-application-failure';
import type { Together } from './together';

type FenceDependencies = Pick<ActivityDependencies, 'database' | 'latestRunId'>;

/** Writes for one execution, in one transaction: as its run, or as who settles what it left behind. */
export type JobWrite = <T>(work: (writer: ExecutionWriter) => Promise<T>) => Promise<T>;

/** Several steps of a new run may find the old one at once; one of them takes over, the others go on after it. */
const TRIES_MAX = 3;

/**
 * One write for an execution on behalf of the Temporal run that this activity belongs to.
 *
 * A run that finds another one in the row asks Temporal which is the latest: after an operator's reset the new run takes
 * over, while an old run that still breathes must not write any more.
 *
 * @throws StepError `StaleRun` when this run is not the latest.
 */
export function fenced<T>(
  deps: FenceDependencies,
  scope: ExecutionScope,
  write: (scope: WriteScope) => Promise<T>,
): Promise<T> {
  return passFence(deps, scope, (writeScope) => inTurn(scope.executionId, () => write(writeScope)));
}

/** {@link fenced}, in one statement with the writes of the same kind that wait for the same execution. */
export function fencedTogether<Item, Result>(
  deps: FenceDependencies,
  scope: ExecutionScope,
  kind: Together<Item, Result>,
  item: Item,
): Promise<Result> {
  return passFence(deps, scope, (writeScope) => kind.write(deps.database, writeScope, item));
}

async function passFence<T>(
  deps: FenceDependencies,
  scope: ExecutionScope,
  write: (scope: WriteScope) => Promise<T>,
): Promise<T> {
  const runId = ownRunId();
  const { executionId, continuedFromRunId } = scope;
  const writeScope = { executionId, runId, ...(continuedFromRunId ? { continuedFromRunId } : {}) };
  for (let tries = 1; ; tries += 1) {
    try {
      return await write(writeScope);
    } catch (error) {
      if (!(error instanceof FenceError)) throw error;
      if (tries === TRIES_MAX || !(await isLatest(deps, error))) throw staleRun(executionId, error);
      const { currentRunId } = error;
      if (currentRunId !== null)
        await executions.takeOver(deps.database, { executionId, fromRunId: currentRunId, toRunId: runId });
    }
  }
}

/** {@link fenced}, as a transaction of several steps. */
export function writeFenced<T>(
  deps: FenceDependencies,
  scope: ExecutionScope,
  work: (writer: ExecutionWriter) => Promise<T>,
): Promise<T> {
  return fenced(deps, scope, (writeScope) => executions.write(deps.database, writeScope, work));
}

/**
 * Writes what only the sender of a job can know: the provider's answer. That it has it is the authority for that, not
 * its Temporal run; so what was paid is on record also when a resume or a reset replaced the run during the send.
 * For acceptances, steps that name the claim's token, and sends; never for nodes.
 */
export async function asSender<T>(
  deps: FenceDependencies,
  scope: ExecutionScope,
  write: (scope: WriteScope) => Promise<T>,
): Promise<T> {
  try {
    return await fenced(deps, scope, write);
  } catch (error) {
    const holder = error instanceof StepError ? error.options.cause : undefined;
    if (!(holder instanceof FenceError)) throw error;
    // A resume waits for its start: the caller tries again until its run holds the row.
    if (holder.currentRunId === null) throw holder;
    const { executionId } = scope;
    return await write({ executionId, runId: holder.currentRunId });
  }
}

async function isLatest(deps: FenceDependencies, fence: FenceError): Promise<boolean> {
  const { executionId, currentRunId, isPast, runId } = fence;
  return !isPast && currentRunId !== null && (await deps.latestRunId(executionId)) === runId;
}

function staleRun(executionId: string, cause: FenceError): StepError {
  const message = `This Temporal run of execution ${executionId} was replaced by another one; it writes nothing any more.`;
  return new StepError('StaleRun', message, { cause });
}

function ownRunId(): string {
  const { workflowExecution } = Context.current().info;
  if (!workflowExecution) throw new StepError('Internal', 'This activity was not started by a workflow.');
  return workflowExecution.runId;
}
