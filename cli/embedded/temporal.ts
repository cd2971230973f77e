import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract';
import { explainWriteError } from './bring-up-error';
import { findFreePort } from './ports';
import { type ProcessObserver, startProcess, type SupervisedProcess } from './supervised-process';

export interface TemporalOptions {
  /** The `temporal` program, from findTemporal. */
  readonly program: string;
  readonly port: number;
  /** Undefined: no Web UI (tests). */
  readonly uiPort?: number;
  /** Undefined: in memory, all is lost when the server ends (tests). */
  readonly databasePath?: string;
  readonly logPath: string;
}

export interface TemporalServer {
  readonly process: SupervisedProcess;
  /** gRPC `host:port` for clients and workers. */
  readonly address: string;
  /** Base of the server's HTTP API; changes when the whole system restarts. */
  readonly httpUrl: string;
}

/**
 * Settings the dev server runs with. Its default of 20 polls a second makes each step of a single-shard server wait
 * up to 50 ms; fairness is off by default and shares a queue between accounts.
 */
const dynamicConfig: Readonly<Record<string, string>> = {
  'history.transferProcessorMaxPollRPS': '10000',
  'history.timerProcessorMaxPollRPS': '10000',
  'history.visibilityProcessorMaxPollRPS': '10000',
  'matching.enableFairness': 'true',
  // A worker that hangs keeps its connections open, and its waiting polls would be given task after task. It answers no
  // ping, though: this many seconds, and its polls are gone.
  'frontend.keepAliveTime': '"2s"',
  'frontend.keepAliveTimeout': '"2s"',
};

/**
 * Starts Temporal's own server on loopback with a durable SQLite file, and keeps it alive. Serving the `default`
 * namespace is what counts as ready.
 *
 * @throws BringUpError with the last log lines when it does not start
 */
export async function startTemporal(
  options: TemporalOptions,
  observer: ProcessObserver = {},
): Promise<TemporalServer> {
  const httpPort = await findFreePort();
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  prepareFolder(options.databasePath);
  const server = await startProcess(
    {
      name: 'temporal',
      command: options.program,
      args: serverArgs(options, httpPort),
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
      logPath: options.logPath,
      ipc: false,
      stopSignal: 'SIGINT',
      stopLimitMs: 10_000,
      readyLimitMs: 60_000,
      isReady: () => isServing(httpUrl),
    },
    observer,
  );
  return { process: server, address: `127.0.0.1:${options.port}`, httpUrl };
}

function serverArgs(options: TemporalOptions, httpPort: number): string[] {
  const dynamic = Object.entries(dynamicConfig).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${value}`,
  ]);
  const attributes = Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
    '--search-attribute',
    `${name}=${type}`,
  ]);
  const database = ['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=full'];
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'error'],
    ...['--port', String(options.port), '--http-port', String(httpPort)],
    ...(options.uiPort === undefined ? ['--headless'] : ['--ui-port', String(options.uiPort)]),
    ...(options.databasePath === undefined ? [] : ['--db-filename', options.databasePath, ...database]),
    ...dynamic,
    ...attributes,
  ];
}

async function isServing(httpUrl: string): Promise<boolean> {
  try {
    const answer = await fetch(`${httpUrl}/api/v1/namespaces/default`, {
      signal: AbortSignal.timeout(1_000),
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

function prepareFolder(databasePath: string | undefined): void {
  if (databasePath === undefined) return;
  try {
    mkdirSync(dirname(databasePath), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw explainWriteError(error, dirname(databasePath));
  }
}
