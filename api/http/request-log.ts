import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** One line per finished request; reads that went well are `debug`, as pollers make most of the traffic. */
export function createRequestLog(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    const { method, path } = request;
    response.once('finish', () => {
      const status = response.statusCode;
      const level = status >= 400 || method !== 'GET' ? 'info' : 'debug';
      const { requestId, accountId } = response.locals as Record<string, unknown>;
      const latencyMs = Math.round(performance.now() - startedAt);
      logger[level]({ requestId, accountId, method, path: loggedPath(path), status, latencyMs }, 'request');
    });
    next();
  };
}

/** The token of a callback is a secret. */
function loggedPath(path: string): string {
  return path.replace(/(\/callbacks\/)[^/]+/, '$1[redacted]');
}
