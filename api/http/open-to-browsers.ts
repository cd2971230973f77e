import type { RequestHandler } from 'express';
import type { Route } from '../route';

const PREFLIGHT_SECONDS = 600;

/** Answers of these routes, errors too, may be read by pages of any origin; never with credentials. */
export function openToBrowsers(pathRoutes: readonly Route[]): RequestHandler {
  const methods = pathRoutes.map(({ method }) => method).join(', ');
  const asked = pathRoutes.flatMap(({ requestHeaders = {} }) => Object.keys(requestHeaders));
  const headers = ['Content-Type', 'X-Request-Id', ...asked].join(', ');
  return (request, response, next) => {
    response.set({
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Expose-Headers': 'Retry-After, X-Request-Id, Idempotency-Replayed',
    });
    if (request.method === 'OPTIONS') {
      response.set({
        'Access-Control-Allow-Methods': methods,
        'Access-Control-Allow-Headers': headers,
        'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
      });
    }
    next();
  };
}
