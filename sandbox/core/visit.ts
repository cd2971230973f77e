import type { Request, Response } from 'express';
import { sha256 } from './canonical-json';
import type { Services } from './services';

/** An answer as a provider writes it. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or bytes sent as they are. */
  readonly body: unknown;
}

/** A provider's own ways to say no; faults use them. */
export interface ProviderErrors {
  readonly unauthorized: () => Answer;
  readonly rateLimited: (retryAfterSeconds: number) => Answer;
  readonly insufficientQuota: () => Answer;
  readonly serverError: (status: number) => Answer;
  readonly refused: () => Answer;
}

/** One request at one provider's door. */
export interface Visit {
  readonly services: Services;
  readonly provider: string;
  readonly errors: ProviderErrors;
  readonly request: Request;
  readonly response: Response;
  /** ISO time. */
  readonly receivedAt: string;
}

const keptHeaders = [
  'user-agent',
  'content-type',
  'prefer',
  'idempotency-key',
  'x-request-id',
  'x-fal-queue-priority',
  'x-fal-no-retry',
  'x-fal-request-timeout',
  'cancel-after',
  'anthropic-version',
];

/** Headers worth keeping; of a key only the beginning of its hash. */
export function headersWorthKeeping(request: Request): Record<string, string> {
  const kept = keptHeaders.flatMap((name) => {
    const value = request.get(name);
    return value === undefined ? [] : [[name, value.slice(0, 200)] as const];
  });
  const key = credentialOf(request);
  return Object.fromEntries(
    key === undefined ? kept : [...kept, ['keySha256', sha256(key).slice(0, 12)] as const],
  );
}

/** Where providers take a bare key, beside `Authorization: <scheme> <secret>`. */
const keyHeaders = ['x-api-key', 'x-key', 'x-goog-api-key', 'xi-api-key'];

/** The secret of the caller, wherever it stands; undefined when there is none. */
export function credentialOf(request: Request): string | undefined {
  const bearer = (request.get('authorization') ?? '').replace(/^\S+\s*/, '').trim();
  return [bearer, ...keyHeaders.map((name) => request.get(name)?.trim() ?? '')].find((key) => key !== '');
}

/** http://host:port as the caller wrote it, so that our links work from where they are. */
export function originOf(request: Request): string {
  return `${request.protocol}://${request.get('host') ?? 'localhost'}`;
}

/** The JSON body; undefined when it is not an object in JSON. */
export function jsonBody(request: Request): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '');
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

export function send(response: Response, { status, headers, body }: Answer): void {
  response.status(status).set(headers ?? {});
  if (Buffer.isBuffer(body)) response.send(body);
  else response.json(body);
}
