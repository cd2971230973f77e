import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { executions } from '../../store/database/executions';
import { until } from '../support/until';
import {
  completeImage,
  failImage,
  inputOf,
  pauseImage,
  signalsOf,
  terminate,
  writeAsRun,
} from './support/finished-work';
import { textToImage } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

async function execute(): Promise<string> {
  const { body } = await api.call('POST', '/api/v1/workflows/inline/execute', { body: textToImage });
  return body.executionId;
}

async function failed(): Promise<string> {
  const executionId = await execute();
  await failImage(api.dependencies, executionId);
  return executionId;
}

const path = (executionId: string, action: string) => `/api/v1/workflows/executions/${executionId}/${action}`;
const poll = async (executionId: string) => (await api.call('GET', path(executionId, 'poll'))).body;

describe('POST /workflows/executions/:id/resume', () => {
  it('answers 202 with a receipt and starts a new run of the same workflow', async () => {
    const executionId = await failed();
    const before = await api.dependencies.temporal.describeLatest(executionId);
    const { status, body } = await api.call('POST', path(executionId, 'resume'));
    expect([status, body]).toEqual([
      202,
      {
        executionId,
        reused: [{ nodeId: 'prompt', credits: 0 }],
        rerun: ['image'],
        adoptedJobs: [],
        creditsNotSpentAgain: 0,
        quote: expect.objectContaining({ nodes: [expect.objectContaining({ nodeId: 'image' })] }),
        links: expect.objectContaining({ poll: expect.any(String) }),
      },
    ]);
    const after = await api.dependencies.temporal.describeLatest(executionId);
    expect(after).toMatchObject({ status: 'RUNNING', attempt: 2 });
    expect(after?.runId).not.toBe(before?.runId);
    expect(await poll(executionId)).toMatchObject({
      status: 'RUNNING',
      attempt: 2,
      nodes: { prompt: { status: 'COMPLETED' }, image: { status: 'PENDING', error: null } },
    });
  });

  it('tells the new run when the user gave the word to send again, so that it counts for what was there', async () => {
    const executionId = await failed();
    const body = { resubmitUnknown: true };
    const beforeMs = Date.now();
    expect(await api.call('POST', path(executionId, 'resume'), { body })).toMatchObject({ status: 202 });
    const input = await inputOf(executionId);
    expect(input).toMatchObject({ resubmitUnknown: true, resumedAtMs: expect.any(Number) });
    const { resumedAtMs } = input as { resumedAtMs: number };
    expect(resumedAtMs).toBeGreaterThan(beforeMs);
    expect(resumedAtMs).toBeLessThanOrEqual(Date.now() + 1);
  });

  it('waits for the previous run to close', async () => {
    const executionId = await execute();
    await writeAsRun(api.dependencies, executionId, (writer) =>
      writer.finish({ status: 'CANCELLED', nodes: [] }),
    );
    const resuming = api.call('POST', path(executionId, 'resume'));
    await terminate(executionId);
    expect((await resuming).status).toBe(202);
    expect(await api.dependencies.temporal.describeLatest(executionId)).toMatchObject({ attempt: 2 });
  });

  it('lets one of racing resumes win', async () => {
    const executionId = await failed();
    const answers = await Promise.all([1, 2, 3].map(() => api.call('POST', path(executionId, 'resume'))));
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, 409, 409]);
    expect((await poll(executionId)).attempt).toBe(2);
  });

  it('gives repeats with one Idempotency-Key the first receipt', async () => {
    const executionId = await failed();
    const headers = { 'Idempotency-Key': 'resume-once' };
    const first = await api.call('POST', path(executionId, 'resume'), { headers });
    const second = await api.call('POST', path(executionId, 'resume'), { headers });
    expect([second.status, second.body]).toEqual([202, first.body]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect((await poll(executionId)).attempt).toBe(2);
  });

  it('answers the receipt alone to a dry run', async () => {
    const executionId = await failed();
    const { status, body } = await api.call('POST', path(executionId, 'resume'), { body: { dryRun: true } });
    expect([status, body.rerun]).toEqual([200, ['image']]);
    expect(await poll(executionId)).toMatchObject({ status: 'FAILED', attempt: 1 });
  });

  it('runs again what an edit changes, and everything after it', async () => {
    const executionId = await failed();
    const body = { triggerData: { prompt: 'Another prompt' }, dryRun: true };
    const answer = await api.call('POST', path(executionId, 'resume'), { body });
    expect([answer.body.reused, answer.body.rerun]).toEqual([[], ['prompt', 'image']]);
  });

  it('takes an edited graph', async () => {
    const executionId = await failed();
    const [prompt, image] = textToImage.nodes;
    const nodes = [prompt, { ...image, data: { ...image?.data, nodeType: 'generate:nano_banana_pro' } }];
    const { status, body } = await api.call('POST', path(executionId, 'resume'), { body: { nodes } });
    expect([status, body.reused]).toEqual([202, [{ nodeId: 'prompt', credits: 0 }]]);
    expect((await poll(executionId)).nodes.image.nodeType).toBe('generate:nano_banana_pro');
  });

  it('answers 422 with every fault of an edited graph, and changes nothing', async () => {
    const executionId = await failed();
    const body = { edges: [{ id: 'e', source: 'nowhere', target: 'image' }] };
    const answer = await api.call('POST', path(executionId, 'resume'), { body });
    expect([answer.status, answer.body.code]).toEqual([422, 'graph_invalid']);
    expect((await poll(executionId)).status).toBe('FAILED');
  });

  it('answers 409 while it runs and once it has completed', async () => {
    const executionId = await execute();
    const running = await api.call('POST', path(executionId, 'resume'));
    expect([running.status, running.body.code]).toEqual([409, 'execution_not_resumable']);
    const stored = { assetId: 'ast_x', sha256: 'ab', bytes: 1 };
    await completeImage(api.dependencies, executionId, { ...stored, type: 'image', mimeType: 'image/png' });
    expect((await api.call('POST', path(executionId, 'resume'))).status).toBe(409);
  });

  it('answers 404 for a foreign id and 403 to a key of the other mode', async () => {
    const executionId = await failed();
    const other = await api.createAccount();
    expect((await api.call('POST', path(executionId, 'resume'), { key: other.key })).status).toBe(404);
    const { key } = await api.createAccount({ accountId: api.account.accountId, mode: 'live', credits: 0 });
    const { status, body } = await api.call('POST', path(executionId, 'resume'), { key });
    expect([status, body.code]).toEqual([403, 'mode_not_allowed']);
  });
});

describe('POST /workflows/executions/:id/resume of an execution that waits', () => {
  async function waiting(key?: string): Promise<string> {
    const { body } = await api.call('POST', '/api/v1/workflows/inline/execute', {
      body: textToImage,
      ...(key === undefined ? {} : { key }),
    });
    await pauseImage(api.dependencies, body.executionId);
    return body.executionId;
  }

  it('answers 202 with a receipt and tells the same run to go on', async () => {
    const executionId = await waiting();
    const body = { budgetCredits: 5_000, resubmitUnknown: true };
    const answer = await api.call('POST', path(executionId, 'resume'), { body });
    expect([answer.status, answer.body]).toEqual([
      202,
      expect.objectContaining({ reused: [{ nodeId: 'prompt', credits: 0 }], rerun: ['image'] }),
    ]);
    expect(await signalsOf(executionId)).toEqual(['resume']);
    expect(await poll(executionId)).toMatchObject({
      status: 'RUNNING',
      attempt: 1,
      failure: null,
      nodes: { prompt: { status: 'COMPLETED' }, image: { status: 'PENDING', error: null } },
      credits: { held: answer.body.quote.maxCredits },
    });
  });

  it('lets one of twenty racing resumes win: the run is told once', async () => {
    const executionId = await waiting();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.call('POST', path(executionId, 'resume'))),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, ...Array<number>(19).fill(409)]);
    expect(await signalsOf(executionId)).toEqual(['resume']);
  });

  it('gives repeats with one Idempotency-Key the first receipt', async () => {
    const executionId = await waiting();
    const headers = { 'Idempotency-Key': `resume-${executionId}` };
    const first = await api.call('POST', path(executionId, 'resume'), { headers });
    const second = await api.call('POST', path(executionId, 'resume'), { headers });
    expect([second.status, second.body]).toEqual([202, first.body]);
    expect(await signalsOf(executionId)).toEqual(['resume']);
  });

  it('answers the receipt alone to a dry run', async () => {
    const executionId = await waiting();
    const answer = await api.call('POST', path(executionId, 'resume'), { body: { dryRun: true } });
    expect([answer.status, answer.body.rerun]).toEqual([200, ['image']]);
    expect(await poll(executionId)).toMatchObject({ status: 'WAITING', failure: { nodeId: 'image' } });
  });

  it('ends that run and starts another one after an edit', async () => {
    const executionId = await waiting();
    const before = await api.dependencies.temporal.describeLatest(executionId);
    const resuming = api.call('POST', path(executionId, 'resume'), {
      body: { triggerData: { prompt: 'Another prompt' } },
    });
    // No worker is there to obey: the test ends it instead.
    await until(async () => (await signalsOf(executionId, before?.runId)).length > 0);
    await terminate(executionId);
    expect((await resuming).body.rerun).toEqual(['prompt', 'image']);
    expect(await signalsOf(executionId, before?.runId)).toEqual(['supersede']);
    expect(await api.dependencies.temporal.describeLatest(executionId)).toMatchObject({ attempt: 2 });
  });

  it('answers 402 when the balance does not cover what is left, and it goes on waiting', async () => {
    const account = await api.createAccount({ credits: 45 });
    const executionId = await waiting(account.key);
    // Another execution takes what this one has given back.
    await api.call('POST', '/api/v1/workflows/inline/execute', { key: account.key, body: textToImage });
    const answer = await api.call('POST', path(executionId, 'resume'), { key: account.key });
    expect([answer.status, answer.body.code]).toEqual([402, 'insufficient_credits']);
    const { body } = await api.call('GET', path(executionId, 'poll'), { key: account.key });
    expect(body.status).toBe('WAITING');
  });

  it('answers 409 once its cancel was asked for', async () => {
    const executionId = await waiting();
    await api.call('POST', path(executionId, 'cancel'));
    const answer = await api.call('POST', path(executionId, 'resume'));
    expect([answer.status, answer.body.error]).toEqual([409, expect.stringContaining('being cancelled')]);
  });

  it('lets a held poll answer as soon as it waits', async () => {
    const executionId = await execute();
    const held = api.call('GET', `${path(executionId, 'poll')}?wait=30`);
    await pauseImage(api.dependencies, executionId);
    expect((await held).body).toMatchObject({ status: 'WAITING', error: 'Raise the budget, then resume.' });
  });
});

describe('POST /workflows/executions/:id/cancel', () => {
  it('answers 202, shows the wish at once and asks Temporal to cancel; a repeat is the same', async () => {
    const executionId = await execute();
    for (let time = 0; time < 2; time += 1) {
      const { status, body } = await api.call('POST', path(executionId, 'cancel'));
      expect([status, body.cancelRequested]).toEqual([202, true]);
    }
    expect((await poll(executionId)).cancelRequested).toBe(true);
  });

  it('answers 200 for a run that has ended', async () => {
    const { status, body } = await api.call('POST', path(await failed(), 'cancel'));
    expect([status, body.status, body.cancelRequested]).toEqual([200, 'FAILED', false]);
  });

  it('answers 404 for a foreign id and leaves it alone', async () => {
    const executionId = await execute();
    const other = await api.createAccount();
    expect((await api.call('POST', path(executionId, 'cancel'), { key: other.key })).status).toBe(404);
    const found = await executions.snapshot(api.dependencies.database, api.account.accountId, executionId);
    expect(found?.execution.cancelRequestedAt).toBeNull();
  });
});
