import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mainJob } from '../support/graph-builder';
import { KILLED_IN_A_SEND_MS, TestSystem } from '../support/test-system';

let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start({ EVERFRAME_SANDBOX_LATENCY_SCALE: '1' });
});

afterAll(() => test.stop());

describe('a worker killed with kill -9', () => {
  it(
    'during the upscale costs no second job: another worker goes on waiting for the first',
    async () => {
      const { executionId } = await test.client.execute(mainJob('killed-late comet'));
      await test.untilAccepted({ model: 'crystal-upscaler' });
      await test.kill('worker');
      const view = await test.client.wait(executionId);
      expect(view).toMatchObject({ status: 'COMPLETED', attempt: 1 });
      expect(await test.accepted({ prompt: 'killed-late comet' })).toHaveLength(1);
      expect(await test.accepted({ model: 'crystal-upscaler' })).toHaveLength(1);
    },
    KILLED_IN_A_SEND_MS,
  );

  it(
    'right after the start loses nothing',
    async () => {
      const { executionId } = await test.client.execute(mainJob('killed-early comet'));
      await test.kill('worker');
      const view = await test.client.wait(executionId);
      expect(view.status).toBe('COMPLETED');
      expect(await test.accepted({ prompt: 'killed-early comet' })).toHaveLength(1);
    },
    KILLED_IN_A_SEND_MS,
  );
});

describe('an API killed with kill -9', () => {
  it('leaves the run alone and answers the poll again after its restart', async () => {
    const { executionId } = await test.client.execute(mainJob('api comet'));
    await test.kill('api');
    await test.untilApiAnswers();
    const view = await test.client.wait(executionId);
    expect(view.status).toBe('COMPLETED');
    expect(await test.accepted({ prompt: 'api comet' })).toHaveLength(1);
  });
});
