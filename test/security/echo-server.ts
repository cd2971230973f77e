import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface EchoServer {
  readonly origin: string;
  /** Of each request: its URL, its headers as a line, its body. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

const STATUSES = [400, 401, 422, 500, 503];

/**
 * A provider, and a receiver, that tells everything it was sent in its errors: headers, URL and body, in the places where
 * messages are read from. Jobs of a queue are taken, and fail the same way when they are asked for.
 */
export async function startEchoServer(): Promise<EchoServer> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const sent = `${request.url} ${JSON.stringify(request.headers)} ${Buffer.concat(chunks).toString()}`;
      seen.push(sent);
      response.setHeader('content-type', 'application/json');
      if (request.method === 'POST' && request.url?.includes('fal_webhook')) {
        response.end(JSON.stringify({ request_id: `job-${seen.length}` }));
        return;
      }
      response.statusCode = STATUSES[seen.length % STATUSES.length] ?? 500;
      response.setHeader('x-echo', sent.replace(/[^\x20-\x7e]/g, ' ').slice(0, 4_000));
      response.end(JSON.stringify({ error: { message: sent, type: sent }, message: sent, detail: sent }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ origin: `http://127.0.0.1:${port}`, seen },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
