import type { RequestHandler } from 'express';
import type { ApiMetrics } from '../metrics';

/** Tells the metrics how long each request took, also one whose client went away. */
export function measureRequests(metrics: ApiMetrics): RequestHandler {
  return (request, response, next) => {
    const startedAtMs = performance.now();
    response.once('close', () => {
      const { route } = response.locals as { readonly route?: string };
      const seconds = (performance.now() - startedAtMs) / 1_000;
      metrics.requestEnded({ method: request.method, route, status: response.statusCode, seconds });
    });
    next();
  };
}

/** Its pattern, which is of a closed set, in place of its path, which is not. */
export function noteRoute(pattern: string): RequestHandler {
  return (_request, response, next) => {
    response.locals['route'] ??= pattern;
    next();
  };
}
