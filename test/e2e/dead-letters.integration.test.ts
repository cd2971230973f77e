import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mainJob } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';
import { until } from '../support/until';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start();
});
afterEach(() => test.setFaults([]));
afterAll(() => test.stop());

describe('an outage of fal that takes the fallback with it', () => {
  it('leaves dead letters that a throttled redrive completes after a restart; what was paid before is not paid again', async () => {
    const began = new Date().toISOString();
    await test.setFaults([
      { model: 'clarityai/crystal-upscaler', action: 'fail_job' },
      { model: 'philz1337x/crystal-upscaler', action: 'fail_job' },
    ]);
    const prompts = ['outage otter', 'outage heron', 'outage lynx'];
    const started = await Promise.all(prompts.map((prompt) => test.client.execute(mainJob(prompt))));
    const failed = await Promise.all(started.map(({ executionId }) => test.client.wait(executionId)));
    expect(failed.map(({ status }) => status)).toEqual(['FAILED', 'FAILED', 'FAILED']);
    await test.setFaults([]);

    const { data: letters } = await test.client.listDeadLetters({ provider: 'fal' });
    expect(letters.map(({ nodeId }) => nodeId)).toEqual(['upscale', 'upscale', 'upscale']);
    expect(letters[0]?.failure.candidates?.map(({ provider, code }) => [provider, code])).toEqual([
      ['fal', 'provider_job_failed'],
      ['replicate', 'provider_job_failed'],
    ]);
    const letter = await test.client.getDeadLetter(letters[0]?.deadLetterId ?? '');
    expect(letter.inputs.inputs['image']).toMatchObject({ type: 'image', url: expect.any(String) });

    const outage = { provider: 'fal', code: 'provider_job_failed', from: began };
    const preview = await test.client.previewRedrives(outage);
    const { minCredits } = preview.executions[0]?.receipt?.quote ?? { minCredits: 0 };
    expect(minCredits).toBeGreaterThan(0);
    expect(preview).toMatchObject({ letters: 3, price: { minCredits: 3 * minCredits } });

    await test.client.redriveDeadLetters({ ...outage, throttle: { perMinute: 30 } });
    // The plan lies in the database: what is not due yet survives the API.
    await test.kill('api');
    await test.untilApiAnswers();
    for (const { executionId } of started)
      await until(async () => (await test.client.poll(executionId)).attempt === 2);
    const ended = await Promise.all(started.map(({ executionId }) => test.client.wait(executionId)));
    expect(ended.map(({ status, attempt }) => [status, attempt])).toEqual(
      prompts.map(() => ['COMPLETED', 2]),
    );
    for (const prompt of prompts) {
      expect(await test.accepted({ prompt, model: 'flux-2-pro' })).toHaveLength(1);
    }
    expect((await test.client.listDeadLetters()).data).toEqual([]);
    expect((await test.client.listDeadLetters({ state: 'resolved' })).data).toHaveLength(3);
  });
});
