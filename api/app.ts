import { setMaxListeners } from 'node:events';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import { ApiError, notFound, unauthorized } from './api-error';
import type { ApiDependencies } from './dependencies';
import { authenticate, requireScope } from './http/authenticate';
import { IDEMPOTENCY_KEY, parseIdempotencyKey } from './http/idempotency-key';
import { createErrorMiddleware } from './http/error-response';
import { createKeyWatch, type KeyWatch } from './http/key-watch';
import { readBody } from './http/read-body';
import { assignRequestId } from './http/request-id';
import { createRequestLog } from './http/request-log';
import { measureRequests, noteRoute } from './http/measure-requests';
import { openToBrowsers } from './http/open-to-browsers';
import { requestSignal } from './http/request-signal';
import type { Caller } from './caller';
import type { Reply, Route } from './route';
import { routes } from './routes';
import type { Scope } from './scopes';

/** Builds the HTTP application; never listens. Routing, 405 answers and OpenAPI are all derived from the route table. */
export function createApp(dependencies: ApiDependencies): Express {
  // Every waiting request listens to it.
  setMaxListeners(0, dependencies.shutdown);
  const app = express();
  const keyWatch = createKeyWatch(dependencies);
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(
    assignRequestId,
    measureRequests(dependencies.metrics),
    createRequestLog(dependencies.logger),
    securityHeaders(),
  );
  for (const [path, pathRoutes] of byPath(routes)) {
    app.all(path, noteRoute(path));
    if (pathRoutes.some((route) => route.isOpenToBrowsers)) app.all(path, openToBrowsers(pathRoutes));
    for (const route of pathRoutes) {
      app[expressMethod(route.method)](path, (request, response) =>
        answer(route, request, response, { dependencies, keyWatch }),
      );
    }
    app.all(path, refuseMethod(pathRoutes));
  }
  app.use((request) => {
    throw notFound(
      'route_not_found',
      `There is no ${request.method} ${request.path}. The routes are listed at /docs.`,
    );
  });
  app.use(createErrorMiddleware(dependencies.logger));
  return app;
}

async function answer(
  route: Route,
  request: Request,
  response: Response,
  { dependencies, keyWatch }: { readonly dependencies: ApiDependencies; readonly keyWatch: KeyWatch },
): Promise<void> {
  const caller =
    route.access.kind === 'key'
      ? await admit(route.access.scope, request, response, dependencies)
      : undefined;
  if (route.requestHeaders && IDEMPOTENCY_KEY in route.requestHeaders)
    parseIdempotencyKey(request.get(IDEMPOTENCY_KEY));
  const body = await readBody(route, request, response);
  const requestId = String(response.locals.requestId);
  const keyEnded = new AbortController();
  if (caller)
    response.once(
      'close',
      keyWatch.watch(caller.keyId, () => keyEnded.abort()),
    );
  const signal = requestSignal(response, [dependencies.shutdown, keyEnded.signal]);
  const reply = await route.run({ requestId, signal, request, response, dependencies }, body, caller);
  // What a held question would answer is no longer for this key. What was done while it counted is done, and told.
  if (keyEnded.signal.aborted && route.method === 'GET' && reply !== 'sent') throw keyHasEnded();
  send(response, reply);
}

function keyHasEnded(): ApiError {
  return unauthorized(
    'This API key was revoked, or has expired, while its answer was held. Use another one.',
  );
}

/** Who may go on: rate limits are told to every valid key, whatever else it lacks. */
async function admit(
  scope: Scope,
  request: Request,
  response: Response,
  dependencies: ApiDependencies,
): Promise<Caller> {
  const caller = await authenticate(request, dependencies);
  response.locals.accountId = caller.accountId;
  await dependencies.rateLimits.countRequest(caller, response);
  requireScope(caller, scope);
  return caller;
}

function send(response: Response, reply: Reply): void {
  if (reply === 'sent') return;
  response.status(reply.status).set({ 'Cache-Control': 'no-store', ...reply.headers });
  if (reply.body === undefined) response.end();
  else response.json(reply.body);
}

function byPath(all: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
  const groups = new Map<string, Route[]>();
  for (const route of all) groups.set(route.path, [...(groups.get(route.path) ?? []), route]);
  return groups;
}

function expressMethod(method: Route['method']): 'get' | 'post' | 'put' | 'delete' {
  switch (method) {
    case 'GET':
      return 'get';
    case 'POST':
      return 'post';
    case 'PUT':
      return 'put';
    case 'DELETE':
      return 'delete';
  }
}

function refuseMethod(pathRoutes: readonly Route[]): RequestHandler {
  const allow = pathRoutes
    .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    .join(', ');
  return (request, response) => {
    if (request.method === 'OPTIONS') {
      response.status(204).set('Allow', allow).end();
      return;
    }
    const message = `${request.method} is not possible here; ${allow} is.`;
    throw new ApiError({ status: 405, code: 'method_not_allowed', message, headers: { Allow: allow } });
  };
}

/** JSON answers need no browser features; the docs page and asset content set a policy of their own. */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    strictTransportSecurity: false,
  });
}
