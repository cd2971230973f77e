import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { AssetStoreUnavailableError } from '../../store/assets/asset-store';
import { isConflict } from '../../store/database/retry-conflicts';
import { ApiError, badRequest, unavailable } from '../api-error';
import { isDatabaseAway } from '../is-database-away';
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
  if (thrown instanceof AssetStoreUnavailableError) {
    return unavailable(
      'asset_store_unavailable',
      'The store of files is full or away. Repeat the request in a moment.',
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
  if (isConflict(thrown)) {
    return unavailable(
      'database_unavailable',
      'Others write the same at this moment. Nothing was changed; repeat the request in a moment.',
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
