import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { IDEMPOTENCY_KEY } from './http/idempotency-key';
import type { Route } from './route';
import { errorSchema, invalidSchema } from './schemas';

type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

/** OpenAPI 3.1 of the route table. */
export function createOpenApiDocument(routes: readonly Route[], publicUrl: string): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, `sk-live-…` or `sk-test-…`.',
  });
  const shown = registerHeaders(registry);
  for (const route of routes) registry.registerPath(toPath(route, shown));
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

type ResponseHeaders = Readonly<Record<string, { readonly $ref: string }>>;

interface ShownHeaders {
  readonly always: ResponseHeaders;
  /** On what is answered to a valid key. */
  readonly withKey: ResponseHeaders;
  readonly retry: ResponseHeaders;
}

function registerHeaders(registry: OpenAPIRegistry): ShownHeaders {
  const add = (name: string, type: 'string' | 'integer', description: string): ResponseHeaders => {
    const header = { description, required: true, schema: { type } };
    return { [name]: registry.registerComponent('headers', name, header).ref };
  };
  return {
    always: add('X-Request-Id', 'string', 'As given, if it was well-formed; else a new one.'),
    withKey: {
      ...add('X-RateLimit-Limit', 'integer', 'Requests per minute of the plan.'),
      ...add('X-RateLimit-Remaining', 'integer', 'Requests left in this minute.'),
      ...add('X-RateLimit-Reset', 'integer', 'When the minute ends, unix seconds.'),
    },
    retry: add('Retry-After', 'integer', 'Seconds after which to repeat the request.'),
  };
}

function headersOf(route: Route, status: string, { always, withKey, retry }: ShownHeaders): ResponseHeaders {
  const isKeyKnown = route.access.kind === 'key' && status !== '401' && status !== '503';
  const isRetried = status === '429' || status === '503';
  return { ...always, ...(isKeyKnown ? withKey : {}), ...(isRetried ? retry : {}) };
}

function toPath(route: Route, shown: ShownHeaders): RouteConfig {
  const headers = z.object(
    Object.fromEntries(
      Object.entries(route.requestHeaders ?? {}).map(([name, text]) => [
        name,
        (HEADER_FORMS[name] ?? z.string()).optional().describe(text),
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
    responses: Object.fromEntries(
      Object.entries({ ...commonResponses(route), ...toResponses(route) }).map(([status, response]) => [
        status,
        { ...response, headers: headersOf(route, status, shown) },
      ]),
    ),
  };
}

/** What is refused in any other form. */
const HEADER_FORMS: Readonly<Record<string, z.ZodType>> = {
  [IDEMPOTENCY_KEY]: z.string().regex(/^[\x21\x23-\x7e]{1,255}$/),
  'If-Match': z.string().regex(/^("\d{1,9}"|\*)$/),
};

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
      return {
        required: !route.body.safeParse(undefined).success,
        content: { 'application/json': { schema: route.body } },
      };
  }
}

/** Of a response, what this file writes. */
type Responses = Record<string, { readonly description: string; readonly content?: object }>;

function commonResponses(route: Route): Responses {
  const failure = (description: string, schema: z.ZodType = errorSchema) => ({
    description,
    content: { 'application/json': { schema } },
  });
  const hasParameters = [route.params, route.query].some(({ shape }) => Object.keys(shape).length > 0);
  const ofParameters: Responses = hasParameters
    ? { 422: failure('A parameter is not as described.', invalidSchema) }
    : {};
  const ofHeaders: Responses = Object.keys(route.requestHeaders ?? {}).some((name) => name in HEADER_FORMS)
    ? { 400: failure('A header is not as described.') }
    : {};
  const ofBody: Responses =
    route.bodyKind === 'none'
      ? {}
      : {
          400: failure('The body cannot be read.'),
          413: failure(
            route.bodyKind === 'file' ? 'The file is too large.' : 'The body is larger than 1 MB.',
          ),
          415: failure('The body is of another type.'),
        };
  if (route.access.kind === 'open') return { ...ofParameters, ...ofHeaders, ...ofBody };
  return {
    ...ofParameters,
    ...ofHeaders,
    ...ofBody,
    401: failure('No valid API key.'),
    403: failure('The key lacks the scope.'),
    429: failure('The plan’s limit is reached; repeat after `Retry-After` seconds.'),
    503: failure('The database or the workflow engine is away; repeat after `Retry-After` seconds.'),
  };
}

function toResponses(route: Route): Responses {
  return Object.fromEntries(
    Object.entries(route.responses).map(([status, { description, schema, mediaType }]) => {
      if (schema !== undefined) return [status, { description, content: { 'application/json': { schema } } }];
      if (mediaType === undefined) return [status, { description }];
      // A stream has no end at which a schema could be held against it.
      if (mediaType === 'text/event-stream') return [status, { description, content: { [mediaType]: {} } }];
      return [status, { description, content: { [mediaType]: { schema: { type: 'string' as const } } } }];
    }),
  );
}
