import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Canary {
  readonly port: number;
  /** Paths that were asked for. */
  readonly hits: readonly string[];
  close(): Promise<void>;
}

/** Nobody may ever ask it for anything. */
export function startCanary(): Promise<Canary> {
  return listen((_request, response) => response.end('canary'));
}

/**
 * Stands in for an allowed host that turns on its visitors: `/to/<base64url>` redirects there, after `/via` once more through
 * itself. As fal it takes every job, and its result is whatever URL the prompt names.
 */
export function startTraitor(): Promise<Canary> {
  const jobs: string[] = [];
  return listen((request, response) => {
    const url = new URL(request.url ?? '/', 'http://traitor');
    const [, kind = '', target = ''] = url.pathname.split('/');
    const status = Number(url.searchParams.get('status') ?? 302);
    const json = (body: object) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    if (kind === 'to') response.writeHead(status, { location: decode(target) }).end();
    else if (kind === 'via') response.writeHead(status, { location: `/to/${target}` }).end();
    else if (request.method === 'POST') {
      void readText(request).then((text) => {
        const parsed: unknown = JSON.parse(text);
        jobs.push(String(new Map(Object.entries(Object(parsed))).get('prompt')));
        const given = jobs.at(-1) ?? '';
        // A provider may name its own addresses; those of others must not be followed.
        const urls = /\/(to|via)\//.test(given)
          ? {}
          : { status_url: given, response_url: given, cancel_url: given };
        json({ request_id: `job-${jobs.length - 1}`, ...urls });
      });
    } else if (url.pathname.endsWith('/status')) json({ status: 'COMPLETED' });
    // Where a relative redirect leads to.
    else if (!/job-\d+$/.test(url.pathname)) response.writeHead(503).end();
    else {
      const nth = Number(/job-(\d+)/.exec(url.pathname)?.[1] ?? -1);
      json({ images: [{ url: jobs[nth] ?? '', content_type: 'image/png', width: 8, height: 8 }], seed: 1 });
    }
  });
}

export function through(port: number, target: string, status = 302, kind: 'to' | 'via' = 'to'): string {
  return `http://127.0.0.1:${port}/${kind}/${Buffer.from(target).toString('base64url')}?status=${status}`;
}

function decode(target: string): string {
  // Node refuses what cannot stand in a header.
  return Buffer.from(target, 'base64url')
    .toString()
    .replace(/[^\x20-\x7e]/g, encodeURIComponent);
}

async function readText(request: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

async function listen(handler: RequestListener): Promise<Canary> {
  const hits: string[] = [];
  const server: Server = createServer((request, response) => {
    hits.push(request.url ?? '');
    handler(request, response);
  });
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ port, hits },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
