import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PostgresServer, startPostgres } from '../../cli/embedded/postgres';
import {
  identifyProcess,
  isSameProcessAlive,
  type ProcessIdentity,
} from '../../cli/embedded/process-identity';
import { ProcessRecord, stopLeftovers } from '../../cli/embedded/process-record';
import { findTemporal } from '../../cli/embedded/temporal-binary';
import { startTemporal, type TemporalServer } from '../../cli/embedded/temporal';
import { reservePort } from './reserve-port';

export interface TestServers {
  /** A fresh PostgreSQL with an empty database `everframe`; commits are not flushed to disk. */
  readonly databaseUrl: string;
  /** gRPC address of a Temporal server that keeps all in memory. */
  readonly temporalAddress: string;
  /** Where the tests and all their processes keep temporary files; goes with the servers, also after a kill. */
  readonly tempFolder: string;
}

const folderPrefix = 'everframe-test-';

interface Running {
  readonly folder: string;
  readonly postgres: PostgresServer;
  readonly temporal: TemporalServer;
}

let running: Running | undefined;

/** Starts both servers on free ports in a new temporary folder, and clears what a killed test run left. */
export async function startTestServers(): Promise<TestServers> {
  await clearAbandonedFolders();
  const folder = mkdtempSync(join(tmpdir(), folderPrefix));
  writeFileSync(join(folder, 'owner.json'), JSON.stringify(identifyProcess(process.pid)));
  const tempFolder = join(folder, 'temp');
  mkdirSync(tempFolder);
  const record = new ProcessRecord(join(folder, 'processes.json'));
  const observer = { onStart: record.add.bind(record) };
  const program = await findTestTemporal();
  const [postgresPort, temporalPort] = [await reservePort(), await reservePort()];
  const [postgres, temporal] = await Promise.all([
    startPostgres(
      {
        folder: join(folder, 'postgres'),
        port: postgresPort,
        logPath: join(folder, 'postgres.log'),
        isDurable: false,
      },
      observer,
    ),
    startTemporal({ program, port: temporalPort, logPath: join(folder, 'temporal.log') }, observer),
  ]);
  running = { folder, postgres, temporal };
  stopOnSignals();
  return { databaseUrl: postgres.databaseUrl, temporalAddress: temporal.address, tempFolder };
}

/** Ends both servers and removes their folder. */
export async function stopTestServers(): Promise<void> {
  if (running === undefined) return;
  const { folder, postgres, temporal } = running;
  running = undefined;
  await Promise.all([postgres.process.stop(), temporal.process.stop()]);
  removeFolder(folder);
}

/** What a killed test has left running may still write its last file. */
function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** The servers live in process groups of their own, so Ctrl-C on jest would leave them running. */
function stopOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void stopTestServers().finally(() => process.exit(1)));
  }
}

async function clearAbandonedFolders(): Promise<void> {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(folderPrefix));
  for (const folder of names.map((name) => join(tmpdir(), name))) {
    if (!isAbandoned(folder)) continue;
    await stopLeftovers(join(folder, 'processes.json'));
    removeFolder(folder);
  }
}

/** Without a readable owner the folder may be one that is just being made: left alone. */
function isAbandoned(folder: string): boolean {
  try {
    const owner = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as ProcessIdentity;
    return !isSameProcessAlive(owner);
  } catch {
    return false;
  }
}

/** The `temporal` program that the tests run. */
export function findTestTemporal(): Promise<string> {
  return findTemporal({ cacheFolder: cacheFolder(), path: process.env['PATH'] ?? '', report: console.log });
}

function cacheFolder(): string {
  return (
    process.env['EVERFRAME_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'everframe')
  );
}
