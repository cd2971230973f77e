import { onInterrupt } from './commands/up';
import { runCli } from './run-cli';

/** Up and demo end the process themselves; the other commands end once what they wrote has been taken. */
async function main(): Promise<void> {
  const exitCode = await runCli(process.argv.slice(2), {
    environment: process.env,
    workingFolder: process.cwd(),
    stdout: process.stdout,
    stderr: process.stderr,
    onInterrupt: () => onInterrupt().signal,
  });
  process.exitCode = exitCode;
}

void main();
