import { describe, expect, it } from '@jest/globals';
import { proveCallbacks } from './callback-shuffle';

describe('callbacks in any order', () => {
  it('make one transition and one charge of a job, and no forged one is believed', async () => {
    const tally = await proveCallbacks(200, Number(process.env['EVERFRAME_TEST_SEED'] ?? Date.now() % 1e9));
    for (const times of Object.values(tally)) expect(times).toBeGreaterThan(2);
  }, 300_000);
});
