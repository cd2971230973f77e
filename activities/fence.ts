import { Context } from '@temporalio/activity';
import { executions } from '../store/database/executions';
import { FenceError } from '../store/database/executions/execution';
import type { ExecutionWriter } from '../store/database/executions/execution-writer';
import type { ExecutionScope } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { StepError } from './to-application-failure';

/**
 * Writes for an execution on behalf of the Temporal run that this activity belongs to.
 *
 * A run that finds another one in the row asks Temporal which is the latest: after an operator's reset the new run takes
 * over, while an old run that still breathes must not write any more.
 *
 * @throws StepError `StaleRun` when this run is not the latest.
 */
export async function writeFenced<T>(
  deps: Pick<ActivityDependencies, 'database' | 'latestRunId'>,
  scope: ExecutionScope,
  work: (writer: ExecutionWriter) => Promise<T>,
): Promise<T> {
  const runId = ownRunId();
  const { executionId, continuedFromRunId } = scope;
  const writeScope = { executionId, runId, ...(continuedFromRunId ? { continuedFromRunId } : {}) };
  try {
    return await executions.write(deps.database, writeScope, work);
  } catch (error) {
    if (!(error instanceof FenceError)) throw error;
    await takeOver(deps, error, runId);
    return await executions.write(deps.database, writeScope, work);
  }
}

async function takeOver(
  deps: Pick<ActivityDependencies, 'database' | 'latestRunId'>,
  fence: FenceError,
  runId: string,
): Promise<void> {
  const { executionId, currentRunId, isPast } = fence;
  const isLatest = !isPast && currentRunId !== null && (await deps.latestRunId(executionId)) === runId;
  if (
    isLatest &&
    (await executions.takeOver(deps.database, { executionId, fromRunId: currentRunId, toRunId: runId }))
  )
    return;
  const message = `This Temporal run of execution ${executionId} was replaced by another one; it writes nothing any more.`;
  throw new StepError('StaleRun', message);
}

function ownRunId(): string {
  const { workflowExecution } = Context.current().info;
  if (!workflowExecution) throw new StepError('Internal', 'This activity was not started by a workflow.');
  return workflowExecution.runId;
}
