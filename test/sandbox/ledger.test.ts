import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerEntry } from '../../sandbox/core/ledger';
import { aCallbackReceiver, aSandbox, type TestSandbox } from './a-sandbox';

/** Media are CPU work, and the machine may be busy. */
jest.setTimeout(60_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe('the ledger', () => {
  it('has the line on the disk before the caller has the answer', async () => {
    const sandbox = await started();
    const { request_id: jobId } = await submit(sandbox.url, 'a bridge');
    const [line] = linesOf(sandbox.dataFolder);
    expect(line).toMatchObject({
      seq: 1,
      kind: 'submit',
      provider: 'fal',
      model: 'fal-ai/flux-2-pro',
      accepted: true,
      billed: false,
      jobId,
    });
  });

  it('closes a job with one line that carries the hash of the bytes it serves', async () => {
    const sandbox = await started();
    const response = await fetch(`${sandbox.url}/fal/run/fal-ai/flux-2-pro`, request('a bridge'));
    const { images } = (await response.json()) as { images: { url: string }[] };
    const bytes = Buffer.from(await (await fetch(images[0]?.url ?? '')).arrayBuffer());
    expect((await sandbox.ledger()).filter(({ accepted }) => accepted)).toHaveLength(1);
    expect(await sandbox.ledger()).toMatchObject([
      { kind: 'submit' },
      {
        kind: 'finish',
        billed: true,
        priceUsd: 0.03,
        status: 'succeeded',
        outputSha256: createHash('sha256').update(bytes).digest('hex'),
      },
    ]);
  });

  it('keeps of the key only the beginning of its hash', async () => {
    const sandbox = await started();
    await submit(sandbox.url, 'a secret');
    const text = readFileSync(join(sandbox.dataFolder, 'ledger.jsonl'), 'utf8');
    expect(text).not.toContain('id:very-secret');
    expect(linesOf(sandbox.dataFolder)[0]?.headers).toMatchObject({
      keySha256: createHash('sha256').update('id:very-secret').digest('hex').slice(0, 12),
    });
  });

  it('gives equal bodies equal hashes, whatever the order of their keys', async () => {
    const sandbox = await started();
    for (const body of [
      '{"prompt":"abc","seed":1}',
      '{"seed":1,"prompt":"abc"}',
      '{"seed":2,"prompt":"abc"}',
    ]) {
      await fetch(`${sandbox.url}/fal/fal-ai/flux-2-pro`, { ...request('x'), body });
    }
    const [first, second, third] = linesOf(sandbox.dataFolder).filter(({ kind }) => kind === 'submit');
    expect(second?.requestHash).toBe(first?.requestHash);
    expect(third?.requestHash).not.toBe(first?.requestHash);
  });

  it('filters by provider and by sequence number', async () => {
    const sandbox = await started();
    await submit(sandbox.url, 'one');
    await fetch(`${sandbox.url}/openai/v1/moderations`, {
      method: 'POST',
      headers: { authorization: 'Bearer k' },
      body: '{"input":"x"}',
    });
    const get = async (query: string): Promise<LedgerEntry[]> =>
      ((await (await fetch(`${sandbox.url}/_sandbox/ledger${query}`)).json()) as { entries: LedgerEntry[] })
        .entries;
    expect(new Set((await get('?provider=openai')).map(({ provider }) => provider))).toEqual(
      new Set(['openai']),
    );
    expect((await get('?since=1')).every(({ seq }) => seq > 1)).toBe(true);
  });

  it('survives half a line at its end', async () => {
    const sandbox = await started();
    await submit(sandbox.url, 'one');
    await sandbox.close();
    appendFileSync(join(sandbox.dataFolder, 'ledger.jsonl'), '{"seq":99,"prov');
    const again = await started(sandbox.dataFolder);
    const before = (await again.ledger()).length;
    await submit(again.url, 'two');
    const seqs = (await again.ledger()).map(({ seq }) => seq);
    expect(seqs.length).toBeGreaterThan(before);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  });
});

describe('a sandbox that was killed', () => {
  it('finishes its jobs when it is back, closes each once, and still calls back', async () => {
    const receiver = await aCallbackReceiver();
    cleanUps.push(receiver.close);
    const home = mkdtempSync(join(tmpdir(), 'everframe-sandbox-'));
    cleanUps.push(() => rmSync(home, { recursive: true, force: true }));
    const first = await aProcess(home);
    const { request_id: jobId } = await submit(first.url, 'a phoenix', receiver.url);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');

    const second = await aProcess(home);
    expect(JSON.parse((await receiver.next()).body)).toMatchObject({ request_id: jobId, status: 'OK' });
    const answer = await fetch(`${second.url}/fal/fal-ai/flux-2-pro/requests/${jobId}`, { headers: key });
    expect(answer.status).toBe(200);
    const lines = linesOf(join(home, 'sandbox')).filter((line) => line.jobId === jobId);
    expect(lines.map(({ kind, status }) => [kind, status])).toEqual([
      ['submit', 'accepted'],
      ['finish', 'succeeded'],
    ]);
    second.child.disconnect();
    expect((await once(second.child, 'exit'))[0]).toBe(0);
  });

  it('keeps its fault plan, with its counts', async () => {
    const sandbox = await started();
    await sandbox.plan({ action: 'server_error', times: 1 });
    expect((await fetch(`${sandbox.url}/fal/fal-ai/flux-2-pro`, request('x'))).status).toBe(500);
    await sandbox.close();
    const again = await started(sandbox.dataFolder);
    expect((await fetch(`${again.url}/fal/fal-ai/flux-2-pro`, request('x'))).status).toBe(200);
  });
});

const key = { authorization: 'Key id:very-secret' };

function request(prompt: string): RequestInit {
  return { method: 'POST', headers: key, body: JSON.stringify({ prompt, image_size: 'square' }) };
}

async function submit(url: string, prompt: string, webhook?: string): Promise<{ request_id: string }> {
  const query = webhook === undefined ? '' : `?fal_webhook=${encodeURIComponent(webhook)}`;
  const response = await fetch(`${url}/fal/fal-ai/flux-2-pro${query}`, request(prompt));
  return (await response.json()) as { request_id: string };
}

async function started(dataFolder?: string): Promise<TestSandbox> {
  const sandbox = await aSandbox({ dataFolder });
  cleanUps.push(() => rmSync(sandbox.dataFolder, { recursive: true, force: true }));
  cleanUps.push(() => sandbox.close().catch(() => undefined));
  return sandbox;
}

function linesOf(folder: string): LedgerEntry[] {
  const text = readFileSync(join(folder, 'ledger.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LedgerEntry);
}

/** sandbox/main.ts as a process of its own. */
async function aProcess(home: string): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(join(__dirname, '../../sandbox/main.ts'), [], {
    execArgv: ['--require', join(__dirname, '../../scripts/typescript-hook.cjs')],
    env: {
      ...process.env,
      EVERFRAME_HOME: home,
      EVERFRAME_SANDBOX_PORT: '0',
      EVERFRAME_SANDBOX_LATENCY_SCALE: '1',
    },
    silent: true,
  });
  cleanUps.push(() => child.kill('SIGKILL'));
  const [message] = (await once(child, 'message')) as [{ ready: boolean; url: string }];
  expect(message.ready).toBe(true);
  return { child, url: message.url };
}
