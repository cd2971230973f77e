import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { apiKeyRandomBytes, formatApiKey } from '../../pipeline/pure/api-key-format';
import { createTestDatabase, type TestDatabase } from '../support/test-database';
import { textToImage } from './support/graphs';

const root = path.join(__dirname, '../..');
const key = formatApiKey('test', randomBytes(apiKeyRandomBytes));

let database: TestDatabase;
let home: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  home = await mkdtemp(path.join(tmpdir(), 'everframe-home-'));
  await writeFile(path.join(home, 'credentials.json'), JSON.stringify({ url: '', keys: { test: key } }));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database.close();
  await rm(home, { recursive: true, force: true });
});

async function startApi(
  overrides: Record<string, string> = {},
): Promise<{ child: ChildProcess; url: string; output: () => string }> {
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: process.env['TEMPORAL_ADDRESS'],
    EVERFRAME_TASK_QUEUE: `test-${randomBytes(6).toString('hex')}`,
    EVERFRAME_HOME: home,
    EVERFRAME_PORT: '0',
    EVERFRAME_ASSET_SECRET: 'a secret of the tests, long enough to be one',
    EVERFRAME_BOOTSTRAP_KEYS: path.join(home, 'credentials.json'),
    ...overrides,
  };
  const execArgv = ['-r', path.join(root, 'scripts/typescript-hook.cjs')];
  const child = fork(path.join(root, 'api/main.ts'), {
    env,
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
}

const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };

const json = async (response: Response): Promise<ReturnType<typeof JSON.parse>> =>
  JSON.parse(await response.text());

describe('the API process', () => {
  it('serves the bootstrap key, answers waiting polls when told to stop, and exits 0', async () => {
    const { child, url, output } = await startApi();
    const body = JSON.stringify(textToImage);
    const executed = await fetch(`${url}/api/v1/workflows/inline/execute`, { method: 'POST', headers, body });
    expect(executed.status).toBe(201);
    const { executionId } = await json(executed);
    const waiting = fetch(`${url}/api/v1/workflows/executions/${executionId}/poll?wait=60`, { headers });
    await fetch(`${url}/livez`);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await json(await waiting)).status).toBe('RUNNING');
    expect(await exited).toEqual([0, null]);
    expect(output()).not.toContain(key);
  });

  it('starts again on the same database with the same key and the same credits', async () => {
    const { child, url } = await startApi();
    const answer = await fetch(`${url}/api/v1/workflows/executions`, { headers });
    expect((await json(answer)).data).toHaveLength(1);
    const exited = once(child, 'exit');
    child.disconnect();
    expect(await exited).toEqual([0, null]);
  });

  it('says which settings are missing', async () => {
    const { output, url } = await startApi({ DATABASE_URL: '', EVERFRAME_ASSET_SECRET: 'short' });
    expect(url).toBe('');
    expect(output()).toMatch(/DATABASE_URL[\s\S]*EVERFRAME_ASSET_SECRET/);
  });
});
