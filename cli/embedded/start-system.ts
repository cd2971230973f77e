import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CliConfig } from '../config';
import { findProjectFolder } from '../project-folder';
import { provideDatabase, provideTemporal } from './backends';
import { BringUpError } from './bring-up-error';
import {
  type Credentials,
  credentialsPath,
  ensureAssetSecret,
  ensureCredentials,
  readState,
  writeState,
} from './home-files';
import { startNodeChild } from './node-child';
import { takePortTurn } from './port-turn';
import { type Report, withProgress } from './progress';
import type { ProcessName, Supervisor } from './supervisor';
import { chooseSystemPorts, type SystemPorts } from './system-ports';

type ChildName = 'api' | 'worker' | 'sandbox';

/** A child that has not ended this many milliseconds after its own limit is killed. */
const stopMarginMs = 2_000;

export interface SystemOptions {
  readonly config: CliConfig;
  /** Shows progress and trouble, one plain line at a time. */
  readonly report: Report;
  /** Compiled entry files; by default `dist/<name>/main.js` of this project. */
  readonly programs?: Partial<Record<ChildName, string>>;
}

/** A system that is up. All its addresses are on loopback. */
export interface RunningSystem {
  readonly urls: {
    readonly api: string;
    readonly docs: string;
    readonly sandbox: string;
    /** Undefined when TEMPORAL_ADDRESS names a server of the user's own and EVERFRAME_TEMPORAL_UI_URL is unset. */
    readonly temporalUi?: string;
  };
  readonly databaseUrl: string;
  /** gRPC `host:port`. */
  readonly temporalAddress: string;
  readonly credentials: Credentials;
  /** True when this start made a key that was not there before. */
  readonly hasNewKeys: boolean;
  /** The present pid of a process; undefined while it is being restarted, or when it is not ours. */
  pidOf(name: ProcessName): number | undefined;
  /** Stops API, worker, sandbox, Temporal and PostgreSQL, in that order, and frees the state folder. Safe to repeat. */
  stop(): Promise<void>;
}

/** Starts every process of a home under its supervisor; see bringUp, which stops them again when this fails. */
export async function startSystem(supervisor: Supervisor, options: SystemOptions): Promise<RunningSystem> {
  const { config } = options;
  await supervisor.endLeftovers();
  const passTurn = await takePortTurn(config.cacheFolder);
  try {
    return await startOnFreePorts(supervisor, options);
  } finally {
    passTurn();
  }
}

async function startOnFreePorts(supervisor: Supervisor, options: SystemOptions): Promise<RunningSystem> {
  const { config, report } = options;
  const ports = await chooseSystemPorts(config, readState(config.home).ports);
  // No addresses yet: whoever looks sees that a start is under way, and not where the last one was.
  writeState(config.home, { ports, urls: {} });
  const api = `http://127.0.0.1:${ports.api}`;
  const keys = ensureCredentials(config.home, { url: api, live: config.hasProviderCredential });
  const backend = { config, ports, observer: supervisor.observer, report };
  const child = childStarter(supervisor, options, ports);
  const [databaseUrl, temporal] = await supervisor.together([
    provideDatabase(backend),
    provideTemporal(backend),
    child('sandbox', {}),
  ]);
  const servers = {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporal.address,
    EVERFRAME_TEMPORAL_UI_URL: temporal.uiUrl,
  };
  await supervisor.together([child('api', servers), child('worker', servers)]);
  supervisor.showErrors();
  const sandbox = `http://127.0.0.1:${ports.sandbox}`;
  const urls = { api, docs: `${api}/docs`, sandbox, ...(temporal.uiUrl && { temporalUi: temporal.uiUrl }) };
  writeState(config.home, { ports, urls });
  return {
    urls,
    databaseUrl,
    temporalAddress: temporal.address,
    credentials: keys.credentials,
    hasNewKeys: keys.isNew,
    pidOf: (name) => supervisor.pidOf(name),
    stop: () => supervisor.stop(),
  };
}

type StartChild = (name: ChildName, environment: NodeJS.ProcessEnv) => Promise<unknown>;

function childStarter(supervisor: Supervisor, options: SystemOptions, ports: SystemPorts): StartChild {
  const projectFolder = findProjectFolder();
  const common = commonEnvironment(options.config, ports);
  const drainMs = { api: 10_000, worker: options.config.shutdownGraceMs, sandbox: 1_000 };
  return async (name, environment) => {
    const program = options.programs?.[name] ?? join(projectFolder, 'dist', name, 'main.js');
    if (!existsSync(program)) throw new BringUpError(`${program} is missing: run npm run build`);
    const child = {
      name,
      program,
      projectFolder,
      logPath: supervisor.logPath(name),
      env: { ...common, ...environment, EVERFRAME_PROCESS: name },
      stopLimitMs: stopMarginMs + drainMs[name],
    };
    await withProgress(`starting the ${name}`, options.report, () =>
      startNodeChild(child, supervisor.observer),
    );
  };
}

function commonEnvironment(config: CliConfig, ports: SystemPorts): NodeJS.ProcessEnv {
  return {
    ...config.environment,
    EVERFRAME_HOME: config.home,
    EVERFRAME_PORT: String(ports.api),
    EVERFRAME_SANDBOX_PORT: String(ports.sandbox),
    EVERFRAME_SANDBOX_URL: `http://127.0.0.1:${ports.sandbox}`,
    EVERFRAME_BOOTSTRAP_KEYS: credentialsPath(config.home),
    EVERFRAME_ASSET_SECRET: config.environment['EVERFRAME_ASSET_SECRET'] ?? ensureAssetSecret(config.home),
  };
}
