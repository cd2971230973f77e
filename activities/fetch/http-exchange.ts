import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

export interface ExchangeOptions {
  readonly dispatcher: Dispatcher;
  readonly url: URL;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | Readable | undefined;
  readonly signal: AbortSignal;
  /** Called when the socket is there and before the first byte is written; when it throws, nothing is sent. */
  readonly beforeSend: (() => void) | undefined;
}

/** What is known about one exchange, also after it failed. */
export interface ExchangeState {
  /** Set just before the first byte is written. */
  sent: boolean;
  /** What `beforeSend` threw, in a box since it may be anything. */
  veto?: { readonly error: unknown };
}

export interface ExchangeResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Destroying it closes the connection. */
  readonly body: Readable;
}

/** Bytes buffered between socket and reader before the socket is paused. */
const BUFFER_BYTES = 1_048_576;

/**
 * One HTTP exchange on undici's dispatcher: no redirect, no retry, no decoding.
 * The dispatcher is used directly because only its handler tells when a request begins to be written.
 *
 * @param state - Filled in as the exchange goes on.
 * @throws whatever ended it; `state` tells whether anything had been sent.
 */
export function exchangeHttp(options: ExchangeOptions, state: ExchangeState): Promise<ExchangeResponse> {
  return new Promise((resolve, reject) => {
    const { signal, url } = options;
    const handler = new ExchangeHandler(options, state, resolve, reject);
    if (signal.aborted) {
      reject(abortError(signal));
      return;
    }
    signal.addEventListener('abort', handler.abort, { once: true });
    options.dispatcher.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: options.method,
        headers: { ...options.headers },
        body: options.body ?? null,
      },
      handler,
    );
  });
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #body: Readable | undefined;

  constructor(
    readonly options: ExchangeOptions,
    readonly state: ExchangeState,
    readonly resolve: (response: ExchangeResponse) => void,
    readonly reject: (error: unknown) => void,
  ) {}

  readonly abort = (): void => {
    const error = abortError(this.options.signal);
    this.#controller?.abort(error);
    this.#fail(error);
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Aborted while the connection was being made: throwing here leaves the request unwritten.
    if (this.options.signal.aborted) throw abortError(this.options.signal);
    try {
      this.options.beforeSend?.();
    } catch (error) {
      this.state.veto = { error };
      throw error;
    }
    this.#controller = controller;
    this.state.sent = true;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: RawHeaders): void {
    if (status < 200) return;
    this.#body = new Readable({
      highWaterMark: BUFFER_BYTES,
      read: () => {
        controller.resume();
      },
      destroy: (error, callback) => {
        this.#release();
        controller.abort(error ?? new Error('The body was not read to its end.'));
        callback(error);
      },
    });
    this.resolve({ status, headers: toHeaders(headers), body: this.#body });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body?.push(chunk) === false) controller.pause();
  }

  onResponseEnd(): void {
    this.#release();
    this.#body?.push(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #fail(error: Error): void {
    this.#release();
    if (this.#body === undefined) this.reject(error);
    else this.#body.destroy(error);
  }

  #release(): void {
    this.options.signal.removeEventListener('abort', this.abort);
  }
}

type RawHeaders = Readonly<Record<string, string | string[] | undefined>>;

function toHeaders(raw: RawHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const item of Array.isArray(value) ? value : [value ?? '']) headers.append(name, item);
  }
  return headers;
}

function abortError(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('The request was aborted.');
}
