import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { routes } from '../../api/routes';
import { tools } from '../../cli/mcp/tools';
import { additions, operations, type Face } from '../../cli/operations';
import { createProgram } from '../../cli/run-cli';
import { createEverframeClient } from '../../client/everframe-client';
import { FakeApi } from './support/fake-api';
import { runCommand } from './support/run-command';

type Side = keyof typeof additions;

const workflowId = `wf_${'0'.repeat(32)}`;
const base = 'http://api.example';

/** Every name that the table gives on one face. */
const namesOn = (side: Side) => [
  ...new Set([...Object.values(operations).flatMap((faces) => nameOf(faces[side])), ...additions[side]]),
];
const nameOf = (face: Face) => (typeof face === 'string' ? [face] : []);
const on = (side: Side) =>
  Object.entries(operations).flatMap(([id, faces]) =>
    nameOf(faces[side]).map((name): readonly [string, string] => [id, name]),
  );

/** `METHOD path` of a route, as an expression for what was sent. */
function routeOf(operationId: string): RegExp {
  const route = routes.find((each) => each.operationId === operationId);
  return new RegExp(`^${route?.method} ${route?.path.replace(/:\w+/g, '[^/?]+')}$`);
}

/** A client that asks nobody, and what it would have asked. */
function recordingClient() {
  const sent: string[] = [];
  const answer = { data: [], secret: 'whsec_1', url: `${base}/api/v1/assets/ast_1/content` };
  const client = createEverframeClient({
    baseUrl: base,
    apiKey: 'sk-test-1',
    sleep: () => Promise.reject(new Error('Nothing may be repeated.')),
    fetch: async (url, request) => {
      const asked = new Request(url, request);
      sent.push(`${asked.method} ${new URL(asked.url).pathname}`);
      return Response.json(answer);
    },
  });
  return { client, sent };
}

function methodsOf(value: object, prefix = ''): readonly (readonly [string, () => unknown])[] {
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
    typeof member === 'function'
      ? [[`${prefix}${name}`, () => Reflect.apply(member, value, ['a', 'b', 'c', 'd']) as unknown] as const]
      : typeof member === 'object' && member !== null
        ? methodsOf(member, `${prefix}${name}.`)
        : [],
  );
}

const program = createProgram(
  {
    environment: {},
    workingFolder: '.',
    stdout: { write: () => undefined },
    stderr: { write: () => undefined },
    onInterrupt: () => new AbortController().signal,
  },
  () => undefined,
);

/** Commands that do something, by their words. */
function leavesOf(command: Command, words: readonly string[] = []): ReadonlyMap<string, Command> {
  const own = command.commands.flatMap((child) => [...leavesOf(child, [...words, child.name()])]);
  return new Map(command.commands.length === 0 ? [[words.join(' '), command]] : own);
}
const commands = leavesOf(program);

describe('the list of operations', () => {
  it('has a line for every route, and none besides', () => {
    expect(Object.keys(operations).sort()).toEqual(routes.map(({ operationId }) => operationId).sort());
  });

  it('says why wherever an operation is not on a face', () => {
    for (const face of Object.values(operations).flatMap(({ client, cli, mcp }) => [client, cli, mcp]))
      expect(typeof face === 'string' ? face : face.notHere).toMatch(/\w{3}/);
  });

  it('names every method of the client', () => {
    const methods = methodsOf(recordingClient().client).map(([name]) => name);
    expect(methods.sort()).toEqual(namesOn('client').sort());
  });

  it('names every command', () => {
    expect([...commands.keys()].sort()).toEqual(namesOn('cli').sort());
  });

  it('names every tool of the MCP server', () => {
    expect(tools.map(({ name }) => name).sort()).toEqual(namesOn('mcp').sort());
  });
});

describe('the client', () => {
  it.each(on('client'))('sends %s by %s', async (operationId, name) => {
    const { client, sent } = recordingClient();
    const call = new Map(methodsOf(client)).get(name);
    const result = call?.();
    const first = isGenerator(result) ? result.next() : result;
    await Promise.resolve(first).catch(() => undefined);
    expect(sent).toContainEqual(expect.stringMatching(routeOf(operationId)));
  });
});

function isGenerator(value: unknown): value is AsyncGenerator {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

describe('the MCP server', () => {
  const values: Readonly<Record<string, unknown>> = {
    ...{ executionId: 'exe_1', workflowId, reviewId: 'rev_1', deadLetterId: 'dl_1', assetId: 'ast_1' },
    ...{ templateId: 'one', slug: 'poster', type: 'image', name: 'One', metric: 'clicks', value: 1 },
    ...{
      decision: 'approve',
      inputs: {},
      nodes: [],
      edges: [],
      waitSeconds: 0,
      from: '2026-11-01T00:00:00Z',
    },
  };
  /** What fits elsewhere and not here. */
  const exceptions: Readonly<Record<string, object>> = { decide_review: { value: 'text' } };

  it.each(on('mcp'))('sends %s by %s', async (operationId, name) => {
    const tool = tools.find((each) => each.name === name);
    const fields = Object.keys(tool?.input.shape ?? {}).filter((field) => field in values);
    const input = Object.fromEntries(fields.map((field) => [field, values[field]]));
    const { client, sent } = recordingClient();
    await tool?.run(client, { ...input, ...exceptions[name] });
    expect(sent).toContainEqual(expect.stringMatching(routeOf(operationId)));
  });
});

describe('the command line', () => {
  let api: FakeApi;
  const folder = mkdtempSync(join(tmpdir(), 'everframe-operations-'));
  const graph = { name: 'One', nodes: [], edges: [] };

  beforeAll(async () => {
    api = await FakeApi.start();
    writeFileSync(join(folder, 'graph.json'), JSON.stringify(graph));
    writeFileSync(join(folder, 'saved.json'), JSON.stringify({ workflowId, ...graph }));
  });
  beforeEach(() => api.reset());
  afterAll(async () => {
    await api.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** By the name of an argument or option. */
  const values: Readonly<Record<string, string>> = {
    ...{ workflow: workflowId, 'graph.json|workflowId': 'graph.json', file: 'graph.json', credits: '5' },
    ...{ variable: 'FAL_KEY', host: 'cms.example.com' },
    ...{ provider: 'fal', value: '1', cron: '0 9 * * *', name: 'one', plan: 'free' },
    ...{ from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' },
  };
  /** Operations that share a command with another one. */
  const others: Readonly<Record<string, readonly string[]>> = {
    saveWorkflow: ['workflows', 'push', 'saved.json'],
    getNodeType: ['nodes', 'generate:flux_2_pro'],
    redriveDeadLetters: ['dead-letters', 'redrive', '--provider', 'fal'],
    redriveDeadLetter: ['dead-letters', 'redrive', 'dl_1'],
    streamExecutionEvents: ['logs', 'exe_1', '-f'],
    getAssetContent: ['assets', 'get', 'ast_1', '--out', 'picture.png'],
  };

  function wordsFor(operationId: string, name: string): readonly string[] {
    const command = commands.get(name);
    const given = command?.registeredArguments.filter(({ required }) => required) ?? [];
    const needed = command?.options.filter(({ mandatory }) => mandatory) ?? [];
    return (
      others[operationId] ?? [
        ...name.split(' '),
        ...given.map((argument) => values[argument.name()] ?? 'some-id'),
        ...needed.flatMap((option) => [option.long ?? '', values[option.attributeName()] ?? '']),
      ]
    );
  }

  const run = (words: readonly string[]) =>
    runCommand(words, {
      environment: { EVERFRAME_API_URL: api.url, EVERFRAME_API_KEY: 'sk-live-1', FAL_KEY: 'a-key' },
      workingFolder: folder,
    });
  const sent = () => api.requests.map(({ method, path }) => `${method} /api/v1${path.split('?')[0]}`);

  it.each(on('cli'))('sends %s by "%s", and tells a refusal in one JSON document', async (id, name) => {
    const asset = { assetId: 'ast_1', url: `${api.url}/api/v1/assets/ast_1/content` };
    if (id === 'getAssetContent') api.on('GET /assets/ast_1', { status: 200, body: asset });
    const refused = await run([...wordsFor(id, name), '--json']);
    expect(sent()).toContainEqual(expect.stringMatching(routeOf(id)));
    expect(refused.json()).toMatchObject({ error: expect.any(String), code: 'execution_not_found' });
    expect(refused.exitCode).toBe(2);
  });

  it.each(on('cli'))('ends %s by "%s" with 3 when the server fails', async (id, name) => {
    const failed = { status: 500, body: { error: 'A fault.', code: 'internal_error', requestId: 'req_1' } };
    const asked = wordsFor(id, name);
    await run(asked);
    for (const { method, path } of [...api.requests]) api.on(`${method} ${path.split('?')[0]}`, failed);
    const { exitCode, stdout, stderr } = await run(asked);
    expect([exitCode, stdout]).toEqual([3, '']);
    expect(stderr).toContain('A fault.');
  });

  it.each([...commands.keys()].map((name) => [name]))('explains "%s" with --help', async (name) => {
    const { exitCode, stdout } = await run([...name.split(' '), '--help']);
    expect(exitCode).toBe(0);
    expect(commands.get(name)?.description()).toMatch(/\w{2}/);
    expect(stdout).toContain('Exit codes:');
  });
});
