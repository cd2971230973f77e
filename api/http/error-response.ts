import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { ApiError, badRequest, unavailable } from '../api-error';
import { TemporalUnavailableError } from '../temporal-executions';

/** The only place where anything thrown becomes an answer: `{error, code, requestId, …details}`. */
export function createErrorMiddleware(logger: Logger): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
    const error = toApiError(thrown);
    if (error.status >= 500) {
      const { requestId } = response.locals as Record<string, unknown>;
      const level = error.status === 503 ? 'warn' : 'error';
      logger[level]({ requestId, method: request.method, error: thrown }, error.message);
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    sendError(response, error);
  };
}

export function sendError(response: Response, error: ApiError): void {
  const { requestId } = response.locals as Record<string, unknown>;
  response
    .status(error.status)
    .set(error.headers)
    .set('Cache-Control', 'no-store')
    .json({ error: error.message, code: error.code, requestId, ...error.details });
}

function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof TemporalUnavailableError) {
    return unavailable(
      'temporal_unavailable',
      'The workflow engine is away. Repeat the request in a moment.',
      thrown,
    );
  }
  if (isDatabaseAway(thrown)) {
    return unavailable(
      'database_unavailable',
      'The database is away. Repeat the request in a moment.',
      thrown,
    );
  }
  return fromBodyParser(thrown) ?? internal(thrown);
}

function internal(cause: unknown): ApiError {
  const message =
    'Something went wrong on our side. Repeat the request; if it fails again, report the requestId.';
  return new ApiError({ status: 500, code: 'internal', message, cause });
}

/** Errors of Express and its body parser carry a `type` or a status. */
function fromBodyParser(thrown: unknown): ApiError | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const type = 'type' in thrown ? thrown.type : undefined;
  if (type === 'entity.too.large') {
    return new ApiError({ status: 413, code: 'body_too_large', message: 'The body is larger than 1 MB.' });
  }
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') {
    const message = 'The body has an encoding that is not supported. Send UTF-8, plain, gzip, deflate or br.';
    return new ApiError({ status: 415, code: 'unsupported_media_type', message });
  }
  if (type === 'request.aborted' || type === 'request.size.invalid') {
    return badRequest('body_incomplete', 'The body ended before the announced length.');
  }
  const status = 'status' in thrown ? thrown.status : undefined;
  if (thrown instanceof URIError || status === 400) {
    return badRequest(
      'request_malformed',
      'The request is malformed: check the URL encoding and the body encoding.',
    );
  }
  return undefined;
}

/** PostgreSQL classes 08 (connection), 57P (shutting down, starting), 53 (no resources), and the socket's own errors. */
const AWAY_CODE = /^(08...|57P0[123]|53...|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;
const AWAY_MESSAGE = /connection terminated|timeout exceeded when trying to connect|connection timeout/i;

/** Errors of the runtime are told by their fields: `instanceof` fails across realms. */
const errorFields = z.object({
  code: z.unknown(),
  message: z.unknown(),
  cause: z.unknown(),
  errors: z.array(z.unknown()).optional().catch(undefined),
});

function isDatabaseAway(thrown: unknown): boolean {
  const { data } = errorFields.partial().safeParse(thrown);
  if (data === undefined) return false;
  const { code, message, cause, errors = [] } = data;
  if (typeof code === 'string' && AWAY_CODE.test(code)) return true;
  if (typeof message === 'string' && AWAY_MESSAGE.test(message)) return true;
  return [cause, ...errors].some(isDatabaseAway);
}
