import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import type { Database } from '../../../store/database/database';
import { openExecutionListener, type ExecutionListener } from '../../../store/database/execution-listener';
import { openTestStore } from '../../support/test-database';
import { anExecution, type TestExecution } from './builders';

describe('the execution listener', () => {
  let database: Database;
  let listener: ExecutionListener;
  let execution: TestExecution;
  beforeEach(async () => {
    database = await openTestStore();
    listener = openExecutionListener(database);
    execution = await anExecution(database);
  });
  afterEach(async () => {
    await listener.close();
    await database.close();
  });

  const change = () =>
    execution.write((writer) => writer.updateNodes([{ nodeId: 'n1', status: 'RUNNING', provider: 'fal' }]));
  /** What PostgreSQL knows as listening on the test's database. */
  const listeningPids = async () => {
    const { rows } = await sql<{ pid: number }>`
      select pid from pg_stat_activity where datname = current_database() and query like 'listen %'
    `.execute(database.queries);
    return rows.map(({ pid }) => pid);
  };

  it('wakes all who wait for an execution when it changes', async () => {
    const waits = Array.from({ length: 50 }, () => listener.waitForChange(execution.id, 1, 20_000));
    await change();
    expect(new Set(await Promise.all(waits))).toEqual(new Set([true]));
  });

  it('answers at once when the change came before the wait', async () => {
    const quiet = openExecutionListener(database, { lookEveryMs: 3_600_000 });
    const first = quiet.waitForChange(execution.id, 1, 20_000);
    await change();
    await first; // Now it is connected: neither a new connection nor a regular look will come.
    expect(await quiet.waitForChange(execution.id, 1, 20_000)).toBe(true);
    await quiet.close();
  });

  it('answers false after the time-out, on abort, and when it closes', async () => {
    expect(await listener.waitForChange(execution.id, 1, 1)).toBe(false);
    const abort = new AbortController();
    const aborted = listener.waitForChange(execution.id, 1, 20_000, abort.signal);
    abort.abort();
    expect(await aborted).toBe(false);
    expect(await listener.waitForChange(execution.id, 1, 20_000, abort.signal)).toBe(false);
    const closed = listener.waitForChange(execution.id, 1, 20_000);
    await listener.close();
    expect(await closed).toBe(false);
  });

  it('goes on after its connection was killed', async () => {
    // Two changes: by the time the first has woken the waiter, the connection listens or the looks have taken over.
    const first = listener.waitForChange(execution.id, 1, 20_000);
    await change();
    await first;
    const { revision } = await execution.row();
    const waiting = listener.waitForChange(execution.id, revision, 20_000);
    await sql`select pg_terminate_backend(pid) from unnest(${await listeningPids()}::int[]) as pid`.execute(
      database.queries,
    );
    await execution.write((writer) => writer.updateNodes([{ nodeId: 'n2', status: 'RUNNING' }]));
    expect(await waiting).toBe(true);
  });
});
