import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCliConfig } from '../../../cli/config';
import { startNodeChild } from '../../../cli/embedded/node-child';
import type { SupervisedProcess } from '../../../cli/embedded/supervised-process';
import { bringUp, type RunningSystem } from '../../../cli/up';
import { createEverframeClient, type EverframeClient } from '../../../client/everframe-client';
import type { FaultRule } from '../../../sandbox/core/faults';
import type { Failpoint } from '../../../store/failpoints';
import { createTestDatabase } from '../../support/test-database';
import { patiently } from './patience';
import { reservePort } from '../../support/reserve-port';

export interface ChaosOptions {
  /** `shared`: PostgreSQL and Temporal of the test run. `own`: embedded ones, which may be killed too. */
  readonly servers: 'shared' | 'own';
  readonly environment?: NodeJS.ProcessEnv;
  readonly plantedBug?: string;
}

const PROJECT = join(__dirname, '../../..');
const PROGRAM = join(PROJECT, 'test', 'chaos', 'process', 'main.cjs');
const STOP_LIMIT_MS = 5_000;
/** A send of unknown fate is decided after lease and time limit: thirteen seconds in place of seventy. */
const REQUEST_TIMEOUT_MS = 3_000;

/** The secret of callback tokens: with it the checker finds the job that a callback URL belongs to. */
export const CHAOS_SECRET = 'the secret of the chaos suite, as long as one must be';

type Victim = 'api' | 'worker' | 'temporal' | 'postgres';

/** API, two workers and sandbox as processes of their own, whose failpoints a test can arm. */
export class ChaosSystem {
  private constructor(
    readonly home: string,
    readonly system: RunningSystem,
    private readonly secondWorker: SupervisedProcess,
    private readonly rules: string,
    private readonly release: () => Promise<void>,
  ) {}

  static async start(options: ChaosOptions): Promise<ChaosSystem> {
    const home = mkdtempSync(join(tmpdir(), 'everframe-chaos-'));
    const rules = join(home, 'failpoints');
    mkdirSync(rules);
    const backend = options.servers === 'shared' ? await createTestDatabase() : undefined;
    const environment = await environmentOf(home, rules, options);
    const servers =
      backend === undefined
        ? { DATABASE_URL: '', TEMPORAL_ADDRESS: '' }
        : { DATABASE_URL: backend.url, TEMPORAL_ADDRESS: process.env['TEMPORAL_ADDRESS'] };
    const config = readCliConfig({ ...environment, ...servers }, home);
    const programs = { api: PROGRAM, worker: PROGRAM, sandbox: PROGRAM };
    const undo = [async () => rmSync(home, { recursive: true, force: true }), async () => backend?.close()];
    const release = async (): Promise<void> => {
      for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
    };
    try {
      const system = await bringUp({ config, report: () => undefined, programs });
      undo.push(() => system.stop());
      const secondWorker = await startSecondWorker(home, environment, system);
      undo.push(() => secondWorker.stop());
      return new ChaosSystem(home, system, secondWorker, rules, release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Longest exchange with a provider. */
  readonly requestTimeoutMs = REQUEST_TIMEOUT_MS;

  get assetFolder(): string {
    return join(this.home, 'assets');
  }

  /** A client that keeps on asking while the API is away. */
  client(apiKey = this.system.credentials.keys.test): EverframeClient {
    return patiently(createEverframeClient({ baseUrl: this.system.urls.api, apiKey }));
  }

  /** The next process that comes to this place does as the rule says; see store/failpoints.ts. */
  arm(place: Failpoint, rule: string): void {
    rmSync(join(this.rules, `${place}.hit`), { force: true });
    writeFileSync(join(this.rules, place), rule);
  }

  disarm(place: Failpoint): void {
    rmSync(join(this.rules, place), { force: true });
  }

  /** Pid of the process that obeyed the rule; undefined: nobody came there yet. */
  hitBy(place: Failpoint): number | undefined {
    const path = join(this.rules, `${place}.hit`);
    const pid = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
    return pid > 0 ? pid : undefined;
  }

  /** Pids of the processes of that name that live now. */
  pidsOf(name: Victim): readonly number[] {
    const pids = [this.system.pidOf(name), name === 'worker' ? this.secondWorker.pid : undefined];
    return pids.filter((pid) => pid !== undefined);
  }

  async setFaults(rules: readonly FaultRule[], seed: number | string = 1): Promise<void> {
    const response = await fetch(`${this.system.urls.sandbox}/_sandbox/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ rules, seed }),
    });
    if (!response.ok) throw new Error(`The sandbox refused the fault plan: ${await response.text()}`);
  }

  /** Ends everything and removes its folder. */
  async stop(): Promise<void> {
    await this.release();
  }
}

async function environmentOf(
  home: string,
  rules: string,
  { environment, plantedBug = '' }: ChaosOptions,
): Promise<NodeJS.ProcessEnv> {
  return {
    ...process.env,
    EVERFRAME_HOME: home,
    EVERFRAME_TASK_QUEUE: `chaos-${randomBytes(6).toString('hex')}`,
    EVERFRAME_PORT: String(await reservePort()),
    EVERFRAME_SANDBOX_PORT: String(await reservePort()),
    EVERFRAME_ASSET_SECRET: CHAOS_SECRET,
    EVERFRAME_SANDBOX_LATENCY_SCALE: '0.2',
    EVERFRAME_RESUBMIT_BELOW_CREDITS: '0',
    EVERFRAME_REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
    EVERFRAME_BREAKER_VOLUME_THRESHOLD: '1000',
    EVERFRAME_FAILPOINTS: rules,
    EVERFRAME_PLANTED_BUG: plantedBug,
    ...environment,
  };
}

/** Takes over while the first is dead or stopped; the supervisor knows of one alone. */
function startSecondWorker(
  home: string,
  environment: NodeJS.ProcessEnv,
  { databaseUrl, temporalAddress, urls }: RunningSystem,
): Promise<SupervisedProcess> {
  return startNodeChild(
    {
      name: 'worker',
      program: PROGRAM,
      projectFolder: PROJECT,
      logPath: join(home, 'logs', 'worker-2.log'),
      env: {
        ...environment,
        DATABASE_URL: databaseUrl,
        TEMPORAL_ADDRESS: temporalAddress,
        EVERFRAME_SANDBOX_URL: urls.sandbox,
        EVERFRAME_PROCESS: 'worker',
      },
      stopLimitMs: STOP_LIMIT_MS,
    },
    {},
  );
}
