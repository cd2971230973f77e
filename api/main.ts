import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { openAssetStore } from '../store/assets/open-asset-store';
import { openDatabase } from '../store/database/database';
import { openExecutionListener } from '../store/database/execution-listener';
import { migrate } from '../store/database/migrate';
import { armFailpoints } from '../store/failpoints';
import { createApp } from './app';
import { createHttpServer } from './http/create-http-server';
import { bootstrapLocalAccount } from './bootstrap';
import { readApiConfig, type ApiConfig } from './config';
import type { ApiDependencies } from './dependencies';
import { createRateLimits } from './http/rate-limits';
import { createLogger } from './logger';
import { serveMetrics } from '../metrics/serve-metrics';
import { createApiMetrics } from './metrics';
import { addSharedMetrics } from './shared-metrics';
import { createSweeper } from './sweeper';
import { connectTemporal } from './temporal-executions';

/** Time for open requests to end after SIGTERM. */
const DRAIN_MS = 10_000;
const IDLE_CHECK_MS = 50;
/** Longer than our clients' longest pause between polls, and than a proxy keeps its side. */
const KEEP_ALIVE_MS = 65_000;
/** Time for a request to come in whole: an upload over a slow line. Who falls silent is cut off sooner. */
const UPLOAD_MS = 3_600_000;

async function main(): Promise<void> {
  armFailpoints(process.env);
  const config = readApiConfig(process.env);
  const logger = createLogger(config.logLevel);
  const shutdown = new AbortController();
  stopOnSignals(shutdown, logger);
  const server = createHttpServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: UPLOAD_MS });
  const dependencies = await openDependencies(config, logger, shutdown.signal, server);
  const sweeper = createSweeper(dependencies);
  server.on('request', createApp(dependencies));
  sweeper.start();
  const { registry } = dependencies.metrics;
  const refresh = addSharedMetrics(registry, { ...dependencies, taskQueue: config.taskQueue });
  const metrics = await serveMetrics(registry, config.metrics, refresh);
  logger.info({ url: metrics.url }, 'Metrics are served.');
  process.send?.({ ready: true, url: dependencies.settings.publicUrl });
  logger.info({ url: dependencies.settings.publicUrl }, 'The API listens.');
  await aborted(shutdown.signal);
  // A load balancer that still sends requests here finds /readyz at 503 first.
  await sleep(config.shutdownDelayMs);
  await drain(server);
  await sweeper.stop();
  await metrics.close();
  await dependencies.listener.close();
  await dependencies.temporal.close();
  await dependencies.database.close();
  logger.info('The API has stopped.');
}

async function openDependencies(
  config: ApiConfig,
  logger: Logger,
  shutdown: AbortSignal,
  server: Server,
): Promise<ApiDependencies> {
  const database = openDatabase(config.databaseUrl, {
    onConnectionError: (error) => logger.warn({ reason: error.message }, 'A database connection broke.'),
  });
  await migrate(database);
  await bootstrapLocalAccount(database, config);
  const { temporalAddress: address, temporalNamespace: namespace, taskQueue } = config;
  const rateLimits = createRateLimits(database.pool, config);
  const port = await listen(server, config);
  return {
    database,
    assetStore: openAssetStore(path.join(config.home, 'assets'), config.s3),
    temporal: connectTemporal({ address, namespace, taskQueue }),
    listener: openExecutionListener(database),
    rateLimits,
    metrics: createApiMetrics(),
    logger,
    clock: Date.now,
    shutdown,
    settings: {
      publicUrl: config.publicUrl ?? `http://127.0.0.1:${port}`,
      assetSecrets: [config.assetSecret],
      graphLimits: config.graphLimits,
      uploadLimits: config.uploadLimits,
      liveProviders: config.liveProviders,
    },
  };
}

/** @returns The port listened on. */
function listen(server: Server, { host, port }: ApiConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address: AddressInfo | string | null = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** A second signal ends the process at once; a lost supervisor counts as a signal. */
function stopOnSignals(shutdown: AbortController, logger: Logger): void {
  const stop = (reason: string) => {
    if (shutdown.signal.aborted) process.exit(1);
    logger.info({ reason }, 'The API stops.');
    shutdown.abort();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  process.once('disconnect', () => stop('the supervisor is gone'));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function drain(server: Server): Promise<void> {
  const limit = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  // Connections that finish their request stay open for the next one unless they are closed.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearTimeout(limit);
  clearInterval(idle);
}

main().then(
  // The channel to the supervisor would keep the process alive.
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
