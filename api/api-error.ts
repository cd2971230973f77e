import type { JsonValue } from '../workflows/contract';

/** One fault of a request: where it is, what is wrong, what to do. */
export interface Issue {
  /** Place in the body, such as `nodes[2].data.config.prompt`; empty for the whole. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
  readonly fix: string;
}

export interface ApiErrorOptions {
  readonly status: number;
  /** Stable, snake_case; clients branch on it. */
  readonly code: string;
  /** For the caller: what happened, to which input, what to do. No secrets, no SQL, no paths. */
  readonly message: string;
  /** Further members of the error body. */
  readonly details?: Readonly<Record<string, JsonValue>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An answer other than success, decided on purpose. Everything else that is thrown becomes a 500 (or a 503). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, JsonValue>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(options: ApiErrorOptions) {
    super(options.message, { cause: options.cause });
    this.name = 'ApiError';
    this.status = options.status;
    this.code = options.code;
    this.details = options.details ?? {};
    this.headers = options.headers ?? {};
  }
}

export function badRequest(code: string, message: string): ApiError {
  return new ApiError({ status: 400, code, message });
}

export function unauthorized(message: string): ApiError {
  const headers = { 'WWW-Authenticate': 'Bearer realm="everframe"' };
  return new ApiError({ status: 401, code: 'unauthorized', message, headers });
}

/** Unknown and foreign ids get this same answer, so that nothing can be probed. */
export function notFound(code: string, message: string): ApiError {
  return new ApiError({ status: 404, code, message });
}

/** @param retryAfterSeconds - Given where the same request may succeed later. */
export function conflict(code: string, message: string, retryAfterSeconds?: number): ApiError {
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) };
  return new ApiError({ status: 409, code, message, headers });
}

/** All faults at once. */
export function unprocessable(code: string, message: string, issues: readonly Issue[]): ApiError {
  return new ApiError({
    status: 422,
    code,
    message,
    details: { issues: issues.map((issue) => ({ ...issue })) },
  });
}

export function tooManyRequests(code: string, message: string, retryAfterSeconds: number): ApiError {
  const headers = { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterSeconds))) };
  return new ApiError({ status: 429, code, message, headers });
}

/** Something that we need is away for the moment. */
export function unavailable(code: string, message: string, cause?: unknown): ApiError {
  return new ApiError({ status: 503, code, message, headers: { 'Retry-After': '2' }, cause });
}
