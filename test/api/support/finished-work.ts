import { Client, Connection } from '@temporalio/client';
import { executions } from '../../../store/database/executions';
import type { ExecutionWriter } from '../../../store/database/executions/execution-writer';
import { executionWorkflowId, type AssetReference } from '../../../workflows/contract';
import type { ApiDependencies } from '../../../api/dependencies';

/** Writes to an execution as its Temporal run would. */
export async function writeAsRun<T>(
  { database, temporal }: ApiDependencies,
  executionId: string,
  work: (writer: ExecutionWriter) => Promise<T>,
): Promise<T> {
  const run = await temporal.describeLatest(executionId);
  if (run === undefined) throw new Error(`${executionId} has no run`);
  return executions.write(database, { executionId, runId: run.runId }, work);
}

/** The image of `textToImage` fails, its prompt is done; the Temporal run ends as well. */
export async function failImage(dependencies: ApiDependencies, executionId: string): Promise<void> {
  const error = { code: 'provider_unavailable', message: 'fal did not answer.', retryable: true } as const;
  await writeAsRun(dependencies, executionId, (writer) =>
    writer.finish({
      status: 'FAILED',
      failure: { ...error, nodeId: 'image', provider: 'fal', resumable: true },
      nodes: [
        { nodeId: 'prompt', status: 'COMPLETED', outputs: { text: 'A sunset over a mountain lake' } },
        { nodeId: 'image', status: 'FAILED', error },
      ],
    }),
  );
  await terminate(executionId);
}

/** The run ends COMPLETED in our rows, with a picture. */
export async function completeImage(
  dependencies: ApiDependencies,
  executionId: string,
  image: AssetReference,
): Promise<void> {
  await writeAsRun(dependencies, executionId, (writer) =>
    writer.finish({
      status: 'COMPLETED',
      nodes: [
        { nodeId: 'prompt', status: 'COMPLETED', outputs: { text: 'A sunset over a mountain lake' } },
        { nodeId: 'image', status: 'COMPLETED', outputs: { image } },
      ],
    }),
  );
}

/** What an operator does in the Temporal UI. */
export async function terminate(executionId: string): Promise<void> {
  const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  try {
    const client = new Client({ connection });
    await client.workflow.getHandle(executionWorkflowId(executionId)).terminate('test');
  } finally {
    await connection.close();
  }
}

/** How often Temporal noted a cancel request for the latest run. */
export async function cancelRequests(executionId: string): Promise<number> {
  const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  try {
    const client = new Client({ connection });
    const { events } = await client.workflow.getHandle(executionWorkflowId(executionId)).fetchHistory();
    return (events ?? []).filter((event) => event.workflowExecutionCancelRequestedEventAttributes).length;
  } finally {
    await connection.close();
  }
}
