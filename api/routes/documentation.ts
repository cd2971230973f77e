import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { notFound } from '../api-error';
import { createOpenApiDocument } from '../openapi';
import { defineOpenRoute, noBody, noParameters, type Route } from '../route';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Everframe API</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`;

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, tryItOutEnabled: true });\n`;

const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

const common = { tag: 'documentation', bodyKind: 'none', query: noParameters, body: noBody } as const;

/** Describes the table that it is itself a part of, so that is handed over late. */
export function documentationRoutes(allRoutes: () => readonly Route[]): readonly Route[] {
  let document: string | undefined;
  const getOpenApi = defineOpenRoute({
    ...common,
    method: 'GET',
    path: '/openapi.json',
    operationId: 'getOpenApi',
    summary: 'This description',
    params: noParameters,
    responses: { 200: { description: 'OpenAPI 3.1.', schema: z.record(z.string(), z.unknown()) } },
    handle: async (_input, { response, dependencies }) => {
      document ??= JSON.stringify(createOpenApiDocument(allRoutes(), dependencies.settings.publicUrl));
      response
        .set({ 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-cache' })
        .send(document);
      return 'sent';
    },
  });
  return [getOpenApi, getDocsPage, getDocsFile];
}

const getDocsPage = defineOpenRoute({
  ...common,
  method: 'GET',
  path: '/docs',
  operationId: 'getDocs',
  summary: 'This description as a page to read and try',
  params: noParameters,
  responses: { 200: { description: 'The page.', mediaType: 'text/html' } },
  handle: async (_input, { response }) => {
    response.set({ 'Content-Security-Policy': POLICY }).type('html').send(PAGE);
    return 'sent';
  },
});

const getDocsFile = defineOpenRoute({
  ...common,
  method: 'GET',
  path: '/docs/:file',
  operationId: 'getDocsFile',
  summary: 'Scripts and styles of the page, served from here: nothing is loaded from elsewhere',
  params: z.object({ file: z.string() }),
  responses: {
    200: { description: 'The file.', mediaType: '*/*' },
    404: { description: 'No such file.' },
  },
  handle: async ({ params }, { response }) => {
    if (params.file === 'start.js') {
      response.type('text/javascript').send(START);
      return 'sent';
    }
    const type = Object.hasOwn(FILES, params.file) ? FILES[params.file] : undefined;
    if (type === undefined) throw notFound('route_not_found', 'The docs have no such file.');
    const folder = path.dirname(require.resolve('swagger-ui-dist/package.json'));
    const bytes = await readFile(path.join(folder, params.file));
    response.set({ 'Content-Type': type, 'Cache-Control': 'public, max-age=3600' }).send(bytes);
    return 'sent';
  },
});
