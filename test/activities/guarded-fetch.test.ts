import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { FetchFailure } from '../../activities/fetch/fetch-failure';
import { createGuardedFetch, type GuardedFetch, type GuardedFetchInit } from '../../activities/guarded-fetch';
import { reservePort } from '../support/reserve-port';
import { ssrfCorpus } from './ssrf-corpus';

const LIMITS: GuardedFetchInit = { timeoutMs: 30_000, maxBytes: 1_000_000 };

let hits = 0;
let handler: RequestListener = (_request, response) => response.end('canary');
let server: Server;
let port = 0;
let origin = '';
const opened: GuardedFetch[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    hits += 1;
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  port = (server.address() as AddressInfo).port;
  origin = `http://127.0.0.1:${String(port)}`;
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((fetch) => fetch.close()));
  hits = 0;
  handler = (_request, response) => response.end('canary');
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

/** Names resolve to loopback unless told otherwise: a hole in the guard is a hit on the canary. */
function aGuardedFetch(options: Partial<Parameters<typeof createGuardedFetch>[0]> = {}): GuardedFetch {
  const fetch = createGuardedFetch({
    allowedPrivateHosts: [],
    lookup: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    ...options,
  });
  opened.push(fetch);
  return fetch;
}

async function failureOf(promise: Promise<unknown>): Promise<FetchFailure> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FetchFailure)) throw new Error(`expected a FetchFailure, got ${String(error)}`);
  return error;
}

const exempt: GuardedFetchInit = {
  ...LIMITS,
  get privateOrigins() {
    return [origin];
  },
};

describe('addresses', () => {
  it('reaches the canary when it is exempt, so that the corpus below proves something', async () => {
    const { status, bytes } = await aGuardedFetch().fetchBytes(origin, exempt);
    expect([status, Buffer.from(bytes).toString(), hits]).toEqual([200, 'canary', 1]);
  });

  it('lets no URL of the corpus through to a server on loopback', async () => {
    const corpus = ssrfCorpus(port);
    expect(corpus.length).toBeGreaterThanOrEqual(60);
    // The canary's port is allowed here: nothing but the address rule stands before it.
    const fetch = aGuardedFetch({ ports: [80, 443, port] });
    const failures = await Promise.all(corpus.map((url) => failureOf(fetch.fetchBytes(url, LIMITS))));
    expect(failures.filter(({ sent }) => sent)).toEqual([]);
    expect(hits).toBe(0);
  });

  it.each([
    ['public first, private second', ['93.184.215.14', '10.0.0.1']],
    ['private first, public second', ['fd00::1', '93.184.215.14']],
    ['an IPv4 address in IPv6 clothes', ['::ffff:127.0.0.1']],
    ['NAT64', ['64:ff9b::7f00:1']],
    ['6to4', ['2002:7f00:1::']],
    ['an IPv4-compatible form', ['::7f00:1']],
    ['CGNAT', ['100.64.0.1']],
    ['none at all', []],
  ])('refuses a name with %s', async (_case, addresses) => {
    const lookup = () =>
      Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
    const failure = await failureOf(aGuardedFetch({ lookup }).fetchBytes('http://media.example/', LIMITS));
    expect([failure.reason, failure.sent]).toEqual(['unreachable', false]);
    expect(failure.detail).toMatch(/not public|no address/);
  });

  it('resolves a name once per connection and refuses it when the answer turns private', async () => {
    const answers = ['127.0.0.1', '169.254.169.254'];
    let lookups = 0;
    const lookup = () => Promise.resolve([{ address: answers[lookups++] ?? '127.0.0.1', family: 4 }]);
    const fetch = aGuardedFetch({ lookup });
    const rebound = `http://rebound.example:${String(port)}`;
    handler = (_request, response) => response.setHeader('connection', 'close').end('ok');
    await fetch.fetchBytes(rebound, { ...LIMITS, privateOrigins: [rebound] });
    expect(lookups).toBe(1);
    const failure = await failureOf(fetch.fetchBytes('http://rebound.example/', LIMITS));
    expect([lookups, hits, failure.detail]).toEqual([2, 1, expect.stringContaining('169.254.169.254')]);
  });

  it('says the same for a refused address, an unknown name and a closed port', async () => {
    const unknownName = () =>
      Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
    const messages = await Promise.all([
      failureOf(aGuardedFetch().fetchBytes('http://a.example/', LIMITS)),
      failureOf(aGuardedFetch({ lookup: unknownName }).fetchBytes('http://a.example/', LIMITS)),
      failureOf(aGuardedFetch().fetchBytes('http://a.example:22/', LIMITS)),
    ]);
    expect(new Set(messages.map(({ message }) => message.replace(':22', ''))).size).toBe(1);
    expect(messages[0].message).toContain('EVERFRAME_ALLOWED_PRIVATE_HOSTS');
    expect(JSON.stringify(messages.map(({ message }) => message))).not.toContain('127.0.0.1');
  });
});

describe('exemptions', () => {
  it('holds for the exact origin only', async () => {
    const fetch = aGuardedFetch();
    for (const other of [
      `http://localhost:${String(port)}`,
      `http://127.0.0.1:${String(port + 1)}`,
      'https://127.0.0.1',
    ]) {
      const failure = await failureOf(fetch.fetchBytes(origin, { ...LIMITS, privateOrigins: [other] }));
      expect(failure.reason).toBe('unreachable');
    }
    expect(hits).toBe(0);
  });

  it('ends with its call, though the connection is kept alive', async () => {
    const fetch = aGuardedFetch();
    await fetch.fetchBytes(origin, exempt);
    await failureOf(fetch.fetchBytes(origin, LIMITS));
    expect(hits).toBe(1);
  });

  it.each([
    [() => `media.internal:${String(port)}`, true],
    [() => 'media.internal', true],
    [() => `http://media.internal:${String(port)}`, true],
    [() => `media.internal:${String(port + 1)}`, false],
    [() => 'other.internal', false],
  ])(
    'follows EVERFRAME_ALLOWED_PRIVATE_HOSTS to the host and, if named, the port',
    async (entry, allowed) => {
      const fetch = aGuardedFetch({ allowedPrivateHosts: [entry()] });
      await fetch.fetchBytes(`http://media.internal:${String(port)}/`, LIMITS).catch(() => undefined);
      expect(hits).toBe(allowed ? 1 : 0);
    },
  );

  it.each(['http://', 'a b', 'host/path', 'user@host', ''])('refuses the entry "%s" at start', (entry) => {
    expect(() => createGuardedFetch({ allowedPrivateHosts: [entry] })).toThrow(
      'EVERFRAME_ALLOWED_PRIVATE_HOSTS',
    );
  });
});

describe('redirects', () => {
  const redirectTo = (location: string, status = 302): void => {
    handler = (_request, response) => response.writeHead(status, { location }).end();
  };

  it.each([301, 302, 303, 307, 308])('judges the target of a %d again', async (status) => {
    redirectTo(`http://localhost:${String(port)}/secret`, status);
    const failure = await failureOf(aGuardedFetch().fetchBytes(origin, exempt));
    expect([failure.reason, hits]).toEqual(['unreachable', 1]);
  });

  it.each([
    'file:///etc/passwd',
    'ftp://127.0.0.1/',
    'gopher://127.0.0.1:70/',
    'http://user:pw@example.com/',
    'http://',
  ])('refuses to follow to %s', async (location) => {
    redirectTo(location);
    const failure = await failureOf(aGuardedFetch().fetchBytes(origin, exempt));
    expect(failure.reason).toBe('invalid_request');
  });

  it('gives up after three', async () => {
    redirectTo('/again');
    const failure = await failureOf(aGuardedFetch().fetchBytes(origin, exempt));
    expect([failure.reason, hits]).toEqual(['too_many_redirects', 4]);
  });

  it('drops what the caller authorised itself with when the origin changes, and keeps it when not', async () => {
    const seen: (string | undefined)[] = [];
    handler = (request, response) => {
      seen.push([request.headers.authorization, request.headers['x-key']].join());
      if (request.url === '/start') response.writeHead(302, { location: '/same' }).end();
      else if (request.url === '/same')
        response.writeHead(302, { location: `http://localhost:${String(port)}/other` }).end();
      else response.end('done');
    };
    const { url } = await aGuardedFetch().fetchBytes(`${origin}/start`, {
      ...LIMITS,
      headers: { Authorization: 'Key a', 'x-key': 'b' },
      privateOrigins: [origin, `http://localhost:${String(port)}`],
    });
    expect(seen).toEqual(['Key a,b', 'Key a,b', ',']);
    expect(url).toBe(`http://localhost:${String(port)}/other`);
  });

  it('never follows a POST', async () => {
    redirectTo('/elsewhere', 307);
    const { status } = await aGuardedFetch().fetchBytes(origin, {
      ...exempt,
      privateOrigins: [origin],
      method: 'POST',
      body: 'x',
    });
    expect([status, hits]).toEqual([307, 1]);
  });
});

describe('caps', () => {
  it.each([true, false])('stops a body over maxBytes (length announced: %s)', async (announced) => {
    handler = (_request, response) => {
      if (announced) response.setHeader('content-length', 2_000_001);
      response.end(Buffer.alloc(2_000_001));
    };
    const failure = await failureOf(
      aGuardedFetch().fetchBytes(origin, { ...LIMITS, privateOrigins: [origin] }),
    );
    expect([failure.reason, failure.sent]).toEqual(['too_large', true]);
  });

  it('decodes gzip, and counts the decoded bytes', async () => {
    const text = 'a picture of a lighthouse';
    handler = (_request, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(text));
    const { bytes } = await aGuardedFetch().fetchBytes(origin, { ...LIMITS, privateOrigins: [origin] });
    expect(Buffer.from(bytes).toString()).toBe(text);
    const init = { ...LIMITS, maxBytes: text.length - 1, privateOrigins: [origin] };
    expect((await failureOf(aGuardedFetch().fetchBytes(origin, init))).reason).toBe('too_large');
  });

  it('stops a gzip bomb by its ratio, long before the byte cap', async () => {
    handler = (_request, response) =>
      response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(20_000_000)));
    const init = { ...LIMITS, maxBytes: 1e9, privateOrigins: [origin] };
    expect((await failureOf(aGuardedFetch().fetchBytes(origin, init))).message).toContain('100 times');
  });

  it.each(['gzip, gzip', 'compress', 'gzip'])(
    'refuses content it cannot decode as "%s"',
    async (encoding) => {
      handler = (_request, response) => response.setHeader('content-encoding', encoding).end('plain text');
      const failure = await failureOf(
        aGuardedFetch().fetchBytes(origin, { ...LIMITS, privateOrigins: [origin] }),
      );
      expect(failure.sent).toBe(true);
    },
  );

  it.each([
    ['before the head', () => undefined],
    ['in the body', (response: { write: (text: string) => void }) => response.write('half')],
  ])('gives up a server that stalls %s', async (_case, act) => {
    handler = (_request, response) => void act(response);
    const failure = await failureOf(
      aGuardedFetch().fetchBytes(origin, { ...LIMITS, timeoutMs: 1_000, privateOrigins: [origin] }),
    );
    expect([failure.reason, failure.sent]).toEqual(['timeout', true]);
  });

  it('streams: the first bytes are there while the last ones are not yet sent', async () => {
    let finish = (): void => undefined;
    handler = (_request, response) => {
      response.write('first');
      finish = () => response.end('last');
    };
    const { body } = await aGuardedFetch().fetchStream(origin, { ...LIMITS, privateOrigins: [origin] });
    const parts: string[] = [];
    for await (const chunk of body) {
      parts.push(Buffer.from(chunk).toString());
      finish();
    }
    expect(parts).toEqual(['first', 'last']);
  });

  it('frees the connection when a stream is dropped', async () => {
    handler = (_request, response) => void response.write('first');
    const closed = new Promise((resolve) =>
      server.once('connection', (socket) => socket.once('close', resolve)),
    );
    const { discard } = await aGuardedFetch().fetchStream(origin, { ...LIMITS, privateOrigins: [origin] });
    discard();
    await closed;
  });
});

describe('what had been sent', () => {
  it('is nothing when no connection came about', async () => {
    const closedOrigin = `http://127.0.0.1:${String(await reservePort())}`;
    const init = { ...LIMITS, method: 'POST', body: 'x', privateOrigins: [closedOrigin] } as const;
    const failure = await failureOf(aGuardedFetch().fetchBytes(closedOrigin, init));
    expect([failure.reason, failure.sent, failure.message]).toEqual([
      'unreachable',
      false,
      expect.not.stringMatching(/public/),
    ]);
  });

  it('is nothing when TLS fails', async () => {
    const secure = `https://127.0.0.1:${String(port)}`;
    const failure = await failureOf(
      aGuardedFetch().fetchBytes(secure, { ...LIMITS, method: 'POST', body: 'x', privateOrigins: [secure] }),
    );
    expect([failure.sent, hits]).toEqual([false, 0]);
  });

  it('is something when the server hangs up after the request', async () => {
    handler = (request) => request.socket.destroy();
    const failure = await failureOf(
      aGuardedFetch().fetchBytes(origin, { ...LIMITS, method: 'POST', body: 'x', privateOrigins: [origin] }),
    );
    expect([failure.reason, failure.sent, hits]).toEqual(['reset', true, 1]);
  });

  it('is something when the answer is cut short', async () => {
    handler = (request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setImmediate(() => request.socket.destroy());
    };
    const failure = await failureOf(
      aGuardedFetch().fetchBytes(origin, { ...LIMITS, privateOrigins: [origin] }),
    );
    expect([failure.reason, failure.sent]).toEqual(['reset', true]);
  });

  it('is nothing when beforeSend throws, whose error is passed on', async () => {
    const lost = new Error('lease lost');
    const send = aGuardedFetch().fetchBytes(origin, {
      ...LIMITS,
      privateOrigins: [origin],
      beforeSend: () => {
        throw lost;
      },
    });
    await expect(send).rejects.toBe(lost);
    expect(hits).toBe(0);
  });

  it('is nothing when the caller aborted before, something when after', async () => {
    const early = AbortSignal.abort();
    const fetch = aGuardedFetch();
    const before = await failureOf(
      fetch.fetchBytes(origin, { ...LIMITS, privateOrigins: [origin], signal: early }),
    );
    expect([before.reason, before.sent, hits]).toEqual(['aborted', false, 0]);
    const controller = new AbortController();
    handler = () => controller.abort();
    const after = await failureOf(
      fetch.fetchBytes(origin, { ...LIMITS, privateOrigins: [origin], signal: controller.signal }),
    );
    expect([after.reason, after.sent, hits]).toEqual(['aborted', true, 1]);
  });
});

describe('requests', () => {
  it('sends multipart forms with their boundary', async () => {
    let received = '';
    handler = (request, response) => {
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (received += chunk));
      request.on('end', () => response.end(request.headers['content-type']));
    };
    const form = new FormData();
    form.append('image', new Blob(['pixels'], { type: 'image/png' }), 'a.png');
    const { bytes } = await aGuardedFetch().fetchBytes(origin, {
      ...LIMITS,
      method: 'POST',
      body: form,
      privateOrigins: [origin],
    });
    const boundary = /boundary=(.+)$/.exec(Buffer.from(bytes).toString())?.[1] ?? 'none';
    expect(received).toContain(boundary);
    expect(received).toContain('filename="a.png"');
  });

  it('keeps connections alive between calls', async () => {
    let connections = 0;
    const count = () => (connections += 1);
    server.on('connection', count);
    const fetch = aGuardedFetch();
    for (let call = 0; call < 10; call += 1)
      await fetch.fetchBytes(origin, { ...LIMITS, privateOrigins: [origin] });
    server.off('connection', count);
    expect(connections).toBeLessThanOrEqual(2);
  });

  it('refuses headers with line breaks before anything is sent', async () => {
    const init = { ...LIMITS, privateOrigins: [origin], headers: { 'x-a': 'b\r\nx-c: d' } };
    const failure = await failureOf(aGuardedFetch().fetchBytes(origin, init));
    expect([failure.reason, failure.sent, hits]).toEqual(['invalid_request', false, 0]);
  });
});
