import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Route } from './route';
import { errorSchema } from './schemas';

type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

/** OpenAPI 3.1 of the route table. */
export function createOpenApiDocument(routes: readonly Route[], publicUrl: string): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, `sk-live-…` or `sk-test-…`.',
  });
  for (const route of routes) registry.registerPath(toPath(route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title: 'Everframe', version: '1', description: DESCRIPTION },
    servers: [{ url: publicUrl }],
  });
}

const DESCRIPTION = [
  'Runs AI media pipelines durably: post a React Flow graph, poll the execution, resume it from the step that failed.',
  'Every answer carries `X-Request-Id`; with a key also `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`',
  '(unix seconds). A plan without a limit shows 2147483647 as limit and as remaining.',
  'Every error is `{error, code, requestId, …}`; branch on `code`. On 429 and 503 repeat after `Retry-After` seconds.',
].join(' ');

function toPath(route: Route): RouteConfig {
  const headers = z.object(
    Object.fromEntries(
      Object.entries(route.requestHeaders ?? {}).map(([name, text]) => [
        name,
        z.string().optional().describe(text),
      ]),
    ),
  );
  return {
    method: LOWER_METHODS[route.method],
    path: route.path.replace(/:(\w+)/g, '{$1}'),
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    security: route.access.kind === 'key' ? [{ apiKey: [] }] : [],
    description:
      route.access.kind === 'key' ? `Needs a key with the scope \`${route.access.scope}\`.` : undefined,
    request: { params: route.params, query: route.query, headers, body: toBody(route) },
    responses: { ...commonResponses(route), ...toResponses(route) },
  };
}

const LOWER_METHODS = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const;

const bytesSchema = { type: 'string' as const, format: 'binary' };
const fileForm = { type: 'object' as const, required: ['file'], properties: { file: bytesSchema } };

function toBody(route: Route): NonNullable<RouteConfig['request']>['body'] {
  switch (route.bodyKind) {
    case 'none':
      return undefined;
    case 'raw':
      return { content: { '*/*': { schema: bytesSchema } } };
    case 'file':
      return { content: { 'multipart/form-data': { schema: fileForm }, '*/*': { schema: bytesSchema } } };
    case 'json':
      return { content: { 'application/json': { schema: route.body } } };
  }
}

function commonResponses(route: Route): RouteConfig['responses'] {
  const failure = (description: string) => ({
    description,
    content: { 'application/json': { schema: errorSchema } },
  });
  const ofBody: RouteConfig['responses'] =
    route.bodyKind === 'none'
      ? {}
      : {
          400: failure('The body cannot be read.'),
          413: failure(
            route.bodyKind === 'file' ? 'The file is too large.' : 'The body is larger than 1 MB.',
          ),
          415: failure('The body is of another type.'),
        };
  if (route.access.kind === 'open') return ofBody;
  return {
    ...ofBody,
    401: failure('No valid API key.'),
    403: failure('The key lacks the scope.'),
    429: failure('The plan’s limit is reached; repeat after `Retry-After` seconds.'),
    503: failure('The database or the workflow engine is away; repeat after `Retry-After` seconds.'),
  };
}

function toResponses(route: Route): RouteConfig['responses'] {
  return Object.fromEntries(
    Object.entries(route.responses).map(([status, { description, schema, mediaType }]) => {
      if (schema !== undefined) return [status, { description, content: { 'application/json': { schema } } }];
      if (mediaType === undefined) return [status, { description }];
      return [status, { description, content: { [mediaType]: { schema: { type: 'string' as const } } } }];
    }),
  );
}
