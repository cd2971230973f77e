import { join } from 'node:path';
import { type ProcessObserver, startProcess, type SupervisedProcess } from './supervised-process';

export interface NodeChildOptions {
  readonly name: 'api' | 'worker' | 'sandbox';
  /** The compiled entry file. It sends `{ready: true}` over IPC once it serves. */
  readonly program: string;
  /** Root of the checkout or the installed package. */
  readonly projectFolder: string;
  readonly logPath: string;
  /** The child's whole environment. */
  readonly env: NodeJS.ProcessEnv;
  /** How long the child may drain after SIGTERM, milliseconds. */
  readonly stopLimitMs: number;
}

/** Starts one of our own processes and keeps it alive; it ends by itself when the supervisor is gone. */
export function startNodeChild(
  options: NodeChildOptions,
  observer: ProcessObserver,
): Promise<SupervisedProcess> {
  const preloaded = ['exit-with-supervisor.cjs', 'source-maps.cjs'].flatMap((script) => [
    '-r',
    join(options.projectFolder, 'scripts', script),
  ]);
  return startProcess(
    {
      name: options.name,
      command: process.execPath,
      args: [...preloaded, options.program],
      env: options.env,
      logPath: options.logPath,
      ipc: true,
      stopSignal: 'SIGTERM',
      stopLimitMs: options.stopLimitMs,
      readyLimitMs: 60_000,
    },
    observer,
  );
}
