import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { createApp } from '../../../api/app';
import type { ApiDependencies, ApiSettings } from '../../../api/dependencies';
import { createHttpServer } from '../../../api/http/create-http-server';
import { hashKey } from '../../../api/http/authenticate';
import { createRateLimits } from '../../../api/http/rate-limits';
import { createApiMetrics } from '../../../api/metrics';
import { SCOPES, type Scope } from '../../../api/scopes';
import { connectTemporal, type TemporalExecutions } from '../../../api/temporal-executions';
import { apiKeyRandomBytes, formatApiKey } from '../../../pipeline/pure/api-key-format';
import { createLocalAssetStore } from '../../../store/assets/local-asset-store';
import type { Database } from '../../../store/database/database';
import { accounts } from '../../../store/database/accounts';
import { credits } from '../../../store/database/credits';
import { openExecutionListener, type ExecutionListener } from '../../../store/database/execution-listener';
import { keys } from '../../../store/database/keys';
import { newId } from '../../../store/ids';
import type { Mode } from '../../../workflows/contract';
import { openTestStore } from '../../support/test-database';

export interface TestAccount {
  readonly accountId: string;
  readonly key: string;
}

export interface TestRequest {
  readonly key?: string;
  /** Sent as JSON unless it is text or bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; `{}` where it is not JSON. Tests read it freely and check it with expect. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface TestApi {
  readonly url: string;
  /** Without workers, unless a test has one. */
  readonly taskQueue: string;
  readonly dependencies: ApiDependencies;
  /** Of the account that `call` uses unless another key is given. */
  readonly account: TestAccount;
  call(method: string, path: string, request?: TestRequest): Promise<TestAnswer>;
  createAccount(options?: {
    /** A further key of this account; a new account unless given. */
    readonly accountId?: string;
    readonly plan?: string;
    readonly mode?: Mode;
    readonly scopes?: readonly Scope[];
    readonly credits?: number;
    readonly expiresAt?: Date;
  }): Promise<TestAccount>;
  close(): Promise<void>;
}

export interface TestApiOptions {
  /** Stands between the routes and the real Temporal. */
  readonly temporal?: (real: TemporalExecutions) => TemporalExecutions;
  /** Takes the place of the database for the routes; accounts are still made in the real one. */
  readonly database?: (real: Database) => Database;
  readonly listener?: (real: ExecutionListener) => ExecutionListener;
  readonly settings?: Partial<ApiSettings>;
  readonly triggersPerMinute?: number;
}

/** An API of its own on an empty database, the real Temporal server and a task queue without workers: runs stay open. */
export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const database = await openTestStore();
  const folder = await mkdtemp(path.join(tmpdir(), 'everframe-api-'));
  const shutdown = new AbortController();
  const server = createHttpServer();
  const url = await listen(server);
  const taskQueue = `test-${randomBytes(6).toString('hex')}`;
  const temporal = connectTemporal({
    address: process.env['TEMPORAL_ADDRESS'] ?? '',
    namespace: 'default',
    taskQueue,
    // No sweeper of its own would mend what a server that stands still for some seconds has not done.
    callTimeoutMs: 30_000,
  });
  const listener = openExecutionListener(database);
  const dependencies: ApiDependencies = {
    database,
    assetStore: createLocalAssetStore(folder),
    temporal: options.temporal?.(temporal) ?? temporal,
    listener: options.listener?.(listener) ?? listener,
    rateLimits: createRateLimits(database.pool, {
      triggersPerMinute: options.triggersPerMinute ?? 1_000,
    }),
    metrics: createApiMetrics(),
    logger: pino({ level: process.env['EVERFRAME_TEST_LOG'] ?? 'silent' }),
    clock: Date.now,
    shutdown: shutdown.signal,
    settings: {
      publicUrl: url,
      assetSecrets: ['a secret of the tests, long enough to be one'],
      graphLimits: { nodesMax: 100, edgesMax: 500 },
      uploadLimits: { bytesMax: 2_000_000, durationSecondsMax: 5 },
      liveProviders: [],
      ...options.settings,
    },
  };
  server.on('request', createApp({ ...dependencies, database: options.database?.(database) ?? database }));
  const createAccount = accountFactory(dependencies);
  const account = await createAccount();
  return {
    url,
    taskQueue,
    dependencies,
    account,
    createAccount,
    call: (method, requestPath, request = {}) =>
      call(url, method, requestPath, { key: account.key, ...request }),
    close: async () => {
      shutdown.abort();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await listener.close();
      await temporal.close();
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function listen(server: ReturnType<typeof createHttpServer>): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(`http://127.0.0.1:${address.port}`);
    });
  });
}

/** Makes accounts with their keys, in the database itself. */
export function accountFactory({ database }: Pick<ApiDependencies, 'database'>): TestApi['createAccount'] {
  return async ({
    accountId = newId('acc'),
    plan = 'self_hosted',
    mode = 'test',
    scopes = SCOPES,
    credits: amount = 100_000,
    expiresAt,
  } = {}) => {
    await accounts.ensure(database, { id: accountId, name: 'Test', plan });
    if (amount > 0)
      await credits.grant(database, {
        accountId,
        mode,
        credits: amount,
        grantKey: `grant/${accountId}/${mode}`,
      });
    const key = formatApiKey(mode, randomBytes(apiKeyRandomBytes));
    const hash = hashKey(key);
    await keys.register(database, {
      accountId,
      mode,
      name: 'test',
      hash,
      last4: key.slice(-4),
      scopes,
      expiresAt,
    });
    return { accountId, key };
  };
}

async function call(
  url: string,
  method: string,
  requestPath: string,
  request: TestRequest,
): Promise<TestAnswer> {
  const { key, body, signal } = request;
  const headers: Record<string, string> = { ...request.headers };
  if (key !== undefined && key !== '') headers['Authorization'] ??= `Bearer ${key}`;
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  if (body !== undefined) headers['Content-Type'] ??= 'application/json';
  const payload = body === undefined ? undefined : isRaw ? Buffer.from(body) : JSON.stringify(body);
  const response = await fetch(`${url}${requestPath}`, { method, headers, body: payload, signal });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

function parse(text: string): ReturnType<typeof JSON.parse> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
