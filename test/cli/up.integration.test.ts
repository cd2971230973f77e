import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { readCliConfig } from '../../cli/config';
import { identifyProcess } from '../../cli/embedded/process-identity';
import { waitUntil } from '../../cli/embedded/wait-until';
import { bringUp, type RunningSystem } from '../../cli/up';
import { reservePort } from '../support/reserve-port';
import { until } from '../support/until';

const names = ['api', 'worker', 'sandbox', 'temporal', 'postgres'] as const;
const fakeChild = join(__dirname, '../support/fake-child.cjs');
const folder = mkdtempSync(join(tmpdir(), 'everframe-up-'));
const running: RunningSystem[] = [];

/** The servers of the global setup would replace the embedded ones. */
const { DATABASE_URL: sharedDatabase, TEMPORAL_ADDRESS: sharedTemporal, ...environment } = process.env;
const sharedServers = { DATABASE_URL: sharedDatabase, TEMPORAL_ADDRESS: sharedTemporal };

async function start(
  home: string,
  settings: NodeJS.ProcessEnv = {},
  lines: string[] = [],
): Promise<RunningSystem> {
  const system = await bringUp({
    config: readCliConfig({ ...environment, ...settings, EVERFRAME_HOME: join(folder, home) }, folder),
    report: (line) => lines.push(line),
    programs: { api: fakeChild, worker: fakeChild, sandbox: fakeChild },
  });
  running.push(system);
  return system;
}

const isAlive = (pid: number | undefined): boolean => pid !== undefined && identifyProcess(pid) !== undefined;

async function query(databaseUrl: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a system on its embedded servers', () => {
  let first: RunningSystem;
  beforeAll(async () => {
    first = await start('first');
  });
  afterAll(() => first.stop());

  it('runs every process and hands them the addresses of the others', () => {
    expect(names.filter((name) => isAlive(first.pidOf(name)))).toEqual(names);
    const environmentOf = (name: string): Record<string, string> =>
      JSON.parse(readFileSync(join(folder, 'first', 'logs', `${name}.log`), 'utf8').split('\n')[0] ?? '');
    expect(environmentOf('worker')).toMatchObject({
      EVERFRAME_HOME: join(folder, 'first'),
      DATABASE_URL: first.databaseUrl,
      TEMPORAL_ADDRESS: first.temporalAddress,
      EVERFRAME_SANDBOX_URL: first.urls.sandbox,
      EVERFRAME_BOOTSTRAP_KEYS: join(folder, 'first', 'credentials.json'),
    });
    expect(first.urls.api).toBe(`http://127.0.0.1:${environmentOf('api')['EVERFRAME_PORT']}`);
  });

  it('keeps its keys readable by the owner alone', () => {
    const path = join(folder, 'first', 'credentials.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'first')).mode & 0o777).toBe(0o700);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(first.credentials);
    expect(first.credentials.keys.test).toMatch(/^sk-test-\w{38}$/);
    expect(first.credentials.keys.live).toBeUndefined();
  });

  it('keeps histories for 30 days', async () => {
    // Set once the system is up, so as not to delay it.
    const isKept = async (): Promise<boolean> => {
      const answer = await fetch(`${first.urls.temporalUi}/api/v1/namespaces/default`);
      const { config } = (await answer.json()) as { config?: { workflowExecutionRetentionTtl?: string } };
      return config?.workflowExecutionRetentionTtl === '2592000s';
    };
    expect(await waitUntil(isKept, { limitMs: 50_000 })).toBe(true);
  });

  it('refuses a second start on the same home and names the holder', async () => {
    await expect(start('first')).rejects.toThrow(`in use by the Everframe with pid ${process.pid}`);
    expect(names.filter((name) => isAlive(first.pidOf(name)))).toEqual(names);
  });

  it('runs beside another home, each on ports of its own', async () => {
    const second = await start('second', sharedServers);
    expect(new Set([...Object.values(first.urls), ...Object.values(second.urls)]).size).toBe(7);
    await second.stop();
  });

  it('starts at the same moment as another home without taking its ports', async () => {
    const [one, two] = await Promise.all([
      start('same-time-1', sharedServers),
      start('same-time-2', sharedServers),
    ]);
    expect(new Set([one.urls.api, two.urls.api, one.urls.sandbox, two.urls.sandbox]).size).toBe(4);
    await Promise.all([one.stop(), two.stop()]);
  });

  it.each(['worker', 'postgres', 'temporal'] as const)(
    'starts a killed %s again on the same address',
    async (name) => {
      const before = first.pidOf(name) ?? 0;
      process.kill(before, 'SIGKILL');
      const isBack = (): boolean => first.pidOf(name) !== before && isAlive(first.pidOf(name));
      expect(await waitUntil(isBack, { limitMs: 40_000 })).toBe(true);
      const answers = async (): Promise<boolean> => {
        const temporal = await fetch(`${first.urls.temporalUi}/api/v1/namespaces/default`).catch(
          () => undefined,
        );
        const rows = await query(first.databaseUrl, 'SELECT 1').catch(() => []);
        return temporal?.status === 200 && rows.length === 1;
      };
      expect(await waitUntil(answers, { limitMs: 40_000 })).toBe(true);
    },
    90_000,
  );
});

describe('after kill -9 of the supervisor', () => {
  it('the next start ends the leftovers, keeps data, keys and ports, and comes up', async () => {
    const home = 'killed';
    const before = await start(home);
    await query(before.databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await before.stop();
    const pids = await startAndKillSupervisor(join(folder, home));
    const left = names.filter((name) => isAlive(pids[name]));
    expect(left).toEqual(expect.arrayContaining(['temporal', 'postgres']));

    const lines: string[] = [];
    const after = await start(home, {}, lines);
    expect(lines.join('\n')).toMatch(/ended what a killed start had left running: .*postgres/);
    expect(Object.values(pids).filter(isAlive)).toEqual([]);
    expect(await query(after.databaseUrl, 'SELECT answer FROM kept')).toEqual([42]);
    expect(after.credentials).toEqual(before.credentials);
    expect(after.urls).toEqual(before.urls);
    expect(after.hasNewKeys).toBe(false);
    await after.stop();
    expect(names.filter((name) => isAlive(after.pidOf(name)))).toEqual([]);
  });

  async function startAndKillSupervisor(home: string): Promise<Record<string, number>> {
    const program = join(__dirname, '../support/run-supervisor.cjs');
    const supervisor = spawn(process.execPath, [program], { env: { ...environment, EVERFRAME_HOME: home } });
    const [line] = (await once(supervisor.stdout, 'data')) as [Buffer];
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    return JSON.parse(line.toString()) as Record<string, number>;
  }
});

describe('a start that cannot succeed', () => {
  afterEach(() => Promise.all(running.map((system) => system.stop())));

  it('names the variable of a busy port that the user fixed', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const settings = { ...sharedServers, EVERFRAME_SANDBOX_PORT: String(port) };
    await expect(start('busy', settings)).rejects.toThrow(`port ${port} (EVERFRAME_SANDBOX_PORT) is in use`);
    server.close();
  });

  it('shows the last lines of a process that ends and leaves nothing running', async () => {
    const settings = { ...sharedServers, FAKE_CHILD_FAILS: 'yes' };
    await expect(start('failing', settings)).rejects.toThrow(
      /sandbox did not start.*code 3\n.*the disk is on fire/s,
    );
    const again = await start('failing', sharedServers);
    expect(isAlive(again.pidOf('sandbox'))).toBe(true);
  });

  it('stops what it had started when it is interrupted', async () => {
    const home = join(folder, 'interrupted');
    const config = readCliConfig(
      { ...environment, EVERFRAME_HOME: home, EVERFRAME_PORT: String(await reservePort()) },
      folder,
    );
    const interrupt = new AbortController();
    const programs = { api: fakeChild, worker: fakeChild, sandbox: fakeChild };
    const started = bringUp({ config, report: () => undefined, signal: interrupt.signal, programs });
    const record = (): unknown[] => {
      try {
        return JSON.parse(readFileSync(join(home, 'processes.json'), 'utf8'));
      } catch {
        return [];
      }
    };
    await until(() => record().length > 0);
    interrupt.abort();
    await expect(started).rejects.toThrow('stopped while starting');
    expect(record()).toEqual([]);
  });
});
