import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { google } from '../../../activities/providers/google';
import type { QueueOperation, SyncOperation } from '../../../activities/providers/provider';
import { ProviderError } from '../../../activities/providers/provider-error';
import { aSandbox, type TestSandbox } from '../../sandbox/a-sandbox';
import { anOperationRequest, aProviderCall, CREDENTIAL, guardedFetch } from './a-provider-call';
import { ScriptedServer, type ScriptedAnswer } from './scripted-server';

jest.setTimeout(60_000);

let server: ScriptedServer;
let sandbox: TestSandbox;

beforeAll(async () => {
  server = await new ScriptedServer().listen();
  sandbox = await aSandbox();
});

afterAll(async () => {
  await guardedFetch.close();
  await server.close();
  await sandbox.remove();
});

const operationOf = (name: string) => google.operations[name] as SyncOperation;
const interactions = google.operations['interaction'] as QueueOperation;

function send(name = 'generate_content'): Promise<unknown> {
  const input = { contents: [{ parts: [{ text: 'Hello' }] }] };
  return operationOf(name).call(
    anOperationRequest({ model: 'gemini-x', input }),
    aProviderCall(google, `${server.url}/v1`),
  );
}

async function errorOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw new Error(`expected a ProviderError, got ${String(error)}`);
  return error;
}

const failed = (status: number, code: string, message = 'No.', details: unknown[] = []): ScriptedAnswer => ({
  status,
  body: { error: { code: status, message, status: code, details } },
});

describe('addresses', () => {
  it.each([
    ['generate_content', '/v1/models/gemini-x:generateContent'],
    ['embeddings', '/v1/models/gemini-x:batchEmbedContents'],
    ['speech', '/v1/models/gemini-x:generateContent'],
  ])('%s goes to %s at a base that the operator set, with the key in its header', async (name, path) => {
    server.answer({ body: {} });
    await send(name);
    expect(server.seen[0]).toMatchObject({ path, headers: { 'x-goog-api-key': CREDENTIAL } });
  });
});

describe('errors', () => {
  it.each([
    [400, 'INVALID_ARGUMENT', 'Bad.', [], 'request_rejected'],
    [400, 'INVALID_ARGUMENT', 'No.', [{ reason: 'API_KEY_INVALID' }], 'authentication'],
    [400, 'INVALID_ARGUMENT', 'API key not valid. Please pass one.', [], 'authentication'],
    [403, 'PERMISSION_DENIED', 'No.', [], 'authentication'],
    [404, 'NOT_FOUND', 'No.', [], 'model_gone'],
    [400, 'FAILED_PRECONDITION', 'This model is no longer available.', [], 'model_gone'],
    [429, 'RESOURCE_EXHAUSTED', 'Slow down.', [{ retryDelay: '34s' }], 'rate_limited'],
    [429, 'RESOURCE_EXHAUSTED', 'Your prepayment credits are depleted.', [], 'billing'],
    [500, 'INTERNAL', 'Oh.', [], 'unavailable'],
    [503, 'UNAVAILABLE', 'Busy.', [], 'unavailable'],
    [504, 'DEADLINE_EXCEEDED', 'Late.', [], 'unavailable'],
  ])('reads %d %s "%s" as it is meant', async (status, code, message, details, kind) => {
    server.answer(failed(status, code, message, details));
    const error = await errorOf(send());
    expect(error.kind).toBe(kind);
    if (details.some((detail) => 'retryDelay' in detail)) expect(error.retryAfterMs).toBe(34_000);
  });

  it.each([
    [{ promptFeedback: { blockReason: 'SAFETY' } }, 'SAFETY', false],
    [{ candidates: [{ finishReason: 'IMAGE_SAFETY' }] }, 'IMAGE_SAFETY', false],
    [
      { candidates: [{ finishReason: 'RECITATION' }], usageMetadata: { candidatesTokenCount: 9 } },
      'RECITATION',
      true,
    ],
  ])('takes %j with status 200 for a refusal', async (body, code, billed) => {
    server.answer({ body });
    const error = await errorOf(send());
    expect([error.kind, error.billed]).toEqual(['refused', billed]);
    expect(error.message).toContain(code);
  });

  it('does not take an interaction that was answered with 500 for one that was not begun', async () => {
    server.answer(failed(500, 'INTERNAL'));
    const call = aProviderCall(google, `${server.url}/v1`);
    expect((await errorOf(interactions.submit(anOperationRequest(), call))).kind).toBe('ambiguous');
  });
});

describe('an interaction at the sandbox', () => {
  const request = (prompt: string, delivery: string) =>
    anOperationRequest({
      model: 'gemini-omni-1.2-flash',
      input: {
        input: prompt,
        response_format: { type: 'video', duration: '3s', resolution: '360p', delivery },
      },
    });
  const aCall = () => aProviderCall(google, `${sandbox.url}/google/v1`, { timeoutMs: 30_000 });

  async function finished(prompt: string, delivery = 'uri') {
    const handle = await interactions.submit(request(prompt, delivery), aCall());
    for (;;) {
      const check = await interactions.check(handle, aCall());
      if (check.status === 'succeeded') return check.reply;
    }
  }

  it('brings the bytes of a file that wants the key, and inline data as they are', async () => {
    const { bytes, mimeType } = await finished('a boat');
    expect(mimeType).toBe('video/mp4');
    expect(
      Buffer.from(bytes ?? [])
        .subarray(4, 8)
        .toString('latin1'),
    ).toBe('ftyp');
    const inline = await finished('a boat', 'inline');
    expect(inline.bytes).toBeUndefined();
    expect(inline.body).toMatchObject({ output_video: { data: expect.stringMatching(/^[\w+/=]{1000,}$/) } });
  });

  it('is cancelled, and tells a failure from a refusal', async () => {
    await sandbox.plan({ action: 'never_finish' });
    const handle = await interactions.submit(request('x', 'uri'), aCall());
    expect(await interactions.check(handle, aCall())).toEqual({ status: 'pending' });
    await interactions.cancel?.(handle, aCall());
    expect((await errorOf(interactions.check(handle, aCall()))).message).toContain('cancelled');
    await sandbox.plan({ action: 'fail_job' });
    expect((await errorOf(finished('y'))).kind).toBe('job_failed');
    await sandbox.plan({ action: 'refuse' });
    expect((await errorOf(finished('z'))).kind).toBe('refused');
  });
});
