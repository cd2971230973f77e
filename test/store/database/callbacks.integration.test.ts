import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callbackToken } from '../../../store/database/callback-token';
import { callbacks } from '../../../store/database/callbacks';
import type { Database } from '../../../store/database/database';
import { openTestStore } from '../../support/test-database';
import { anExecution } from './builders';

const secret = 'test-secret';

describe('callbacks', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openTestStore({ poolMax: 20 });
  });
  afterAll(() => database.close());

  const put = (token: string, body: string) =>
    callbacks.put(database, { token, headers: { 'x-signature': 's' }, body: Buffer.from(body) });

  it('find the job by the token alone and say whom to wake', async () => {
    const execution = await anExecution(database);
    const jobId = await execution.acceptedJob({ callbackSecret: secret, step: 'n2', nodeId: 'n2' });
    const token = callbackToken(secret, jobId);
    expect(await put(token, '{"status":"OK"}')).toEqual({
      jobId,
      executionId: execution.id,
      temporalRunId: 'run-1',
      step: 'n2',
      provider: 'fal',
      model: 'flux',
      state: 'ACCEPTED',
      isNew: true,
    });
    expect(await put(callbackToken('another-secret', jobId), 'x')).toBeUndefined();
    expect(await put('', 'x')).toBeUndefined();
  });

  it('keep each body of a job once, in order, until it is handled', async () => {
    const execution = await anExecution(database);
    const jobId = await execution.acceptedJob({ callbackSecret: secret });
    const token = callbackToken(secret, jobId);
    const results = await Promise.all(Array.from({ length: 10 }, () => put(token, 'same')));
    expect(results.filter((result) => result?.isNew)).toHaveLength(1);
    await put(token, 'second');
    const stored = await callbacks.unhandled(database, jobId);
    expect(stored.map(({ rawBody, headers }) => [Buffer.from(rawBody).toString(), headers])).toEqual([
      ['same', { 'x-signature': 's' }],
      ['second', { 'x-signature': 's' }],
    ]);
    expect(Math.abs((stored[0]?.receivedAtMs ?? 0) - Date.now())).toBeLessThan(60_000);
    await callbacks.markHandled(database, [stored[0]?.id ?? '']);
    expect((await callbacks.unhandled(database, jobId)).map(({ id }) => id)).toEqual([stored[1]?.id]);
    expect((await put(token, 'same'))?.isNew).toBe(false);
    expect(await callbacks.unhandled(database, jobId)).toHaveLength(1);
  });
});
