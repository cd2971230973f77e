import type { Readable } from 'node:stream';
import { Agent } from 'undici';
import { createAllowedHosts, portOf } from './fetch/allowed-hosts';
import { readBoundedBody } from './fetch/bounded-body';
import { createDeadline, type Deadline } from './fetch/deadline';
import { FetchFailure } from './fetch/fetch-failure';
import { createGuardedConnector, resolveHost, type ResolveHost } from './fetch/guarded-connector';
import { exchangeHttp, type ExchangeResponse } from './fetch/http-exchange';
import { failure, toFetchFailure, unreachable, type Hop } from './fetch/to-fetch-failure';

export interface GuardedFetchOptions {
  /** `host[:port]` entries of EVERFRAME_ALLOWED_PRIVATE_HOSTS; without a port, every port of the host. */
  readonly allowedPrivateHosts: readonly string[];
  /** Resolves a host name to all its addresses; the system's resolver unless given. */
  readonly lookup?: ResolveHost;
  /** Ports that may be asked at public addresses; 80 and 443 unless given. */
  readonly ports?: readonly number[];
}

export interface GuardedFetchInit {
  /** GET unless given. Only a GET follows redirects. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is sent as it comes; give its length as `content-length`. */
  readonly body?: string | Uint8Array | FormData | Readable;
  /** Bounds everything: names, connection, redirects and the last byte of the body. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Largest body, bytes after decoding. */
  readonly maxBytes: number;
  /** Exact origins that may be private in this call: those of the provider that gave the URL, never for a user's. */
  readonly privateOrigins?: readonly string[];
  /** Runs when the socket is open and before the first byte; throwing sends nothing and passes the error on. */
  readonly beforeSend?: () => void;
}

export interface FetchedBytes {
  /** Where the answer came from, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

export interface FetchedStream {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  /** Read it to its end or leave the loop: either frees the connection. Throws FetchFailure. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Drops the body unread. */
  readonly discard: () => void;
}

export interface GuardedFetch {
  /** @throws FetchFailure; any HTTP status is an answer and no failure. */
  fetchBytes(url: string, init: GuardedFetchInit): Promise<FetchedBytes>;
  /** @throws FetchFailure; any HTTP status is an answer and no failure. */
  fetchStream(url: string, init: GuardedFetchInit): Promise<FetchedStream>;
  close(): Promise<void>;
}

const REDIRECTS_MAX = 3;
const REDIRECT_STATUSES: readonly number[] = [301, 302, 303, 307, 308];
/** What crosses to another origin on a redirect; a list of what may, since providers name their key headers freely. */
const PORTABLE_HEADERS: readonly string[] = ['accept', 'accept-encoding', 'range', 'user-agent'];
const PUBLIC_PORTS: readonly number[] = [80, 443];

const AGENT_LIMITS = {
  connections: 128,
  // The call's own deadline bounds the answer; a body that stalls is given up earlier.
  headersTimeout: 0,
  bodyTimeout: 60_000,
};
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The one way out to URLs that a user or provider gave. Only http and https, ports 80 and 443, public addresses;
 * the socket goes to the address that was judged; each redirect (at most 3, GET only) is judged again and loses the
 * caller's headers when it changes origin; time, bytes and compression ratio are capped.
 * `allowedPrivateHosts` (for all calls) and `privateOrigins` (for one) lift the address and port rules.
 * Connections are pooled and kept alive: make one per process.
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const isAllowedHost = createAllowedHosts(options.allowedPrivateHosts);
  const { lookup: resolve = resolveHost, ports = PUBLIC_PORTS } = options;
  const agentFor = (publicOnly: boolean): Agent =>
    new Agent({
      ...AGENT_LIMITS,
      connect: createGuardedConnector({ resolve, publicOnly, connectTimeoutMs: CONNECT_TIMEOUT_MS }),
    });
  // Two pools: a connection made under an exemption is never handed to a call without it.
  const agents = { guarded: agentFor(true), exempt: agentFor(false) };

  const fetchStream = async (url: string, init: GuardedFetchInit): Promise<FetchedStream> => {
    const exemptOrigins = (init.privateOrigins ?? []).map((origin) => new URL(origin).origin);
    const isExempt = (target: URL): boolean => exemptOrigins.includes(target.origin) || isAllowedHost(target);
    const deadline = createDeadline(init.timeoutMs, init.signal);
    try {
      return await followRedirects(url, init, { agents, isExempt, deadline, ports });
    } catch (error) {
      deadline.clear();
      throw error;
    }
  };

  return {
    fetchStream,
    fetchBytes: async (url, init) => {
      const { body, discard: _discard, ...head } = await fetchStream(url, init);
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return { ...head, bytes: Buffer.concat(chunks) };
    },
    close: async () => {
      await Promise.all([agents.guarded.destroy(), agents.exempt.destroy()]);
    },
  };
}

interface FetchContext {
  readonly agents: { readonly guarded: Agent; readonly exempt: Agent };
  readonly isExempt: (target: URL) => boolean;
  readonly deadline: Deadline;
  readonly ports: readonly number[];
}

async function followRedirects(
  url: string,
  init: GuardedFetchInit,
  context: FetchContext,
): Promise<FetchedStream> {
  let target = parseTarget(url);
  const content = await encodeBody(init.body);
  let headers: Readonly<Record<string, string>> = { ...baseHeaders(init.headers), ...content.headers };
  for (let redirects = 0; ; redirects += 1) {
    const hop = {
      target,
      exempt: context.isExempt(target),
      state: { sent: false },
      deadline: context.deadline,
    };
    if (!hop.exempt && !context.ports.includes(portOf(target))) throw unreachable(hop, 'port is not allowed');
    const response = await sendHop(hop, { ...init, headers, body: content.bytes }, context.agents);
    const next = redirectTarget(response, init.method ?? 'GET', target);
    if (next === undefined) return toFetchedStream(response, hop, init.maxBytes);
    response.body.destroy();
    if (redirects === REDIRECTS_MAX) {
      throw failure(hop, 'too_many_redirects', `redirects more than ${String(REDIRECTS_MAX)} times`);
    }
    if (next.origin !== target.origin) headers = portableHeaders(headers);
    target = next;
  }
}

type HopInit = Omit<GuardedFetchInit, 'body'> & {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | Readable | undefined;
};

async function sendHop(hop: Hop, init: HopInit, agents: FetchContext['agents']): Promise<ExchangeResponse> {
  try {
    return await exchangeHttp(
      {
        dispatcher: hop.exempt ? agents.exempt : agents.guarded,
        url: hop.target,
        method: init.method ?? 'GET',
        headers: init.headers,
        body: init.body,
        signal: hop.deadline.signal,
        beforeSend: init.beforeSend,
      },
      hop.state,
    );
  } catch (error) {
    throw toFetchFailure(error, hop);
  }
}

function toFetchedStream(response: ExchangeResponse, hop: Hop, maxBytes: number): FetchedStream {
  return {
    url: hop.target.href,
    status: response.status,
    headers: response.headers,
    body: readBody(response, hop, maxBytes),
    discard: () => {
      hop.deadline.clear();
      response.body.on('error', () => undefined).destroy();
    },
  };
}

async function* readBody(response: ExchangeResponse, hop: Hop, maxBytes: number): AsyncGenerator<Uint8Array> {
  try {
    yield* readBoundedBody(response.body, response.headers, maxBytes);
  } catch (error) {
    throw toFetchFailure(error, hop);
  } finally {
    hop.deadline.clear();
  }
}

function parseTarget(url: string, base?: URL): URL {
  const target = URL.canParse(url, base?.href) ? new URL(url, base) : undefined;
  if (
    target === undefined ||
    !['http:', 'https:'].includes(target.protocol) ||
    target.username !== '' ||
    target.password !== ''
  ) {
    throw new FetchFailure({
      reason: 'invalid_request',
      message: 'This URL cannot be fetched: only http and https URLs without user name and password are.',
      sent: base !== undefined,
    });
  }
  return target;
}

function redirectTarget(response: ExchangeResponse, method: string, target: URL): URL | undefined {
  const location = response.headers.get('location');
  if (method !== 'GET' || location === null || !REDIRECT_STATUSES.includes(response.status)) return undefined;
  try {
    return parseTarget(location, target);
  } catch (error) {
    response.body.destroy();
    throw error;
  }
}

function baseHeaders(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'everframe',
    ...Object.fromEntries(lowerCase),
  };
}

function portableHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => PORTABLE_HEADERS.includes(name)));
}

async function encodeBody(body: GuardedFetchInit['body']): Promise<{
  readonly bytes: string | Uint8Array | Readable | undefined;
  readonly headers: Readonly<Record<string, string>>;
}> {
  if (!(body instanceof FormData)) return { bytes: body, headers: {} };
  const encoded = new Response(body);
  return {
    bytes: new Uint8Array(await encoded.arrayBuffer()),
    headers: { 'content-type': encoded.headers.get('content-type') ?? 'multipart/form-data' },
  };
}
