import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Activities } from '../../../workflows/contract';

/** Takes the workflows of a task queue, with some activities alone: executions stay open. */
export async function startTestWorker(
  taskQueue: string,
  activities: Partial<Activities>,
  address = process.env['TEMPORAL_ADDRESS'],
): Promise<{ readonly stop: () => Promise<void> }> {
  const native = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: require.resolve('../../../workflows'),
      logger: new DefaultLogger('ERROR'),
    }),
    activities,
    stickyQueueScheduleToStartTimeout: '1 s',
  });
  const running = worker.run();
  return {
    stop: async () => {
      worker.shutdown();
      await running;
      await native.close();
    },
  };
}

/** Once per test file, before its first worker. */
export function quietTemporal(): void {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}
