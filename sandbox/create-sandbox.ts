import express, { type NextFunction, type Request, type Response } from 'express';
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { controlRoutes } from './core/control-routes';
import { FaultPlan } from './core/faults';
import { FileStore } from './core/file-store';
import { Jobs } from './core/jobs';
import { Ledger } from './core/ledger';
import { Secrets } from './core/secrets';
import type { Services } from './core/services';
import { Webhooks } from './core/webhooks';
import { Producer } from './media/producer';
import { providers } from './providers';

export interface SandboxOptions {
  /** Ledger, jobs, files and fault plan live here; a sandbox on the same folder goes on where the last one stopped. */
  readonly dataFolder: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Factor on the time that jobs take: 1 is 0.4 s a picture, 0 as fast as it can be made. Default 1. */
  readonly latency?: number;
  /** Frames a second of clips at most; fewer are faster to make. Default 24. */
  readonly frameRate?: number;
  /** Default one hour, as at Replicate. */
  readonly outputLifetimeSeconds?: number;
}

export interface Sandbox {
  /** http://host:port; each provider's base is `<url>/<provider>…`. */
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Starts the providers' stand-ins on one port; resolves when they can be called. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const {
    dataFolder,
    port = 0,
    host = '127.0.0.1',
    latency = 1,
    frameRate,
    outputLifetimeSeconds = 3600,
  } = options;
  mkdirSync(join(dataFolder, 'jobs'), { recursive: true });
  const server = createServer();
  const ledger = new Ledger(join(dataFolder, 'ledger.jsonl'));
  const files = new FileStore(dataFolder);
  const faults = new FaultPlan(join(dataFolder, 'faults.json'));
  const jobs = new Jobs({
    folder: join(dataFolder, 'jobs'),
    ledger,
    producer: new Producer(files, frameRate),
    latency,
  });
  const webhooks = new Webhooks(faults);
  const secrets = new Secrets(join(dataFolder, 'secrets.json'));
  const lifetimeMs = outputLifetimeSeconds * 1000;
  const services: Services = {
    ledger,
    files,
    faults,
    jobs,
    webhooks,
    secrets,
    lifetimeMs,
    origin: () => urlOf(server, host),
  };
  server.on('request', createApp(services));
  await listen(server, port, host);
  jobs.resume();
  return {
    url: urlOf(server, host),
    port: (server.address() as AddressInfo).port,
    close: () => close(server, services),
  };
}

function createApp(services: Services): express.Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(express.raw({ type: () => true, limit: '110mb' }));
  app.use('/_sandbox', controlRoutes(services));
  for (const provider of providers) app.use(`/${provider.id}`, provider.routes(services));
  app.use(
    (_request, response) => void response.status(404).json({ error: 'the sandbox serves nothing here' }),
  );
  app.use(answerFailure);
  return app;
}

/** A fault of our own, or a body that is too large; Express knows this handler by its four parameters. */
function answerFailure(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) return next(error);
  const status =
    typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500;
  if (status >= 500) console.error('sandbox:', error);
  response.status(status).json({ error: error instanceof Error ? error.message : 'the sandbox failed' });
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function close(server: Server, { jobs, webhooks, ledger }: Services): Promise<void> {
  jobs.stop();
  webhooks.stop();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  await ledger.close();
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  return `http://${host}:${typeof address === 'object' && address !== null ? address.port : 0}`;
}
