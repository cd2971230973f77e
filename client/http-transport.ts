import { EverframeError, readError } from './everframe-error';

/** Longest silence of the server beyond a wait that was asked for. */
const ANSWER_TIMEOUT_MS = 30_000;
const ATTEMPTS_MAX = 5;
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_FACTOR = 1.5;
const BACKOFF_MAX_MS = 10_000;
/** A longer pause, such as until tomorrow, is the caller's to decide on. */
const RETRY_AFTER_SECONDS_MAX = 60;

export interface TransportOptions {
  /** Origin of the API, such as `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  /** `sk-live-…` or `sk-test-…`. */
  readonly apiKey: string;
  readonly fetch?: typeof fetch;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`, with its query. */
  readonly path: string;
  readonly body?: unknown;
  /** Sent as they are, in place of `body`. */
  readonly bytes?: Blob;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the server was asked to hold the answer. */
  readonly waitSeconds?: number;
  /** Sending it twice does no harm, so it is repeated when the connection breaks. */
  readonly repeatable: boolean;
  readonly signal?: AbortSignal;
}

/** One authenticated exchange; 429 and 503 are repeated as `Retry-After` says, at most five times in all. */
export interface Transport {
  /** @returns An answer of 2xx or 304. @throws EverframeError */
  send(request: TransportRequest): Promise<Response>;
  /** Fetches an absolute URL that needs no key, such as a signed asset URL. */
  open(url: string, signal?: AbortSignal): Promise<Response>;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export function createTransport(options: TransportOptions): Transport {
  const doFetch = options.fetch ?? fetch;
  const doSleep = options.sleep ?? sleep;
  const base = `${options.baseUrl.replace(/\/+$/, '')}/api/v1`;

  async function attempt(request: TransportRequest): Promise<Response> {
    const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS + (request.waitSeconds ?? 0) * 1_000);
    const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
    const headers: Record<string, string> = { Authorization: `Bearer ${options.apiKey}`, ...request.headers };
    const body = request.bytes ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
    if (body !== undefined)
      headers['Content-Type'] = request.bytes ? 'application/octet-stream' : 'application/json';
    return doFetch(`${base}${request.path}`, { method: request.method, headers, body, signal });
  }

  async function tryOnce(request: TransportRequest): Promise<Response | EverframeError> {
    try {
      const response = await attempt(request);
      return response.ok || response.status === 304 ? response : await readError(response);
    } catch (cause) {
      if (request.signal?.aborted === true) throw abortError(request.signal);
      const message = `No answer from ${options.baseUrl}. Is the API running?`;
      return new EverframeError({ message, status: 0, code: 'network', cause });
    }
  }

  return {
    sleep: doSleep,
    send: async (request) => {
      for (let number = 1; ; number += 1) {
        const result = await tryOnce(request);
        if (!(result instanceof EverframeError)) return result;
        if (number >= ATTEMPTS_MAX || !isRepeatable(result, request)) throw result;
        await doSleep(pauseMs(number, result), request.signal);
      }
    },
    open: async (url, signal) => {
      const response = await doFetch(url, { signal });
      if (!response.ok) throw await readError(response);
      return response;
    },
  };
}

/** 1 s × 1.5 per try, at most 10 s. @param number - From 1. */
export function backoffMs(number: number): number {
  return Math.min(BACKOFF_FIRST_MS * BACKOFF_FACTOR ** (number - 1), BACKOFF_MAX_MS);
}

function isRepeatable(error: EverframeError, request: TransportRequest): boolean {
  if ((error.retryAfterSeconds ?? 0) > RETRY_AFTER_SECONDS_MAX) return false;
  if (error.status === 429 || error.status === 503) return true;
  if (error.code === 'idempotency_in_flight') return true;
  return request.repeatable && (error.status === 0 || error.status === 502 || error.status === 504);
}

/** Up to half of the pause is random, so that many clients do not come back together. */
function pauseMs(number: number, error: EverframeError): number {
  if (error.retryAfterSeconds !== undefined) return error.retryAfterSeconds * 1_000;
  return backoffMs(number) * (0.5 + Math.random() / 2);
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(abortError(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

function abortError(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('Aborted.', { cause: reason });
}
