import { readConfig } from './config';
import { createSandbox } from './create-sandbox';

/** The sandbox as a process: says `{ready: true}` to its parent, and leaves with it or on SIGTERM. */
async function main(): Promise<void> {
  const sandbox = await createSandbox(readConfig(process.env));
  let leaving = false;
  const leave = (): void => {
    if (leaving) return;
    leaving = true;
    void sandbox.close().finally(() => process.exit(0));
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  process.on('disconnect', leave);
  process.send?.({ ready: true, url: sandbox.url, port: sandbox.port });
  console.log(`sandbox: providers answer on ${sandbox.url}`);
}

main().catch((error: unknown) => {
  console.error('sandbox: could not start:', error instanceof Error ? error.message : error);
  process.exit(1);
});
