import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
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

/** The image of `textToImage` waits for money, its prompt is done; the Temporal run stays open. */
export async function pauseImage(
  dependencies: ApiDependencies,
  executionId: string,
  resumesTaken = 0,
): Promise<void> {
  const error = {
    code: 'budget_reached',
    message: 'Raise the budget, then resume.',
    retryable: true,
  } as const;
  await writeAsRun(dependencies, executionId, (writer) =>
    writer.pause({
      failure: { ...error, nodeId: 'image', resumable: true },
      resumesTaken,
      nodes: [
        { nodeId: 'prompt', status: 'COMPLETED', outputs: { text: 'A sunset over a mountain lake' } },
        { nodeId: 'image', status: 'WAITING', error },
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
  const events = await historyOf(executionId);
  return events.filter((event) => event.workflowExecutionCancelRequestedEventAttributes).length;
}

/** Names of the signals that a run got, the latest one unless given; in order. */
export async function signalsOf(executionId: string, runId?: string): Promise<readonly unknown[]> {
  const events = await historyOf(executionId, runId);
  return events.flatMap((event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? []);
}

/** What the latest run was started with. */
export async function inputOf(executionId: string): Promise<unknown> {
  const [started] = await historyOf(executionId);
  const [payload] = started?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  return payload && defaultPayloadConverter.fromPayload(payload);
}

async function historyOf(executionId: string, runId?: string) {
  const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  try {
    const client = new Client({ connection });
    const handle = client.workflow.getHandle(executionWorkflowId(executionId), runId);
    return (await handle.fetchHistory()).events ?? [];
  } finally {
    await connection.close();
  }
}
