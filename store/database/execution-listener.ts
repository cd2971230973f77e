import { sql } from 'kysely';
import { Client } from 'pg';
import type { Database } from './database';

/** One LISTEN connection per process that tells waiting polls when an execution changed. */
export interface ExecutionListener {
  /**
   * Resolves true as soon as the execution's revision is above `afterRevision`, false after `timeoutMs`, when the signal
   * aborts or the listener closes. Never rejects: while the connection is down it looks once a second.
   * @param until `settled`: only once it has ended or waits for its owner; the changes before that wake nobody
   */
  waitForChange(
    executionId: string,
    afterRevision: number,
    timeoutMs: number,
    signal?: AbortSignal,
    until?: 'changed' | 'settled',
  ): Promise<boolean>;
  /** Ends all waits. */
  close(): Promise<void>;
}

/** Channel that `record_event` notifies; the payload is `<execution id> <revision> <status>`. */
const EXECUTION_CHANNEL = 'everframe_execution';
const defaultLookEveryMs = 1_000;
/** While connected, notifications come by themselves; a look now and then covers a connection that died silently. */
const looksSkippedWhenConnected = 4;

/**
 * Connects in the background and reconnects for ever.
 * @param options.lookEveryMs how often waiting executions are looked up while the connection is down, 1000 unless given
 */
export function openExecutionListener(
  database: Database,
  options: { readonly lookEveryMs?: number } = {},
): ExecutionListener {
  return new PostgresExecutionListener(database, options.lookEveryMs ?? defaultLookEveryMs);
}

interface Waiter {
  readonly afterRevision: number;
  readonly until: 'changed' | 'settled';
  readonly resolve: (hasChanged: boolean) => void;
}

class PostgresExecutionListener implements ExecutionListener {
  private readonly waiters = new Map<string, Set<Waiter>>();
  private readonly timer: NodeJS.Timeout;
  private connection: Client | undefined;
  private isConnecting = false;
  private isClosed = false;
  private skipped = 0;

  constructor(
    private readonly database: Database,
    lookEveryMs: number,
  ) {
    this.timer = setInterval(() => void this.onTick(), lookEveryMs);
    this.timer.unref();
    void this.connect();
  }

  async waitForChange(
    executionId: string,
    afterRevision: number,
    timeoutMs: number,
    signal?: AbortSignal,
    until: 'changed' | 'settled' = 'changed',
  ): Promise<boolean> {
    if (this.isClosed || signal?.aborted) return false;
    const { promise, resolve } = withResolver<boolean>();
    const waiter: Waiter = { afterRevision, until, resolve };
    const group = this.waiters.get(executionId) ?? new Set();
    this.waiters.set(executionId, group.add(waiter));
    const timer = setTimeout(resolve, timeoutMs, false);
    const onAbort = () => resolve(false);
    signal?.addEventListener('abort', onAbort);
    // The change may have come between the caller's read and now.
    void this.look([executionId]);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      group.delete(waiter);
      if (group.size === 0) this.waiters.delete(executionId);
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    for (const group of this.waiters.values()) for (const waiter of group) waiter.resolve(false);
    await this.connection?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    if (this.isConnecting || this.isClosed) return;
    this.isConnecting = true;
    const connection = new Client({ connectionString: this.database.databaseUrl, keepAlive: true });
    const onDown = () => {
      if (this.connection === connection) this.connection = undefined;
    };
    connection.on('error', onDown).on('end', onDown);
    connection.on('notification', ({ payload }) => this.onNotification(payload ?? ''));
    try {
      await connection.connect();
      await connection.query(`listen ${EXECUTION_CHANNEL}`);
      this.connection = connection;
      void this.look([...this.waiters.keys()]);
    } catch {
      // The next tick tries again; until then the ticks look by themselves.
      await connection.end().catch(() => undefined);
    } finally {
      this.isConnecting = false;
    }
    if (this.isClosed) await connection.end().catch(() => undefined);
  }

  private async onTick(): Promise<void> {
    if (this.connection === undefined) void this.connect();
    else if (++this.skipped <= looksSkippedWhenConnected) return;
    this.skipped = 0;
    await this.look([...this.waiters.keys()]);
  }

  private onNotification(payload: string): void {
    const [executionId, revision, status] = payload.split(' ');
    if (executionId !== undefined) this.wake(executionId, Number(revision), status !== 'RUNNING');
  }

  private wake(executionId: string, revision: number, isSettled: boolean): void {
    for (const { afterRevision, until, resolve } of this.waiters.get(executionId) ?? []) {
      if (revision > afterRevision && (isSettled || until === 'changed')) resolve(true);
    }
  }

  private async look(executionIds: readonly string[]): Promise<void> {
    if (executionIds.length === 0) return;
    try {
      const rows = await this.database.queries
        .selectFrom('executions')
        .select(['id', 'revision', 'status'])
        .where(sql<boolean>`id = any (${[...executionIds]}::text[])`)
        .execute();
      for (const { id, revision, status } of rows) this.wake(id, revision, status !== 'RUNNING');
    } catch {
      // The database is away: the next tick looks again.
    }
  }
}

/** `Promise.withResolvers` is not in Node 20. */
function withResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
