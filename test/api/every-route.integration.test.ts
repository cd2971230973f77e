import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { routes } from '../../api/routes';
import type { Route } from '../../api/route';
import { apiKeyRandomBytes, formatApiKey } from '../../pipeline/pure/api-key-format';
import { until } from '../support/until';
import { startTestApi, type TestAnswer, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

/** The path with every parameter filled by an id that does not exist. */
const example = (route: Route) => route.path.replace(/:\w+/g, 'unknown-id');
const title = (route: Route) => `${route.method} ${route.path}`;
const table = (some: readonly Route[]) => some.map((route) => [title(route), route] as const);

const keyRoutes = routes.filter((route) => route.access.kind === 'key');
const jsonRoutes = routes.filter((route) => route.bodyKind === 'json');

function expectError(answer: TestAnswer, status: number, code: string): void {
  expect([answer.status, answer.body?.code]).toEqual([status, code]);
  expect(answer.body.error).toEqual(expect.stringMatching(/\w/));
  expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
  expect(answer.text).not.toMatch(/\bat .*\.[jt]s:\d+|node_modules|select |insert /i);
}

describe.each(table(keyRoutes))('%s', (_title, route) => {
  it('answers 401 without a key', async () => {
    expectError(await api.call(route.method, example(route), { key: '' }), 401, 'unauthorized');
  });

  it.each([
    ['malformed', 'Bearer sk-test-nonsense'],
    ['unknown', `Bearer ${formatApiKey('test', randomBytes(apiKeyRandomBytes))}`],
    ['given in another scheme', 'Basic c2stdGVzdDo='],
  ])('answers 401 to a key that is %s', async (_what, authorization) => {
    const answer = await api.call(route.method, example(route), {
      headers: { Authorization: authorization },
    });
    expectError(answer, 401, 'unauthorized');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('answers 403 to a key without its scope', async () => {
    const { key } = await api.createAccount({ scopes: [] });
    expectError(await api.call(route.method, example(route), { key }), 403, 'scope_missing');
  });

  it('tells the rate limit', async () => {
    const { headers } = await api.call(route.method, example(route));
    for (const name of ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']) {
      expect(Number(headers.get(name))).toBeGreaterThan(0);
    }
  });
});

describe.each(table(jsonRoutes))('%s', (_title, route) => {
  it('answers 415 to another media type', async () => {
    const headers = { 'Content-Type': 'text/plain' };
    const answer = await api.call(route.method, example(route), { body: '{}', headers });
    expectError(answer, 415, 'unsupported_media_type');
  });

  it('answers 413 to more than 1 MB', async () => {
    const answer = await api.call(route.method, example(route), { body: `{"a":"${'x'.repeat(1_048_576)}"}` });
    expectError(answer, 413, 'body_too_large');
  });

  it('answers 400 to malformed JSON', async () => {
    expectError(await api.call(route.method, example(route), { body: '{"a":' }), 400, 'json_invalid');
  });

  it.each([[[]], ['"text"'], [1]])(
    'answers 422 with issues to the JSON %j, which is not an object',
    async (body) => {
      const answer = await api.call(route.method, example(route), { body });
      expect(answer.status).toBe(422);
      expect(answer.body.issues).toEqual(
        expect.arrayContaining([
          {
            path: expect.any(String),
            code: expect.any(String),
            message: expect.any(String),
            fix: expect.any(String),
          },
        ]),
      );
    },
  );

  it('names an unknown field', async () => {
    const answer = await api.call(route.method, example(route), { body: { no_such_field: 1 } });
    expect(answer.status).toBe(422);
    expect(answer.body.issues).toEqual(
      expect.arrayContaining([expect.objectContaining({ path: 'no_such_field', code: 'unknown_field' })]),
    );
  });
});

const onceRoutes = routes.filter(({ requestHeaders = {} }) => 'Idempotency-Key' in requestHeaders);

describe.each(table(onceRoutes))('%s', (_title, route) => {
  it('never ignores an unusable Idempotency-Key, also where nothing is to be done', async () => {
    const headers = { 'Idempotency-Key': 'two words' };
    const body = route.bodyKind === 'json' ? { dryRun: true } : undefined;
    const answer = await api.call(route.method, example(route), { headers, body });
    expectError(answer, 400, 'idempotency_key_invalid');
  });
});

const idRoutes = keyRoutes.filter(({ path }) => path.includes(':'));

describe.each(table(idRoutes))('%s', (_title, route) => {
  it('answers 422 to an id with U+0000, which no database text can hold', async () => {
    const path = route.path.replace(/:\w+/g, 'a%00b');
    const body = route.bodyKind === 'json' ? {} : undefined;
    expectError(await api.call(route.method, path, { body }), 422, 'request_invalid');
  });
});

describe.each(table(jsonRoutes))('%s', (_title, route) => {
  it.each(['\\u0000', '\\ud800'])('answers 422 to a text with %s', async (character) => {
    const answer = await api.call(route.method, example(route), { body: `{"name": "${character}"}` });
    expect(answer.body.issues).toEqual([expect.objectContaining({ code: 'json_text_invalid' })]);
  });
});

describe.each(table(routes))('%s', (_title, route) => {
  it('answers 405 with Allow to another method', async () => {
    const answer = await api.call('PATCH', example(route));
    expectError(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')?.split(', ')).toContain(route.method);
  });

  it('is described in OpenAPI under its own operation id', async () => {
    const { body } = await api.call('GET', '/openapi.json');
    const described = body.paths[route.path.replace(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()];
    expect(described).toMatchObject({ operationId: route.operationId, summary: expect.stringMatching(/\w/) });
    expect(Object.keys(described.responses)).toEqual(expect.arrayContaining(Object.keys(route.responses)));
  });
});

describe('the API', () => {
  it('answers 404 to an unknown route', async () => {
    expectError(await api.call('GET', '/api/v1/nothing'), 404, 'route_not_found');
  });

  it('answers 400 to a path that is not well encoded', async () => {
    expectError(await api.call('GET', '/api/v1/assets/%E0%A4%A'), 400, 'request_malformed');
  });

  it('keeps a well-formed request id and replaces any other', async () => {
    const kept = await api.call('GET', '/livez', { headers: { 'X-Request-Id': 'my-id.1' } });
    expect(kept.headers.get('x-request-id')).toBe('my-id.1');
    const replaced = await api.call('GET', '/livez', { headers: { 'X-Request-Id': 'bad id' } });
    expect(replaced.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('answers 400 in the envelope to a request without a host', async () => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    socket.end('GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n');
    const answer = (await socket.setEncoding('utf8').toArray()).join('');
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*\r\n\r\n\{"error":".*","code":"request_malformed"/);
  });

  it('tells what a path allows', async () => {
    const answer = await api.call('OPTIONS', '/api/v1/api-keys', { key: '' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([204, 'POST, GET, HEAD']);
  });

  it('has unique operation ids', () => {
    expect(new Set(routes.map((route) => route.operationId)).size).toBe(routes.length);
  });

  it('is alive, and ready with database and Temporal', async () => {
    expect((await api.call('GET', '/livez', { key: '' })).body).toEqual({ status: 'alive' });
    // What has not answered within a second counts as away.
    let ready = await api.call('GET', '/readyz', { key: '' });
    await until(async () => (ready = await api.call('GET', '/readyz', { key: '' })).status === 200);
    expect(ready.body).toEqual({ status: 'ready', checks: { database: 'ok', temporal: 'ok' } });
  });

  it('serves its docs page from its own files', async () => {
    const page = await api.call('GET', '/docs', { key: '' });
    expect(page.text).not.toMatch(/https?:\/\//);
    for (const [, file] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await api.call('GET', file ?? '', { key: '' })).status).toBe(200);
    }
  });
});
