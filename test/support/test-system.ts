import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { readCliConfig } from '../../cli/config';
import { identifyProcess } from '../../cli/embedded/process-identity';
import { bringUp, type RunningSystem } from '../../cli/up';
import { createEverframeClient, type EverframeClient } from '../../client/everframe-client';
import type { LedgerEntry } from '../../sandbox/core/ledger';
import type { FaultRule } from '../../sandbox/core/faults';
import { executionWorkflowId } from '../../workflows/contract';
import { everythingAbout } from './everything-about';
import { createTestDatabase } from './test-database';
import { until } from './until';
import { reservePort } from './reserve-port';

const pendingStarted = temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_STARTED;

/**
 * The time limit of a test that kills a worker which may just be sending: what became of that send is open until lease and
 * time limit of the request are over (70 s), and then the run goes on.
 */
export const KILLED_IN_A_SEND_MS = 150_000;

/** API, worker and sandbox as processes of their own, on the PostgreSQL and Temporal of the test run. */
export class TestSystem {
  private readonly workers: ChildProcess[] = [];
  private readonly killedPids = new Map<string, number>();

  private constructor(
    readonly system: RunningSystem,
    readonly client: EverframeClient,
    /** For what an operator does in Temporal. */
    readonly temporal: Client,
    readonly taskQueue: string,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly release: () => Promise<void>,
  ) {}

  /** @param options.withoutWorker - Only those that `addWorker` brings. */
  static async start(
    environment: NodeJS.ProcessEnv = {},
    options: { readonly withoutWorker?: true } = {},
  ): Promise<TestSystem> {
    const home = mkdtempSync(join(tmpdir(), 'everframe-e2e-'));
    const database = await createTestDatabase();
    const taskQueue = `test-${randomBytes(6).toString('hex')}`;
    const config = readCliConfig(
      {
        ...process.env,
        EVERFRAME_HOME: home,
        DATABASE_URL: database.url,
        EVERFRAME_TASK_QUEUE: taskQueue,
        EVERFRAME_PORT: String(await reservePort()),
        EVERFRAME_SANDBOX_PORT: String(await reservePort()),
        EVERFRAME_SANDBOX_LATENCY_SCALE: '0.2',
        EVERFRAME_BREAKER_VOLUME_THRESHOLD: '100',
        EVERFRAME_KEY_REST_MS: '0',
        EVERFRAME_ASSET_SECRET: randomBytes(32).toString('hex'),
        ...environment,
      },
      home,
    );
    const programs = options.withoutWorker ? { worker: join(__dirname, 'idle-process.cjs') } : {};
    const system = await bringUp({ config, programs, report: () => undefined });
    const client = createEverframeClient({ baseUrl: system.urls.api, apiKey: system.credentials.keys.test });
    const workerEnvironment = {
      ...config.environment,
      EVERFRAME_HOME: home,
      TEMPORAL_ADDRESS: system.temporalAddress,
      EVERFRAME_SANDBOX_URL: system.urls.sandbox,
    };
    const connection = await Connection.connect({ address: system.temporalAddress });
    const temporal = new Client({ connection });
    return new TestSystem(system, client, temporal, taskQueue, workerEnvironment, async () => {
      await connection.close();
      await system.stop();
      await database.close();
      rmSync(home, { recursive: true, force: true });
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => endWorker(worker)));
    await this.release();
  }

  /** One more worker beside that of the system. @returns its pid, once it takes work */
  async addWorker(environment: NodeJS.ProcessEnv = {}): Promise<number> {
    const worker = fork(join(__dirname, '../../dist/worker/main.js'), {
      env: { ...this.environment, ...environment },
      // A pipe that nobody reads would fill up and block it.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.workers.push(worker);
    await once(worker, 'message');
    if (worker.pid === undefined) throw new Error('The worker has no pid.');
    return worker.pid;
  }

  /** SIGTERM to one that was added. @returns its exit code */
  async stopWorker(pid: number): Promise<number | null> {
    const worker = this.workers.find((each) => each.pid === pid);
    if (worker === undefined) throw new Error(`No worker with the pid ${pid} was added.`);
    await endWorker(worker);
    return worker.exitCode;
  }

  /** Waits until a worker looks after an accepted job of the execution. @returns that worker's pid, as Temporal knows it */
  async workerWithJob(executionId: string): Promise<number> {
    const handle = this.temporal.workflow.getHandle(executionWorkflowId(executionId));
    let pid = Number.NaN;
    await until(async () => {
      const { status, raw } = await handle.describe();
      const awaiting = raw.pendingActivities?.find(
        ({ state, activityId }) => state === pendingStarted && activityId?.endsWith('/await'),
      );
      if (awaiting) pid = Number.parseInt(awaiting.lastWorkerIdentity ?? '', 10);
      else if (status.name !== 'RUNNING')
        throw new Error(`${executionId} ended before a worker had its job.`);
      return awaiting !== undefined;
    });
    return pid;
  }

  /** Submits that a provider of the sandbox took. */
  async accepted(filter: { prompt?: string; model?: string } = {}): Promise<readonly LedgerEntry[]> {
    const response = await fetch(`${this.system.urls.sandbox}/_sandbox/ledger`);
    const { entries } = (await response.json()) as { entries: LedgerEntry[] };
    return entries.filter(
      (entry) =>
        entry.kind === 'submit' &&
        entry.accepted === true &&
        (filter.prompt === undefined || entry.prompt?.includes(filter.prompt)) &&
        (filter.model === undefined || entry.model.includes(filter.model)),
    );
  }

  /** Waits until a provider of the sandbox has taken such a job. */
  async untilAccepted(filter: { prompt?: string; model?: string }): Promise<void> {
    await until(async () => (await this.accepted(filter)).length > 0);
  }

  /** Rows, logs and histories as text: what must not be anywhere is not in it. */
  everythingAbout(executionIds: readonly string[]): Promise<string> {
    const { databaseUrl } = this.system;
    const home = this.environment['EVERFRAME_HOME'] ?? '';
    return everythingAbout({ databaseUrl, home, temporal: this.temporal }, executionIds);
  }

  /** Replaces the fault plan; an empty one heals everything. */
  async setFaults(rules: readonly FaultRule[]): Promise<void> {
    const response = await fetch(`${this.system.urls.sandbox}/_sandbox/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ rules, seed: 1 }),
    });
    if (!response.ok) throw new Error(`The sandbox refused the fault plan: ${await response.text()}`);
  }

  /** What an operator does in the Temporal UI: all but the first workflow task happens again, in a new run. */
  async resetToStart(executionId: string): Promise<void> {
    const workflowId = executionWorkflowId(executionId);
    const handle = this.temporal.workflow.getHandle(workflowId);
    const [{ runId }, { events }] = [await handle.describe(), await handle.fetchHistory()];
    const firstTask = events?.find((event) => event.workflowTaskCompletedEventAttributes);
    await this.temporal.workflow.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId },
      reason: 'a test',
      workflowTaskFinishEventId: firstTask?.eventId,
      requestId: executionId,
    });
  }

  /** After a kill of the API: its start may take longer on a busy machine than a client keeps on asking. */
  async untilApiAnswers(): Promise<void> {
    await until(() => this.system.pidOf('api') !== this.killedPids.get('api'));
    const answers = () => fetch(`${this.system.urls.api}/livez`).then(({ ok }) => ok);
    await until(() => answers().catch(() => false));
  }

  /** kill -9 of one process, once it is back from the death before; the supervisor starts it again. */
  async kill(name: 'api' | 'worker'): Promise<void> {
    let pid: number | undefined;
    await until(() => {
      pid = this.system.pidOf(name);
      return pid !== undefined && pid !== this.killedPids.get(name) && identifyProcess(pid) !== undefined;
    });
    if (pid === undefined) throw new Error(`The ${name} does not run.`);
    this.killedPids.set(name, pid);
    process.kill(pid, 'SIGKILL');
  }
}

async function endWorker(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = once(worker, 'exit');
  worker.kill('SIGTERM');
  await ended;
}
