import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createEverframeClient, type EverframeClient } from '../../client/everframe-client';
import { executionWorkflowId } from '../../workflows/contract';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';
import { until } from '../support/until';
import { reservePort } from '../support/reserve-port';

/** Live mode, with the sandbox in the place of fal. */
let test: TestSystem;
let live: EverframeClient;

beforeAll(async () => {
  const port = String(await reservePort());
  const fal = `http://127.0.0.1:${port}/fal`;
  test = await TestSystem.start({
    EVERFRAME_SANDBOX_PORT: port,
    FAL_BASE_URL: fal,
    FAL_RUN_BASE_URL: `${fal}/run`,
    FAL_KEY: 'key-of-ann',
    FAL_KEY_2: 'key-of-bob',
    EVERFRAME_FAL_KEY_REST_MS: '600000',
    EVERFRAME_FAL_SENDS_PER_SECOND: '2',
  });
  const { api } = test.system.urls;
  live = createEverframeClient({ baseUrl: api, apiKey: test.system.credentials.keys.live ?? '' });
});

afterEach(() => test.setFaults([]));
afterAll(() => test.stop());

const hashOf = (key: string) => createHash('sha256').update(key).digest('hex').slice(0, 12);
const graphOf = (prompt: string) =>
  aGraph(prompt).node('image', 'generate:flux_2_pro').edge('prompt', 'image').build();

async function keysOf(prompt: string): Promise<readonly (string | undefined)[]> {
  return (await test.accepted({ prompt })).map((entry) => entry.headers?.['keySha256']);
}

/** When Temporal gave the send to a worker: it is Temporal that keeps to the rate, whatever holds the worker up then. */
async function sendBeganAtMs(executionId: string): Promise<number> {
  const { events } = await test.temporal.workflow.getHandle(executionWorkflowId(executionId)).fetchHistory();
  const isSend = (id: string | null | undefined) => id?.endsWith('/submit') === true;
  const scheduled = events?.find((each) => isSend(each.activityTaskScheduledEventAttributes?.activityId));
  const began = events?.find(
    ({ activityTaskStartedEventAttributes: start }) =>
      start && String(start.scheduledEventId) === String(scheduled?.eventId),
  );
  const { seconds, nanos } = began?.eventTime ?? {};
  return Number(seconds) * 1_000 + Number(nanos) / 1e6;
}

describe('two keys of a live provider', () => {
  it('are used in turn', async () => {
    for (const prompt of ['first jay', 'second jay']) {
      const { executionId } = await live.execute(graphOf(prompt));
      expect(await live.wait(executionId)).toMatchObject({ status: 'COMPLETED' });
    }
    const used = [...(await keysOf('first jay')), ...(await keysOf('second jay'))];
    expect([...used].sort()).toEqual([hashOf('key-of-ann'), hashOf('key-of-bob')].sort());
  });

  it('keep to the fleet’s rate of sends', async () => {
    const prompts = Array.from({ length: 8 }, (_, nth) => `steady wren ${nth}.`);
    const started = await Promise.all(prompts.map((prompt) => live.execute(graphOf(prompt))));
    await Promise.all(started.map(({ executionId }) => live.wait(executionId)));
    const times = await Promise.all(started.map(({ executionId }) => sendBeganAtMs(executionId)));
    // Temporal lets a second's worth go at once; the rest follows by twos.
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThanOrEqual(2_000);
  });

  it('serve one for the other: a job goes on under the next key when its own is turned down', async () => {
    await test.setFaults([{ provider: 'fal', keySha256: hashOf('key-of-ann'), action: 'unauthorized' }]);
    for (const prompt of ['third jay', 'fourth jay']) {
      const { executionId } = await live.execute(graphOf(prompt));
      const view = await live.wait(executionId);
      expect(view.nodes['image']).toMatchObject({ status: 'COMPLETED', provider: 'fal', fallbackFrom: [] });
      expect(await keysOf(prompt)).toEqual([hashOf('key-of-bob')]);
    }
  });
});

describe('a key of the account’s own', () => {
  const SECRET = 'own-key-of-carl-4711';
  const used = async (prompt: string) => {
    const { executionId } = await live.execute(graphOf(prompt));
    expect(await live.wait(executionId)).toMatchObject({ status: 'COMPLETED' });
    return { executionId, keys: await keysOf(prompt) };
  };

  it('is used in place of the server’s until it is deleted, and stands nowhere else', async () => {
    const { providerKeyId } = await live.providerKeys.add({ provider: 'fal', key: SECRET });
    const own = [await used('fifth jay'), await used('sixth jay')];
    expect(own.flatMap(({ keys }) => keys)).toEqual([hashOf(SECRET), hashOf(SECRET)]);
    await live.providerKeys.delete(providerKeyId);
    const deletedAtMs = performance.now();
    // What is sent under it within these two seconds would wait for it.
    await until(() => performance.now() - deletedAtMs > 2_500);
    expect((await used('later wren')).keys).toEqual([hashOf('key-of-bob')]);
    const traces = await test.everythingAbout(own.map(({ executionId }) => executionId));
    expect(traces.split('fifth jay').length).toBeGreaterThan(3);
    expect(traces).not.toContain('key-of-carl');
  });
});
