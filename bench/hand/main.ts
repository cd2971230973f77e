import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import * as activities from './activities';

/** The worker of the hand-written workflows, in a process of its own as ours is, with the same sticky time-out. */
async function main(): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] });
  const worker = await Worker.create({
    connection,
    taskQueue: 'bench-hand',
    workflowsPath: require.resolve('./workflows'),
    activities,
    stickyQueueScheduleToStartTimeout: '1 s',
  });
  const stop = (): void => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  process.once('SIGTERM', stop);
  process.once('disconnect', stop);
  process.send?.({ ready: true });
  await worker.run();
  await connection.close();
  if (process.connected) process.disconnect();
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
