import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { findProvider, providers } from '../../../activities/providers';
import type { Provider, QueueOperation, SyncOperation } from '../../../activities/providers/provider';
import { ProviderError } from '../../../activities/providers/provider-error';
import type { CandidateDefinition } from '../../../pipeline/node-definition';
import { nodeDefinitions } from '../../../pipeline/nodes';
import { PROVIDER_CREDENTIALS } from '../../../pipeline/provider-credentials';
import { anOperationRequest, aProviderCall, CREDENTIAL, guardedFetch } from './a-provider-call';
import { contractAnswers, type OperationAnswers } from './contract-answers';
import { ScriptedServer, type ScriptedAnswer } from './scripted-server';

interface Entry {
  readonly name: string;
  readonly provider: Provider;
  readonly operation: SyncOperation | QueueOperation;
  readonly answers: OperationAnswers;
}

const entries = providers.flatMap((provider) =>
  Object.entries(provider.operations).map(([name, operation]): Entry => {
    const answers = contractAnswers[provider.id]?.[name];
    if (answers === undefined) throw new Error(`contract-answers.ts has nothing for ${provider.id} ${name}`);
    return { name: `${provider.id} ${name}`, provider, operation, answers };
  }),
);
const queues = entries.filter(({ operation }) => operation.kind === 'queue');

const MALFORMED: readonly unknown[] = [
  '',
  '{',
  'null',
  '[]',
  '42',
  '"text"',
  '<html></html>',
  Buffer.from([0xff, 0xfe, 0x00]),
  {},
  { id: null, request_id: 7, status: [], choices: 'x', detail: [[]], error: { code: {} }, output: 1 },
  { status: 'COMPLETED', error: { a: 1 }, choices: [null], id: '../..', data_removed: 'yes' },
];

let server: ScriptedServer;
const servers: ScriptedServer[] = [];

beforeEach(async () => {
  server = await new ScriptedServer().listen();
  servers.push(server);
});

afterAll(async () => {
  await guardedFetch.close();
  await Promise.all(servers.map((each) => each.close()));
});

/** Starts the operation: submits the job, or makes the call. */
function start({ provider, operation, answers }: Entry, signal?: AbortSignal): Promise<unknown> {
  const request = anOperationRequest({ model: answers.model });
  const call = aProviderCall(provider, server.url, signal === undefined ? {} : { signal });
  return operation.kind === 'queue' ? operation.submit(request, call) : operation.call(request, call);
}

async function check(
  entry: Entry,
  answers: readonly (ScriptedAnswer | (() => ScriptedAnswer))[],
  signal?: AbortSignal,
): Promise<unknown> {
  const operation = entry.operation as QueueOperation;
  server.answer(entry.answers.accepted);
  const call = aProviderCall(entry.provider, server.url);
  const handle = await operation.submit(anOperationRequest({ model: entry.answers.model }), call);
  server.answer(...answers);
  return operation.check(handle, signal === undefined ? call : { ...call, signal });
}

/** The usual way: one of the headers holds the key as it is. */
function holdsCredential(headers: IncomingHttpHeaders): boolean {
  return Object.values(headers).some((value) => String(value).includes(CREDENTIAL));
}

async function errorOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    (value) => new Error(`resolved to ${inspect(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw new Error(`expected a ProviderError, got ${inspect(error)}`);
  return error;
}

describe('the registry', () => {
  it('lists every file that declares a provider, under the file’s name', () => {
    const folder = join(__dirname, '../../../activities/providers');
    const declared = readdirSync(folder).filter((file) =>
      /^export const \w+ = defineProvider\(/m.test(readFileSync(join(folder, file), 'utf8')),
    );
    expect(providers.map(({ id }) => `${id}.ts`)).toEqual(declared.sort());
  });

  it('finds a provider by its id, and none by another', () => {
    expect(providers.map(({ id }) => findProvider(id))).toEqual(providers);
    expect(findProvider('acme')).toBeUndefined();
  });

  it('asks for the credentials that the API goes by', () => {
    expect(PROVIDER_CREDENTIALS).toEqual(
      Object.fromEntries(providers.map(({ id, credentialVariable }) => [id, credentialVariable])),
    );
  });

  it('serves every candidate of the catalog by an operation of its kind', () => {
    const candidates = nodeDefinitions.flatMap(({ implementation }): readonly CandidateDefinition[] =>
      implementation.kind === 'provider' ? implementation.candidates : [],
    );
    expect(candidates.length).toBeGreaterThan(0);
    const unserved = candidates.filter(
      ({ provider, operation, execution }) =>
        findProvider(provider)?.operations[operation]?.kind !== execution,
    );
    expect(unserved.map(({ provider, operation }) => `${provider} ${operation}`)).toEqual([]);
  });

  it.each(providers)('gives $id upload when its media go there', ({ mediaWithoutUrl, upload }) => {
    expect(mediaWithoutUrl !== 'upload' || upload !== undefined).toBe(true);
  });
});

describe.each(entries)('$name', (entry) => {
  const { answers, operation } = entry;

  it('takes the documented answer', async () => {
    server.answer(answers.accepted);
    await expect(start(entry)).resolves.toBeDefined();
    expect(server.seen.length).toBe(1);
    const { isAuthorised = holdsCredential } = answers;
    expect(isAuthorised(server.seen[0]?.headers ?? {})).toBe(true);
  });

  it('reports a 429 as rate_limited with the delay', async () => {
    server.answer({ ...answers.error(429, 'Too many requests'), headers: { 'retry-after': '2' } });
    expect(await errorOf(start(entry))).toMatchObject({ kind: 'rate_limited', retryAfterMs: 2_000 });
  });

  it('reports a 401 as authentication, naming the variable', async () => {
    server.answer(answers.error(401, 'No.'));
    const error = await errorOf(start(entry));
    expect([error.kind, error.message]).toEqual([
      'authentication',
      expect.stringContaining(entry.provider.credentialVariable),
    ]);
  });

  it('reports a 503 as definitely not accepted', async () => {
    server.answer(answers.error(503, 'Busy'));
    expect((await errorOf(start(entry))).kind).toBe('unavailable');
  });

  it('does not know the fate of a request that a gateway lost', async () => {
    for (const answer of [
      { status: 504, body: '<html>' },
      { status: 502 },
      { instead: 'hang_up' } as const,
    ]) {
      server.answer(answer);
      expect((await errorOf(start(entry))).kind).toBe('ambiguous');
    }
  });

  it('knows that nothing was sent when nobody listens', async () => {
    await server.close();
    servers.splice(servers.indexOf(server), 1);
    const request = anOperationRequest({ model: answers.model });
    const call = aProviderCall(entry.provider, 'http://127.0.0.1:1');
    const started =
      operation.kind === 'queue' ? operation.submit(request, call) : operation.call(request, call);
    expect((await errorOf(started)).kind).toBe('unavailable');
  });

  it.each([200, 400, 422, 429, 500])('makes a provider’s error of every malformed %d', async (status) => {
    for (const body of MALFORMED) {
      server.answer({ status, body });
      const outcome = await start(entry).catch((error: unknown) => error);
      if (status !== 200 || outcome instanceof Error) expect(outcome).toBeInstanceOf(ProviderError);
    }
  });

  it('keeps key, signed URLs and the provider’s words where they belong', async () => {
    const echo = `bad key ${CREDENTIAL} at https://files.example/x?sig=SIGNED123`;
    for (const status of [400, 401, 422, 500]) {
      server.answer(answers.error(status, echo));
      const error = await errorOf(start(entry));
      const seen = [error.message, error.detail, error.stack, JSON.stringify(error), inspect(error)].join(
        '\n',
      );
      expect(seen).not.toMatch(/key-id-1234|key-secret-5678|SIGNED123/);
      expect(error.message).not.toContain('bad key');
      expect(error.detail?.length ?? 0).toBeLessThanOrEqual(500);
    }
  });

  it('stops waiting when it is aborted, and does not know what became of it', async () => {
    const controller = new AbortController();
    server.answer({ instead: 'silence' });
    server.onRequest = () => controller.abort();
    expect((await errorOf(start(entry, controller.signal))).kind).toBe('ambiguous');
  });

  it('sends nothing and passes on the reason when it was aborted before', async () => {
    const reason = new Error('cancelled');
    await expect(start(entry, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(server.seen).toEqual([]);
  });
});

describe.each(queues)('a job of $name', (entry) => {
  const { answers, provider } = entry;
  const { pending = {}, done = [] } = answers;

  it('has a handle of less than 1 KB of JSON that survives storage', async () => {
    server.answer(answers.accepted);
    const handle = await start(entry);
    const json = JSON.stringify(handle);
    expect(json.length).toBeLessThan(1_024);
    expect(JSON.parse(json)).toEqual(handle);
  });

  it('is pending, then succeeds', async () => {
    expect(await check(entry, [pending])).toMatchObject({ status: 'pending' });
    expect(await check(entry, done)).toMatchObject({
      status: 'succeeded',
      reply: { body: expect.anything() },
    });
  });

  it.each([408, 429, 500, 502, 503, 504])('outlives a %d while it is polled', async (status) => {
    const failing = answers.error(status, 'Busy');
    for (let step = 0; step < done.length; step += 1) {
      const error = await errorOf(check(entry, [...done.slice(0, step), failing]));
      expect(['rate_limited', 'unavailable']).toContain(error.kind);
    }
  });

  it('outlives lost connections and unreadable answers while it is polled', async () => {
    for (const answer of [
      { instead: 'hang_up' } as const,
      ...MALFORMED.slice(0, 8).map((body) => ({ body })),
    ]) {
      expect((await errorOf(check(entry, [answer]))).kind).toBe('unavailable');
    }
  });

  it('is never taken for something by a malformed answer', async () => {
    for (const body of MALFORMED) {
      const outcome = await check(entry, [{ body }]).catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(ProviderError);
    }
  });

  it('gives up the poll with the signal’s reason when it is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const abort = (): ScriptedAnswer => {
      controller.abort(reason);
      return { instead: 'silence' };
    };
    const polled = check(entry, [abort], controller.signal);
    await expect(polled).rejects.toBe(reason);
  });

  it('can be cancelled, also when the provider does not know it any more', async () => {
    const operation = entry.operation as QueueOperation;
    server.answer(answers.accepted);
    const call = aProviderCall(provider, server.url);
    const handle = await operation.submit(anOperationRequest({ model: answers.model }), call);
    for (const status of [200, 404]) {
      server.answer({ status, body: {} });
      await operation.cancel?.(handle, call);
    }
  });
});
