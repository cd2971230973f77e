import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';

export interface MetricsAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The user's own choice: busy is an error. Otherwise a busy one moves to a free one. */
  readonly isExplicit: boolean;
}

export interface MetricsServer {
  /** Of `/metrics`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves a registry at `/metrics` in the text format of Prometheus, on an address of its own: nothing there asks for a key.
 *
 * @param refresh - Before each answer; what is to be asked of others.
 * @throws Error when an explicit port is busy
 */
export async function serveMetrics(
  registry: Registry,
  address: MetricsAddress,
  refresh: () => Promise<void> = async () => undefined,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const isMetrics = request.url?.split('?')[0] === '/metrics';
    if (request.method !== 'GET' || !isMetrics) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Only GET /metrics is here.\n');
      return;
    }
    const text = refresh().then(() => registry.metrics());
    text.then(
      (answer) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(answer),
      () =>
        response.writeHead(500, { 'Content-Type': 'text/plain' }).end('The metrics cannot be read now.\n'),
    );
  });
  await listen(server, address);
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return {
    url: `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, { host, port, isExplicit }: MetricsAddress): Promise<void> {
  try {
    await listenOn(server, host, port);
  } catch (error) {
    if (isExplicit || !isBusy(error)) throw error;
    await listenOn(server, host, 0);
  }
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
