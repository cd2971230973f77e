import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { findFreePort } from '../../cli/embedded/ports';
import { createEverframeClient, type EverframeClient } from '../../client/everframe-client';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';

/** Live mode, with the sandbox in the place of fal. */
let test: TestSystem;
let live: EverframeClient;

beforeAll(async () => {
  const port = String(await findFreePort());
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
    const times = (await test.accepted({ prompt: 'steady wren' })).map((entry) =>
      Date.parse(entry.receivedAt),
    );
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
