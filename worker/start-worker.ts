import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type NativeConnectionOptions,
  type WorkerOptions,
} from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities } from '../activities';
import { AccountKeys } from '../activities/account-keys';
import { CircuitBreakers, providerOfCircuit } from '../activities/circuit-breakers';
import { CredentialRests } from '../activities/credential-rests';
import type { ActivityDependencies } from '../activities/dependencies';
import { createGuardedFetch } from '../activities/guarded-fetch';
import { ProviderAccess } from '../activities/provider-access';
import { providers } from '../activities/providers';
import { openAssetStore } from '../store/assets/open-asset-store';
import { accountSecrets } from '../store/database/account-secrets';
import { assets } from '../store/database/assets';
import { openDatabase, type Database } from '../store/database/database';
import { migrate } from '../store/database/migrate';
import {
  executionWorkflowId,
  ITEMS_SIGNAL,
  mediaTaskQueue,
  providerTaskQueue,
  SEARCH_ATTRIBUTES,
  type Activities,
  type LocalActivities,
} from '../workflows/contract';
import { serveMetrics } from '../metrics/serve-metrics';
import type { WorkerConfig } from './config';
import { createWorkerMetrics, type WorkerMetrics } from './metrics';
import type { ProviderSettings } from './provider-settings';
import { startStoreSweeps } from './sweep-store';

export interface RunningWorker {
  /** Stops taking work and lets what runs end; sends in flight are waited for. */
  readonly stop: () => void;
  /** Resolves when everything is closed. */
  readonly stopped: Promise<void>;
}

/** Must be longer than the longest send, or a slow failing provider would never open its circuit. */
const BREAKER_WINDOW_MS = 120_000;

/** A probe ends with its one request; after this much more its holder is taken for dead. */
const PROBE_MARGIN_MS = 10_000;

/** @throws when the database or Temporal cannot be reached, or the namespace lacks our search attributes. */
export async function startWorker(
  config: WorkerConfig,
  environment: NodeJS.ProcessEnv,
  logger: Logger,
): Promise<RunningWorker> {
  installRuntime(config, logger);
  const { temporalAddress: address, temporalNamespace: namespace } = config;
  const database = openDatabase(config.databaseUrl, {
    onConnectionError: (error) => logger.warn({ reason: error.message }, 'database connection lost'),
  });
  const [connection, clientConnection] = await Promise.all([
    NativeConnection.connect({ address, ...compressionFor(address) }),
    Connection.connect({ address }),
    migrate(database),
    mkdir(config.workFolder, { recursive: true }),
  ]);
  await assertSearchAttributes(clientConnection, namespace);
  const client = new Client({ connection: clientConnection, namespace });
  const metrics = createWorkerMetrics();
  const deps = createDependencies(config, environment, { database, client, metrics });
  const workers = await createWorkers(config, connection, metrics.observe(createActivities(deps)));
  const sweeps = startStoreSweeps(deps, logger);
  const metricsServer = await serveMetrics(metrics.registry, config.metrics);
  logger.info({ url: metricsServer.url }, 'Metrics are served.');
  const running = Promise.all(workers.map((worker) => worker.run()));
  const stopped = running.then(async () => {
    await Promise.all([sweeps.stop(), metricsServer.close()]);
    deps.breakers.shutdown();
    await Promise.all([
      deps.guardedFetch.close(),
      database.close(),
      clientConnection.close(),
      connection.close(),
    ]);
  });
  return {
    stop: () => workers.forEach((worker) => worker.getState() === 'RUNNING' && worker.shutdown()),
    stopped,
  };
}

function createDependencies(
  config: WorkerConfig,
  environment: NodeJS.ProcessEnv,
  {
    database,
    client,
    metrics,
  }: { readonly database: Database; readonly client: Client; readonly metrics: WorkerMetrics },
) {
  const guardedFetch = createGuardedFetch({ allowedPrivateHosts: config.allowedPrivateHosts });
  const accountKeys = readAccountKeys(config, database);
  return {
    database,
    assetStore: openAssetStore(config.assetFolder, config.s3),
    registerAsset: (asset) => assets.register(database, asset),
    guardedFetch,
    providerAccess: new ProviderAccess({ ...config, environment, guardedFetch, accountKeys }),
    breakers: createBreakers(config, database),
    rests: new CredentialRests({ database, now: () => performance.now() }),
    jobEnded: metrics.jobEnded,
    sendPolicy: (providerId) => settingsOf(config, providerId),
    ...asksOfTemporal(client),
    batchWindow: config.batchWindow,
    settings: config,
    now: Date.now,
    random: Math.random,
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
  } satisfies ActivityDependencies;
}

function readAccountKeys({ secret }: WorkerConfig, database: Database): AccountKeys {
  const read = (accountId: string) => accountSecrets.listSealed(database, accountId, 'provider');
  return new AccountKeys({ read, secrets: [secret], now: () => performance.now() });
}

function asksOfTemporal(client: Client): Pick<ActivityDependencies, 'latestRunId' | 'tellBatch'> {
  const handleOf = (executionId: string) => client.workflow.getHandle(executionWorkflowId(executionId));
  return {
    latestRunId: async (executionId) => (await handleOf(executionId).describe()).runId,
    tellBatch: (batchId) => handleOf(batchId).signal(ITEMS_SIGNAL),
  };
}

function createBreakers(config: WorkerConfig, database: Database): CircuitBreakers {
  return new CircuitBreakers({
    database,
    settingsFor: (key) => ({
      ...settingsOf(config, providerOfCircuit(key)).breaker,
      windowMs: BREAKER_WINDOW_MS,
    }),
    probeLeaseMs: config.requestTimeoutMs + PROBE_MARGIN_MS,
    now: () => performance.now(),
  });
}

/** The SDK compresses each call by default: right over a network, but on the same machine it saves nothing and costs both sides. */
function compressionFor(address: string): Pick<NativeConnectionOptions, 'grpcCompression'> {
  const isOwnMachine = /^(127\.[\d.]+|localhost|\[::1\]):\d+$/.test(address);
  return isOwnMachine ? { grpcCompression: { codec: 'none' } } : {};
}

/** Names and units as Prometheus has them. */
const SDK_METRICS = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true } as const;

/** Once per process, before the first connection. */
function installRuntime({ temporalMetricsAddress }: WorkerConfig, logger: Logger): void {
  Runtime.install({
    ...(temporalMetricsAddress === undefined
      ? {}
      : {
          telemetryOptions: {
            metrics: { prometheus: { ...SDK_METRICS, bindAddress: temporalMetricsAddress } },
          },
        }),
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      // Workers of activities alone are what we want.
      if (message.startsWith('No workflows registered')) return;
      const { error, ...rest } = meta ?? {};
      logger[level === 'ERROR' ? 'error' : 'warn']({ ...rest, ...(error ? { err: error } : {}) }, message);
    }),
    shutdownSignals: [],
  });
}

/** An unregistered attribute would fail a workflow's task for ever; better not to start. */
async function assertSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.keys(SEARCH_ATTRIBUTES).filter(
    (name) => !Object.hasOwn(customAttributes ?? {}, name),
  );
  if (missing.length === 0) return;
  const commands = missing.map(
    (name) => `--name ${name} --type ${SEARCH_ATTRIBUTES[name as keyof typeof SEARCH_ATTRIBUTES]}`,
  );
  throw new Error(
    `The Temporal namespace "${namespace}" lacks search attributes of ours. Run: temporal operator search-attribute create ${commands.join(' ')}`,
  );
}

/** One worker per task queue: workflows and waiting, each provider's sends, media. All share one connection. */
async function createWorkers(
  config: WorkerConfig,
  connection: NativeConnection,
  activities: Activities & LocalActivities,
): Promise<Worker[]> {
  const { taskQueue, temporalNamespace: namespace } = config;
  const { submitJob, callProvider, runMedia, ...core } = activities;
  const common = {
    connection,
    namespace,
    shutdownGraceTime: config.shutdownGraceMs,
    ...versioning(config),
    // The default passes a heartbeat on only every 0.8 of its time-out: a short stall would look like a death.
    maxHeartbeatThrottleInterval: '1 s',
  } as const;
  const queues: WorkerOptions[] = [
    {
      ...common,
      taskQueue,
      ...workflowSource(),
      activities: core,
      // A dead worker's sticky queue is given up after this; the default lets a run wait ten seconds for it.
      stickyQueueScheduleToStartTimeout: '1 s',
      // The cache is bounded by count alone; a cached run of 100 nodes weighs about half a megabyte.
      maxCachedWorkflows: 300,
    },
    {
      ...common,
      taskQueue: mediaTaskQueue(taskQueue),
      activities: { runMedia },
      maxConcurrentActivityTaskExecutions: config.mediaConcurrency,
    },
    ...providers.map((provider) => ({
      ...common,
      taskQueue: providerTaskQueue(taskQueue, provider.id),
      activities: { submitJob, callProvider },
      ...fleetRate(settingsOf(config, provider.id)),
    })),
  ];
  return Promise.all(queues.map((options) => Worker.create(options)));
}

/** All queues of a worker are of one build, so that a build becomes current with all of them or not at all. */
function versioning({ deployment }: WorkerConfig): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (deployment === undefined) return {};
  const { name: deploymentName, buildId, behavior } = deployment;
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: behavior === 'pinned' ? 'PINNED' : 'AUTO_UPGRADE',
    },
  };
}

/** Kept by Temporal for the whole queue, however many workers there are; the worker that started last sets it. */
function fleetRate({
  sendsPerSecond,
}: ProviderSettings): Pick<WorkerOptions, 'maxTaskQueueActivitiesPerSecond'> {
  return sendsPerSecond === undefined ? {} : { maxTaskQueueActivitiesPerSecond: sendsPerSecond };
}

function settingsOf({ providers: settings }: WorkerConfig, providerId: string): ProviderSettings {
  const found = settings.get(providerId);
  if (found) return found;
  throw new Error(`There are no settings for the provider "${providerId}".`);
}

/** Compiled code has its bundle beside it; from sources (tests) it is bundled at start. */
function workflowSource(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const codePath = path.join(__dirname, '..', 'workflow-bundle.js');
  return existsSync(codePath)
    ? { workflowBundle: { codePath } }
    : { workflowsPath: require.resolve('../workflows') };
}
