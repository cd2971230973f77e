import { armFailpoints } from '../store/failpoints';
import { createLogger } from './logger';
import { readWorkerConfig } from './config';
import { startWorker } from './start-worker';

/** The worker process: config → dependencies → workers → run → drain. */
async function main(): Promise<void> {
  armFailpoints(process.env);
  const config = readWorkerConfig(process.env);
  const logger = createLogger(config.logLevel);
  const worker = await startWorker(config, process.env, logger);
  const stop = (): void => worker.stop();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // The supervisor holds the other end: when it is gone, so are we.
  if (process.connected) process.once('disconnect', stop);
  process.send?.({ ready: true });
  await worker.stopped;
  if (process.connected) process.disconnect();
}

main().catch((error: unknown) => {
  process.stderr.write(
    `worker: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
});
