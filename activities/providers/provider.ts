import type { JsonObject, JsonValue, Mode } from '../../workflows/contract';
import type { ProviderReply } from '../../pipeline/node-definition';

/** Everything an adapter needs for one HTTP exchange; made per call, so adapters hold no state. */
export interface ProviderCall {
  readonly mode: Mode;
  /** Without a trailing slash; from `<PROVIDER>_BASE_URL`, or the sandbox in test mode. */
  readonly baseUrl: string;
  /** Other origins of the provider by name (fal: `run`, `jwks`), resolved like `baseUrl`. */
  readonly extraUrls: Readonly<Record<string, string>>;
  /** The secret itself. Never logged, never in an error. */
  readonly credential: string;
  /** Bounds one HTTP exchange, 30–90 s. */
  readonly timeoutMs: number;
  /** Aborts when the activity is cancelled. */
  readonly signal: AbortSignal;
  readonly fetch: ProviderFetch;
}

/** The guarded fetch, bound to one provider: its own origins may be private, nothing else may. */
export type ProviderFetch = (url: string, init: ProviderFetchInit) => Promise<ProviderHttpResponse>;

export interface ProviderFetchInit {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | FormData;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Largest body read, bytes. */
  readonly maxBytes: number;
  /** Runs when the socket is open and before the first byte; throwing sends nothing and passes the error on. */
  readonly beforeSend?: () => void;
}

export interface ProviderHttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

export interface OperationRequest {
  readonly model: string;
  /** Wire body; media are already URLs, data URIs or base64. `files` are multipart parts. */
  readonly input: JsonObject;
  readonly files: readonly MultipartFile[];
  /** Stable over retries and crashes; sent where the provider takes one. */
  readonly idempotencyKey: string;
  /** Carries our token; absent when nobody could reach it. */
  readonly callbackUrl?: string;
}

export interface MultipartFile {
  readonly field: string;
  readonly bytes: Uint8Array;
  readonly mimeType: string;
  readonly fileName: string;
}

/** What finds an accepted job again: plain JSON under 1 KB, kept in the job row. */
export interface JobHandle {
  readonly providerJobId: string;
  readonly [key: string]: JsonValue;
}

export type JobCheck =
  | { readonly status: 'pending'; readonly retryAfterMs?: number }
  /** Ended well. A job that ended badly is thrown as `ProviderError` `job_failed` or `refused`. */
  | { readonly status: 'succeeded'; readonly reply: ProviderReply };

export interface SyncOperation {
  readonly kind: 'sync';
  /** @throws ProviderError; `ambiguous` when the call may have been carried out though no answer came. */
  readonly call: (request: OperationRequest, call: ProviderCall) => Promise<ProviderReply>;
}

export interface QueueOperation {
  readonly kind: 'queue';
  /** @throws ProviderError; `ambiguous` when the job may have been accepted though no id came back. */
  readonly submit: (request: OperationRequest, call: ProviderCall) => Promise<JobHandle>;
  /** One status request. A 429 or 5xx while polling is thrown as retryable: it never ends the job. */
  readonly check: (handle: JobHandle, call: ProviderCall) => Promise<JobCheck>;
  /** Best effort; resolves also when the job is done or unknown. */
  readonly cancel?: (handle: JobHandle, call: ProviderCall) => Promise<void>;
  /** For `submitSafety: 'lookup'`: finds the job sent with this key, or proves that there is none (undefined). */
  readonly lookup?: (idempotencyKey: string, call: ProviderCall) => Promise<JobHandle | undefined>;
}

/** A provider's callback as stored by the API: verified and read by the adapter in the worker. */
export interface CallbackMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
  /** Milliseconds since 1970, when it reached us. */
  readonly receivedAtMs: number;
  /** Model of the job that the callback URL's token belongs to: fal's job addresses contain it, its callback does not. */
  readonly model: string;
}

export interface Provider {
  readonly id: string;
  readonly label: string;
  /** Environment variables of the base URL and its default. */
  readonly baseUrl: { readonly variable: string; readonly live: string; readonly sandboxPath: string };
  readonly extraUrls?: Readonly<Record<string, ExtraUrl>>;
  /** The vendor's usual variable; numbered extras (`FAL_KEY_2`, …) rotate. */
  readonly credentialVariable: string;
  /**
   * What makes a submit of unknown fate safe: `idempotent` resend with the same key; `lookup` find it or prove its
   * absence; `none`: only the callback can tell.
   */
  readonly submitSafety: 'idempotent' | 'lookup' | 'none';
  /** Media inputs are given as URLs where ours can be reached; otherwise in this form. */
  readonly mediaWithoutUrl: 'data_uri' | 'base64' | 'upload';
  /** Puts bytes into the provider's own storage; for `mediaWithoutUrl: 'upload'`. */
  readonly upload?: (file: MultipartFile, call: ProviderCall) => Promise<string>;
  readonly operations: Readonly<Record<string, SyncOperation | QueueOperation>>;
  /**
   * For providers that tell how much of a key's limit is left.
   * @returns milliseconds until it is full again when next to nothing is left, else undefined.
   */
  readonly readLimitRestMs?: (headers: Headers) => number | undefined;
  /**
   * Checks a callback's signature and 300 s window and reads the job's handle out of it.
   * @returns undefined when it is not genuine: then it is ignored and polling goes on.
   */
  readonly readCallback?: (message: CallbackMessage, call: ProviderCall) => Promise<JobHandle | undefined>;
}

/** Another address of a provider beside its base URL. */
export interface ExtraUrl {
  readonly variable: string;
  readonly live: string;
  readonly sandboxPath: string;
  /** Where it lies when the operator has set the base URL and not this one. */
  readonly pathAtBase?: string;
}

/** Declares a provider; the registry activities/providers/index.ts lists it. */
export function defineProvider(provider: Provider): Provider {
  return provider;
}
