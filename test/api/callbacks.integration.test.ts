import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TemporalExecutions } from '../../api/temporal-executions';
import { callbackToken } from '../../store/database/callback-token';
import { callbacks } from '../../store/database/callbacks';
import { writeAsRun } from './support/finished-work';
import { textToImage } from './support/graphs';
import { overrideTemporal } from './support/override-temporal';
import { startTestApi, type TestApi } from './support/test-api';

const callbackSecret = 'the worker signs callback tokens with it';
let api: TestApi;
let real: TemporalExecutions;
let completeAwait: TemporalExecutions['completeAwait'];
beforeAll(async () => {
  api = await startTestApi({
    temporal: (given) => {
      real = given;
      return overrideTemporal(given, { completeAwait: (...request) => completeAwait(...request) });
    },
  });
});
afterAll(() => api.close());

async function openJob(): Promise<{ executionId: string; jobId: string; path: string }> {
  const { body } = await api.call('POST', '/api/v1/workflows/inline/execute', { body: textToImage });
  const { job } = await writeAsRun(api.dependencies, body.executionId, (writer) =>
    writer.openJob({
      ...{ step: 'image', nodeId: 'image', nodeType: 'generate:flux_2_pro' },
      ...{
        provider: 'fal',
        model: 'fal-ai/flux-2-pro',
        requestHash: 'ab',
        request: {},
        priceCredits: 1,
        callbackSecret,
      },
    }),
  );
  const token = callbackToken(callbackSecret, job.id);
  return { executionId: body.executionId, jobId: job.id, path: `/api/v1/callbacks/${token}` };
}

describe('POST /callbacks/:token', () => {
  it('stores headers and the raw body once, and wakes the waiting activity by its id', async () => {
    const woken: [string, string][] = [];
    completeAwait = async (...given) => void woken.push(given);
    const { executionId, jobId, path } = await openJob();
    const body = '{"status":"OK",  "payload": {}}';
    const headers = { 'X-Fal-Webhook-Signature': 'abc', Authorization: 'secret' };
    for (let time = 0; time < 2; time += 1) {
      const answer = await api.call('POST', path, { key: '', body, headers });
      expect([answer.status, answer.body]).toEqual([200, { received: true }]);
    }
    expect(woken).toContainEqual([executionId, 'image/fal:fal-ai/flux-2-pro/await']);
    const stored = await callbacks.unhandled(api.dependencies.database, jobId);
    expect(stored).toHaveLength(1);
    expect(Buffer.from(stored[0]?.rawBody ?? []).toString()).toBe(body);
    expect(stored[0]?.headers).toMatchObject({ 'x-fal-webhook-signature': 'abc' });
    expect(stored[0]?.headers).not.toHaveProperty('authorization');
  });

  it('answers 200 when nobody waits, or Temporal is away: the body is kept', async () => {
    const { jobId, path } = await openJob();
    completeAwait = async () => {
      throw new Error('away');
    };
    expect((await api.call('POST', path, { key: '', body: '{}' })).status).toBe(200);
    expect(await callbacks.unhandled(api.dependencies.database, jobId)).toHaveLength(1);
  });

  it('does no harm in Temporal when no activity waits', async () => {
    const { path, executionId } = await openJob();
    let outcome = 'not called';
    completeAwait = (...request) => real.completeAwait(...request).then(() => void (outcome = 'ignored'));
    expect((await api.call('POST', path, { key: '', body: '{}' })).status).toBe(200);
    expect(outcome).toBe('ignored');
    expect(await real.describeLatest(executionId)).toMatchObject({ status: 'RUNNING' });
  });

  it('takes a body of any type and size up to 1 MB', async () => {
    completeAwait = async () => undefined;
    const { path } = await openJob();
    const headers = { 'Content-Type': 'text/plain' };
    expect((await api.call('POST', path, { key: '', body: 'x'.repeat(1_048_576), headers })).status).toBe(
      200,
    );
    expect((await api.call('POST', path, { key: '', body: 'x'.repeat(1_048_577), headers })).status).toBe(
      413,
    );
  });

  it('answers 404 to a token that is none of ours', async () => {
    const { status, body } = await api.call('POST', '/api/v1/callbacks/unknown', { key: '', body: '{}' });
    expect([status, body.code]).toEqual([404, 'callback_unknown']);
  });
});
