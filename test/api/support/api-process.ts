import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { apiKeyRandomBytes, formatApiKey } from '../../../pipeline/pure/api-key-format';
import { createTestDatabase } from '../../support/test-database';

const root = path.join(__dirname, '../../..');

export interface ApiProcess {
  readonly child: ChildProcess;
  /** Empty when it ended before it listened. */
  readonly url: string;
  /** All that it has written so far. */
  readonly output: () => string;
}

export interface ApiProcesses {
  readonly databaseUrl: string;
  /** Of the local account, which may do everything. */
  readonly key: string;
  start(overrides?: Readonly<Record<string, string>>): Promise<ApiProcess>;
  close(): Promise<void>;
}

/** Real API processes, from their sources, on one database, one home and one task queue without workers. */
export async function apiProcesses(): Promise<ApiProcesses> {
  const database = await createTestDatabase();
  const home = await mkdtemp(path.join(tmpdir(), 'everframe-home-'));
  const key = formatApiKey('test', randomBytes(apiKeyRandomBytes));
  const credentials = path.join(home, 'credentials.json');
  await writeFile(credentials, JSON.stringify({ url: '', keys: { test: key } }));
  const children: ChildProcess[] = [];
  const environment = {
    PATH: process.env['PATH'],
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: process.env['TEMPORAL_ADDRESS'],
    EVERFRAME_TASK_QUEUE: `test-${randomBytes(6).toString('hex')}`,
    EVERFRAME_HOME: home,
    EVERFRAME_PORT: '0',
    EVERFRAME_ASSET_SECRET: 'a secret of the tests, long enough to be one',
    EVERFRAME_BOOTSTRAP_KEYS: credentials,
  };
  return {
    databaseUrl: database.url,
    key,
    start: async (overrides = {}) => {
      const execArgv = ['-r', path.join(root, 'scripts/typescript-hook.cjs')];
      const child = fork(path.join(root, 'api/main.ts'), {
        env: { ...environment, ...overrides },
        execArgv,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
      children.push(child);
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
      const [message] = await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(() => [{ url: '' }]),
      ]);
      return { child, url: message.url, output: () => text };
    },
    close: async () => {
      for (const child of children) child.kill('SIGKILL');
      await database.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
