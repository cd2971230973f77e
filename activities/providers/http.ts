import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../workflows/contract';
import { FetchFailure } from '../fetch/fetch-failure';
import type { ProviderCall, ProviderHttpResponse } from './provider';
import { ProviderError, type ProviderErrorKind } from './provider-error';
import { redact } from './http-redact';
import { readRetryAfterMs } from './http-retry-after';

/** How one provider speaks HTTP: the knowledge of an adapter that the request functions need. */
export interface HttpDialect {
  /** Provider id. */
  readonly provider: string;
  readonly label: string;
  readonly credentialVariable: string;
  readonly authorize: (credential: string) => Readonly<Record<string, string>>;
  /** What the provider says in an error answer; what it leaves out is decided by the status. */
  readonly readError: (answer: ErrorAnswer) => ErrorReading;
  /**
   * True when a 5xx with a JSON error body means that the request was not carried out. A bare 5xx may come from a
   * gateway in between and proves nothing; 429 and 503 are definite everywhere.
   */
  readonly serverErrorsAreDefinite: boolean;
}

/**
 * What is at stake in a request:
 * `submit`: starts a paid job; `call`: does paid work and answers with the result; `poll`: may be repeated freely.
 */
export type Purpose = 'submit' | 'call' | 'poll';

export interface ProviderRequest {
  readonly purpose: Purpose;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: JsonValue;
  readonly form?: FormData;
  /** Leaves the key out; for addresses that are open to everybody. */
  readonly anonymous?: boolean;
  /** Largest answer, bytes; 32 MiB unless given. */
  readonly maxBytes?: number;
  /** Statuses beside 2xx that are an answer and no error. */
  readonly alsoAccept?: readonly number[];
}

export interface ErrorAnswer {
  readonly purpose: Purpose;
  readonly status: number;
  readonly headers: Headers;
  /** The body if it is a JSON object, otherwise empty. */
  readonly body: JsonObject;
  /** The body as text, cut at 20,000 characters. */
  readonly text: string;
}

export interface ErrorReading {
  readonly kind?: ProviderErrorKind;
  /** The provider's identifier of the error, and the field it is about; shown to the caller. */
  readonly code?: string;
  /** Said elsewhere than in the headers that all use. */
  readonly retryAfterMs?: number;
  readonly billed?: boolean;
}

export interface JsonAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

const MAX_BYTES = 33_554_432;

/**
 * One exchange whose answer is JSON of the given shape.
 *
 * @throws ProviderError for every other end. Unreadable 2xx: `ambiguous` on submit (the job's id is lost),
 * `response_invalid` and billed on call, `unavailable` on poll (ask again).
 */
export async function requestJson<T>(
  dialect: HttpDialect,
  call: ProviderCall,
  request: ProviderRequest,
  schema: z.ZodType<T>,
): Promise<JsonAnswer<T>> {
  const { status, headers, bytes } = await requestBytes(dialect, call, request);
  const parsed = schema.safeParse(parseJson(Buffer.from(bytes).toString('utf8')));
  if (parsed.success) return { status, headers, body: parsed.data };
  throw malformedAnswer(dialect, call, request.purpose, { status, headers, bytes });
}

/**
 * One exchange whose answer is taken as it is.
 *
 * @throws ProviderError for every status beside 2xx and `alsoAccept`, and when no complete answer came: `unavailable`
 * if nothing had been sent or nothing is at stake, else `ambiguous`. The signal's reason when it was aborted in time.
 */
export async function requestBytes(
  dialect: HttpDialect,
  call: ProviderCall,
  request: ProviderRequest,
): Promise<ProviderHttpResponse> {
  const { json, form, headers, method, url, alsoAccept = [], maxBytes = MAX_BYTES } = request;
  let response: ProviderHttpResponse;
  try {
    response = await call.fetch(url, {
      method,
      headers: {
        ...(request.anonymous === true ? {} : dialect.authorize(call.credential)),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: json === undefined ? form : JSON.stringify(json),
      timeoutMs: call.timeoutMs,
      signal: call.signal,
      maxBytes,
    });
  } catch (error) {
    throw toExchangeError(dialect, call, request.purpose, error);
  }
  if ((response.status >= 200 && response.status < 300) || alsoAccept.includes(response.status))
    return response;
  throw toStatusError(dialect, call, request.purpose, response);
}

export interface ProviderFailure extends ErrorReading {
  readonly kind: ProviderErrorKind;
  readonly httpStatus?: number;
  /** The provider's words; redacted here. */
  readonly detail?: string;
  readonly isOdd?: boolean;
  /** In place of the kind's usual message; own words only, never the provider's. */
  readonly message?: string;
}

/** Makes a provider's error with the kind's message for the caller and a redacted detail for the operator. */
export function providerError(
  dialect: HttpDialect,
  call: ProviderCall,
  failure: ProviderFailure,
): ProviderError {
  const { kind, httpStatus, retryAfterMs, billed, isOdd } = failure;
  const code =
    failure.code !== undefined && /^[\w.:[\] -]{1,100}$/.test(failure.code) ? failure.code : undefined;
  const facts = [
    httpStatus === undefined ? undefined : `HTTP ${String(httpStatus)}`,
    code === undefined ? undefined : `code=${code}`,
    failure.detail,
  ];
  const detail = redact(facts.filter((fact) => fact !== undefined).join(' '), [call.credential]);
  const message = failure.message ?? MESSAGES[kind](dialect, code === undefined ? '' : ` (${code})`);
  return new ProviderError({
    provider: dialect.provider,
    kind,
    message,
    detail,
    httpStatus,
    retryAfterMs,
    billed,
    isOdd,
  });
}

/** For zod: any JSON object, as parsed. What JSON.parse returns needs no walk through. */
export const jsonObjectSchema = z.custom<JsonObject>(isJsonObject);

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toStatusError(
  dialect: HttpDialect,
  call: ProviderCall,
  purpose: Purpose,
  { status, headers, bytes }: ProviderHttpResponse,
): ProviderError {
  const text = Buffer.from(bytes).toString('utf8');
  const json = parseJson(text);
  const answer = {
    purpose,
    status,
    headers,
    body: isJsonObject(json) ? json : {},
    text: text.slice(0, 20_000),
  };
  const reading = dialect.readError(answer);
  const isDefinite = dialect.serverErrorsAreDefinite && isJsonObject(json);
  return providerError(dialect, call, {
    ...reading,
    retryAfterMs: readRetryAfterMs(headers) ?? reading.retryAfterMs,
    kind: reading.kind ?? kindOfStatus(status, purpose, isDefinite),
    isOdd: purpose === 'poll' && reading.kind === undefined,
    httpStatus: status,
    detail: `body=${answer.text}`,
  });
}

function kindOfStatus(status: number, purpose: Purpose, isDefinite: boolean): ProviderErrorKind {
  if (status >= 500) {
    return status === 503 || purpose === 'poll' || isDefinite ? 'unavailable' : 'ambiguous';
  }
  switch (status) {
    case 401:
    case 403:
      return 'authentication';
    case 402:
      return 'billing';
    case 404:
    case 410:
      return purpose === 'poll' ? 'job_failed' : 'model_gone';
    case 408:
    case 409:
    case 425:
      return 'unavailable';
    case 429:
      return 'rate_limited';
    // "See other" follows a POST that was carried out.
    case 303:
      return purpose === 'poll' ? 'unavailable' : 'ambiguous';
    default:
      return 'request_rejected';
  }
}

function toExchangeError(
  dialect: HttpDialect,
  call: ProviderCall,
  purpose: Purpose,
  error: unknown,
): unknown {
  if (!(error instanceof FetchFailure)) return error;
  const atStake = error.sent && purpose !== 'poll';
  if (error.reason === 'aborted' && !atStake) return call.signal.reason;
  const detail = `${error.reason} ${error.message} ${error.detail ?? ''}`;
  return providerError(dialect, call, { kind: kindOfFetchFailure(error, purpose, atStake), detail });
}

function kindOfFetchFailure(error: FetchFailure, purpose: Purpose, atStake: boolean): ProviderErrorKind {
  if (error.reason === 'invalid_request') return 'request_rejected';
  // An answer came, and no second one would be smaller.
  if (error.reason === 'too_large' && purpose !== 'submit') return 'response_invalid';
  return atStake ? 'ambiguous' : 'unavailable';
}

function malformedAnswer(
  dialect: HttpDialect,
  call: ProviderCall,
  purpose: Purpose,
  { status, bytes }: ProviderHttpResponse,
): ProviderError {
  const kind = ({ submit: 'ambiguous', call: 'response_invalid', poll: 'unavailable' } as const)[purpose];
  return providerError(dialect, call, {
    kind,
    httpStatus: status,
    detail: `unexpected body=${Buffer.from(bytes.subarray(0, 20_000)).toString('utf8')}`,
    billed: purpose === 'call',
  });
}

/** @returns undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const MESSAGES: Readonly<Record<ProviderErrorKind, (dialect: HttpDialect, code: string) => string>> = {
  rate_limited: ({ label }, code) =>
    `${label} limits our requests${code}. Wait, or raise the limit of the account there.`,
  unavailable: ({ label }, code) => `${label} is not available at present${code}. Try again later.`,
  ambiguous: ({ label }, code) =>
    `The connection to ${label} broke off or its answer was unreadable${code}: whether it carried out the request is unknown.`,
  response_invalid: ({ label }, code) => `${label} answered in a form that cannot be used${code}.`,
  request_rejected: ({ label }, code) =>
    `${label} rejected the request${code}. Check the settings and inputs of the node.`,
  refused: ({ label }, code) =>
    `${label} refused the content under its policy${code}. Change the prompt or the inputs.`,
  authentication: ({ label, credentialVariable }, code) =>
    `${label} did not accept the key${code}. Check ${credentialVariable} and what the key may use.`,
  billing: ({ label }, code) =>
    `The ${label} account has no credit left or has reached its spending limit${code}. Top it up there.`,
  model_gone: ({ label }, code) => `${label} no longer serves this model${code}. Choose another model.`,
  job_failed: ({ label }, code) => `The job failed at ${label}${code}.`,
  input_unreachable: ({ label }, code) =>
    `${label} could not fetch an input file from us${code}. Check that EVERFRAME_PUBLIC_URL can be reached from outside.`,
};
