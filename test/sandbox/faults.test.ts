import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { until } from '../support/until';
import { aCallbackReceiver, aSandbox, type TestSandbox } from './a-sandbox';

/** Media are CPU work, and the machine may be busy. */
jest.setTimeout(60_000);

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await aSandbox();
});
afterEach(() => sandbox.plan());
afterAll(() => sandbox.remove());

describe('the fault plan on a submit', () => {
  it.each([
    ['rate_limit', { retryAfterSeconds: 3 }, 429],
    ['server_error', { status: 503 }, 503],
    ['unauthorized', {}, 401],
    ['insufficient_quota', {}, 403],
  ] as const)('%s turns the call away, takes no job and leaves a line', async (action, options, status) => {
    const before = await lastSeq();
    await sandbox.plan({ action, ...options });
    const response = await submit('a tree');
    expect(response.status).toBe(status);
    const entries = await since(before);
    expect(entries).toMatchObject([{ accepted: false, billed: false, status: action }]);
    if (action === 'rate_limit') expect(response.headers.get('retry-after')).toBe('3');
    if (action === 'server_error') expect(response.headers.get('x-fal-retryable')).toBe('true');
  });

  it('can be meant for one key alone', async () => {
    const { authorization } = key;
    const keySha256 = createHash('sha256').update(authorization.replace('Key ', '')).digest('hex');
    await sandbox.plan({ action: 'unauthorized', keySha256: keySha256.slice(0, 12) });
    expect((await submit('a tree')).status).toBe(401);
    await sandbox.plan({ action: 'unauthorized', keySha256: '0'.repeat(12) });
    expect((await submit('a tree')).status).toBe(200);
  });

  it('accept_then_drop takes and bills the job, and the caller hears nothing', async () => {
    const before = await lastSeq();
    await sandbox.plan({ action: 'accept_then_drop' });
    await expect(submit('a dropped tree')).rejects.toThrow();
    await sandbox.plan();
    const [accepted] = await since(before);
    expect(accepted).toMatchObject({ accepted: true, status: 'accepted', prompt: 'a dropped tree' });
    expect(await closing(accepted?.jobId)).toMatchObject({
      billed: true,
      status: 'succeeded',
      priceUsd: 0.03,
    });
  });

  it('hang takes nothing and answers nothing until the caller gives up', async () => {
    const before = await lastSeq();
    await sandbox.plan({ action: 'hang' });
    const caller = new AbortController();
    let isOver = false;
    const answer = submit('a patient tree', caller.signal).finally(() => (isOver = true));
    answer.catch(() => undefined);
    await until(async () => (await since(before)).length > 0);
    await pause(150);
    expect(isOver).toBe(false);
    caller.abort();
    await expect(answer).rejects.toThrow(/aborted/i);
    expect(await since(before)).toMatchObject([{ accepted: false, status: 'hang' }]);
  });

  it('malformed takes the job and answers broken JSON', async () => {
    await sandbox.plan({ action: 'malformed' });
    const response = await submit('a broken tree');
    expect(response.status).toBe(200);
    await expect(response.json()).rejects.toMatchObject({ name: 'SyntaxError' });
  });

  it('slow answers late, after the line is written', async () => {
    const before = await lastSeq();
    await sandbox.plan({ action: 'slow', delayMs: 3_000 });
    let answered = false;
    const answer = submit('a slow tree').finally(() => (answered = true));
    while ((await since(before)).length === 0) await Promise.resolve();
    expect(answered).toBe(false);
    expect((await answer).status).toBe(200);
  });

  it('refuse and fail_job end a queued job badly and unbilled', async () => {
    await sandbox.plan({ action: 'refuse', contains: 'rude' }, { action: 'fail_job', contains: 'weak' });
    const refused = await result(await submit('a rude tree'));
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ detail: [{ type: 'content_policy_violation' }] });
    const failed = await result(await submit('a weak tree'));
    expect([failed.status, failed.headers.get('x-fal-retryable')]).toEqual([500, 'true']);
    const entries = await sandbox.ledger();
    expect(
      entries.filter(({ kind, prompt }) => kind === 'finish' && /rude|weak/.test(prompt ?? '')),
    ).toMatchObject([
      { billed: false, status: 'refused' },
      { billed: false, status: 'failed' },
    ]);
  });

  it('never_finish leaves the job in progress', async () => {
    await sandbox.plan({ action: 'never_finish' });
    const { status_url: url } = (await (await submit('an eternal tree')).json()) as { status_url: string };
    const [first, second] = [await fetch(url, { headers: key }), await fetch(url, { headers: key })];
    expect([first.status, second.status]).toEqual([202, 202]);
  });

  it('hold_job leaves the job in progress until the next plan', async () => {
    await sandbox.plan({ action: 'hold_job' });
    const held = await submit('a patient tree');
    const { status_url: url } = (await held.clone().json()) as { status_url: string };
    expect((await fetch(url, { headers: key })).status).toBe(202);
    await sandbox.plan();
    expect((await result(held)).status).toBe(200);
  });

  it('slow_job takes longer and then succeeds', async () => {
    await sandbox.plan({ action: 'slow_job', delayMs: 150 });
    const started = performance.now();
    expect((await result(await submit('a late tree'))).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThanOrEqual(145);
  });
});

describe('the fault plan on polls, results and outputs', () => {
  it.each([
    ['poll', 'server_error', 500],
    ['result', 'rate_limit', 429],
  ] as const)('spoils one %s and lets the next one through', async (operation, action, status) => {
    const submitted = (await (await submit('a watched tree')).json()) as Record<
      'status_url' | 'response_url',
      string
    >;
    await finished(submitted.status_url);
    await sandbox.plan({ action, operation, times: 1 });
    const url = operation === 'poll' ? submitted.status_url : submitted.response_url;
    expect((await fetch(url, { headers: key })).status).toBe(status);
    expect((await fetch(url, { headers: key })).status).toBe(200);
  });

  it('truncate promises all bytes and sends half, wrong_type sends a web page, expire_output is gone', async () => {
    const output = (await (await result(await submit('a downloaded tree'))).json()) as {
      images: { url: string }[];
    };
    const url = output.images[0]?.url ?? '';
    await sandbox.plan(
      { action: 'truncate', times: 1 },
      { action: 'wrong_type', times: 1 },
      { action: 'expire_output', times: 1 },
    );
    const truncated = await fetch(url);
    expect(truncated.status).toBe(200);
    await expect(truncated.arrayBuffer()).rejects.toThrow();
    const wrong = await fetch(url);
    expect(wrong.headers.get('content-type')).toContain('image/jpeg');
    expect(await wrong.text()).toContain('<!doctype html>');
    expect((await fetch(url)).status).toBe(404);
    const whole = await fetch(url);
    expect((await whole.arrayBuffer()).byteLength).toBe(Number(whole.headers.get('content-length')));
  });
});

describe('the fault plan on callbacks', () => {
  it('duplicate_webhook sends one twice, lose_webhook sends none', async () => {
    const receiver = await aCallbackReceiver();
    try {
      await sandbox.plan(
        { action: 'duplicate_webhook', contains: 'twice' },
        { action: 'lose_webhook', contains: 'never' },
      );
      await result(await submit('never told', undefined, receiver.url));
      await submit('told twice', undefined, receiver.url);
      const [first, second] = [await receiver.next(), await receiver.next()];
      expect(first.body).toContain('"status":"OK"');
      expect(second.body).toBe(first.body);
      expect(receiver.received).toHaveLength(2);
    } finally {
      await receiver.close();
    }
  });
});

describe('the rules of the plan', () => {
  it('act on the nth match, as often as they say, and count', async () => {
    await sandbox.plan({ action: 'server_error', nth: 2, times: 2 });
    const statuses: number[] = [];
    for (let call = 0; call < 5; call += 1) statuses.push((await submit('a counted tree')).status);
    expect(statuses).toEqual([200, 500, 500, 200, 200]);
    const plan = (await (await fetch(`${sandbox.url}/_sandbox/faults`)).json()) as { rules: unknown[] };
    expect(plan.rules).toMatchObject([{ nth: 2, matched: 5, hits: 2 }]);
  });

  it('draw alike for the same seed', async () => {
    const draw = async (): Promise<number[]> => {
      await sandbox.plan({ action: 'rate_limit', probability: 0.5 });
      const statuses: number[] = [];
      for (let call = 0; call < 12; call += 1) statuses.push((await submit('a tree by chance')).status);
      return statuses;
    };
    const first = await draw();
    expect(await draw()).toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 429]));
  });

  it('match provider, model and text, and are cleared by DELETE', async () => {
    await sandbox.plan(
      { action: 'server_error', provider: 'replicate' },
      { action: 'server_error', model: 'fal-ai/other' },
      { action: 'server_error', contains: 'oak' },
    );
    expect((await submit('a birch')).status).toBe(200);
    expect((await submit('an oak')).status).toBe(500);
    await fetch(`${sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
    expect((await submit('an oak')).status).toBe(200);
  });

  it('are refused when they make no sense', async () => {
    const response = await fetch(`${sandbox.url}/_sandbox/faults`, {
      method: 'POST',
      body: '{"rules":[{"action":"explode"}]}',
    });
    expect(response.status).toBe(400);
  });
});

const key = { authorization: 'Key id:secret' };

function submit(prompt: string, signal?: AbortSignal, webhook?: string): Promise<Response> {
  const query = webhook === undefined ? '' : `?fal_webhook=${encodeURIComponent(webhook)}`;
  return fetch(`${sandbox.url}/fal/fal-ai/flux-2-pro${query}`, {
    method: 'POST',
    headers: key,
    body: JSON.stringify({ prompt, image_size: 'square' }),
    signal,
  });
}

async function finished(statusUrl: string): Promise<void> {
  while ((await fetch(statusUrl, { headers: key })).status === 202);
}

async function result(submitted: Response): Promise<Response> {
  const links = (await submitted.json()) as Record<'status_url' | 'response_url', string>;
  await finished(links.status_url);
  return fetch(links.response_url, { headers: key });
}

async function lastSeq(): Promise<number> {
  return (await sandbox.ledger()).at(-1)?.seq ?? 0;
}

/** Without the ends of jobs: those of tests before may come at any time. */
async function since(seq: number) {
  return (await sandbox.ledger()).filter((entry) => entry.seq > seq && entry.kind !== 'finish');
}

async function closing(jobId: string | undefined) {
  for (;;) {
    const entry = (await sandbox.ledger()).find(({ kind, jobId: id }) => kind === 'finish' && id === jobId);
    if (entry !== undefined) return entry;
  }
}
