import { describe, expect, it } from '@jest/globals';
import { proveCallbacks } from './callback-shuffle';

describe('callbacks in any order, at full size', () => {
  it('make one transition and one charge of a job, a thousand times', async () => {
    const tally = await proveCallbacks(1_000, Number(process.env['EVERFRAME_TEST_SEED'] ?? Date.now() % 1e9));
    for (const times of Object.values(tally)) expect(times).toBeGreaterThan(20);
  }, 3_600_000);
});
