import type { Request, Response } from 'express';
import { z } from 'zod';
import { guardJson } from '../pipeline/json-guard';
import { unprocessable, type Issue } from './api-error';
import type { Caller } from './caller';
import type { ApiDependencies } from './dependencies';
import type { Scope } from './scopes';
import { zodIssues } from './zod-issues';

/** What every handler gets besides its own parsed input. */
export interface RequestContext {
  readonly requestId: string;
  /** Aborts when the client goes away or the server shuts down. */
  readonly signal: AbortSignal;
  readonly request: Request;
  readonly response: Response;
  readonly dependencies: ApiDependencies;
}

/** On routes that need a key. */
export type CallerContext = RequestContext & { readonly caller: Caller };

export interface RouteInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

/** A finished answer, or `sent` where the handler wrote to the response itself (streams). */
export type Reply =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | 'sent';

export type RouteResponses = Readonly<
  Record<number, { readonly description: string; readonly schema?: z.ZodType; readonly mediaType?: string }>
>;

interface RouteBase {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Express path, with its base. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  /** `raw`: the bytes as they came, any content type. `file`: not read; the handler streams it to disk. */
  readonly bodyKind: 'none' | 'json' | 'raw' | 'file';
  /** Request headers that mean something here, with what they do; for OpenAPI. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly responses: RouteResponses;
  /** Pages of any origin may call it: it needs nothing that a browser would add by itself. */
  readonly isOpenToBrowsers?: true;
}

/** One operation: routing, method checks, authentication, validation and OpenAPI all come from this one value. */
export interface Route extends RouteBase {
  /** A Bearer key with `scope`; or open, or secured by what is in the URL. */
  readonly access: { readonly kind: 'key'; readonly scope: Scope } | { readonly kind: 'open' };
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodType;
  /** Parses the input and answers. @throws ApiError 422 `request_invalid` naming every fault. */
  readonly run: (context: RequestContext, body: unknown, caller: Caller | undefined) => Promise<Reply>;
}

interface InputSchemas<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

/** No parameters, no query. Unknown query parameters are ignored, as proxies and browsers add their own. */
export const noParameters = z.object({});
export const noBody = z.unknown();

/** Declares a route that needs a key; the table routes/index.ts lists it. */
export function defineKeyRoute<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>(
  definition: RouteBase &
    InputSchemas<Params, Query, Body> & {
      readonly scope: Scope;
      /** Faults beyond the body's own schema, asked for when that has failed, so that all are told at once. */
      readonly furtherIssues?: (body: unknown, context: CallerContext) => Promise<readonly Issue[]>;
      readonly handle: (
        input: RouteInput<z.infer<Params>, z.infer<Query>, z.infer<Body>>,
        context: CallerContext,
      ) => Promise<Reply>;
    },
): Route {
  const { handle, scope, furtherIssues, ...rest } = definition;
  return {
    ...rest,
    access: { kind: 'key', scope },
    run: async (context, body, caller) => {
      if (caller === undefined)
        throw new Error(`${definition.operationId} was reached without authentication.`);
      const callerContext = { ...context, caller };
      const further = async () => (await furtherIssues?.(body, callerContext)) ?? [];
      return handle(await parseInput(definition, context, body, further), callerContext);
    },
  };
}

/** Declares a route that anyone may call. */
export function defineOpenRoute<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodType,
>(
  definition: RouteBase &
    InputSchemas<Params, Query, Body> & {
      readonly handle: (
        input: RouteInput<z.infer<Params>, z.infer<Query>, z.infer<Body>>,
        context: RequestContext,
      ) => Promise<Reply>;
    },
): Route {
  const { handle, ...rest } = definition;
  return {
    ...rest,
    access: { kind: 'open' },
    run: async (context, body) =>
      handle(await parseInput(definition, context, body, async () => []), context),
  };
}

async function parseInput<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>(
  schemas: InputSchemas<Params, Query, Body>,
  context: RequestContext,
  rawBody: unknown,
  furtherIssues: () => Promise<readonly Issue[]>,
): Promise<RouteInput<z.infer<Params>, z.infer<Query>, z.infer<Body>>> {
  const params = schemas.params.safeParse(context.request.params);
  const query = schemas.query.safeParse(context.request.query);
  const body = schemas.body.safeParse(rawBody);
  // A body has been looked at before; these come as they are.
  const unstorable = [...guardJson(params.data, ['path']), ...guardJson(query.data, ['query'])];
  if (params.success && query.success && body.success && unstorable.length === 0) {
    return { params: params.data, query: query.data, body: body.data };
  }
  const issues = [
    ...unstorable,
    ...zodIssues(params.error, 'path'),
    ...zodIssues(query.error, 'query'),
    ...zodIssues(body.error, ''),
    ...(body.success ? [] : await furtherIssues()),
  ];
  const count = issues.length === 1 ? 'one fault' : `${issues.length} faults`;
  throw unprocessable('request_invalid', `The request has ${count}; see issues.`, issues);
}
